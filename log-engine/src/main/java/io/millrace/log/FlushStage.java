package io.millrace.log;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.concurrent.EventLoop;
import io.millrace.log.storage.LogStorage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Group flush of a directory. At most one pass is under way; what is written meanwhile gathers for
 * the next, so the slower the disk, the more each flush covers.
 *
 * <pre>
 *   append loop:  write A B | write A C        | publish A B, write ... | publish A C ...
 *   flush loop:              | flush A B       | flush A C              |
 * </pre>
 *
 * <p>After a failed flush there is never another: the kernel may have dropped the pages and report
 * success the next time.
 */
@ConfinedTo("the append loop, but for the pass itself")
final class FlushStage {

  private record Part(SegmentedLog log, FlushUnit unit) {}

  private final LogStorage storage;
  private final EventLoop appendLoop;
  private final EventLoop flushLoop;
  private final Consumer<IOException> failure;
  private final Set<SegmentedLog> dirty = new LinkedHashSet<>();
  private final List<Runnable> waitingForIdle = new ArrayList<>();
  private boolean running;
  private boolean failed;

  FlushStage(
      LogStorage storage,
      EventLoop appendLoop,
      EventLoop flushLoop,
      Consumer<IOException> failure) {
    this.storage = storage;
    this.appendLoop = appendLoop;
    this.flushLoop = flushLoop;
    this.failure = failure;
  }

  void add(SegmentedLog log) {
    dirty.add(log);
  }

  /** Begins a pass over all that gathered, unless one is under way: its end begins the next. */
  void start() {
    if (running || failed) {
      return;
    }
    List<Part> pass = new ArrayList<>(dirty.size());
    for (SegmentedLog log : dirty) {
      if (log.waitsForFlush() && !log.isDeleted()) {
        pass.add(new Part(log, log.takeUnit()));
      }
    }
    dirty.clear();
    if (pass.isEmpty()) {
      waitingForIdle.forEach(Runnable::run);
      waitingForIdle.clear();
      return;
    }
    running = true;
    flushLoop.execute(() -> flush(pass));
  }

  /** Runs a task once everything added until then was flushed; never after a failure. */
  void whenIdle(Runnable task) {
    waitingForIdle.add(task);
    start();
  }

  /** No pass begins any more. */
  void stop() {
    failed = true;
  }

  private void flush(List<Part> pass) {
    try {
      boolean rootChanged = false;
      for (Part part : pass) {
        flush(part);
        rootChanged |= part.unit().makesRootEntry();
      }
      if (rootChanged) {
        storage.syncDirectory("");
      }
      appendLoop.execute(() -> completed(pass));
    } catch (IOException e) {
      appendLoop.execute(
          () -> {
            stop();
            failure.accept(e);
          });
    }
  }

  private void flush(Part part) throws IOException {
    try {
      part.unit().run(storage);
    } catch (IOException e) {
      if (!part.log().isDeleted()) {
        throw e;
      }
    }
  }

  private void completed(List<Part> pass) {
    running = false;
    if (failed) {
      return;
    }
    try {
      for (Part part : pass) {
        part.log().flushed(part.unit());
      }
      start();
    } catch (IOException e) {
      stop();
      failure.accept(e);
    }
  }
}
