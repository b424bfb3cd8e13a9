package io.millrace.log;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.concurrent.EventLoop;
import io.millrace.log.storage.LogStorage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/**
 * Group flush of a directory. At most one pass is under way; what is written meanwhile gathers for
 * the next, so the slower the disk, the more each flush covers.
 *
 * <pre>
 *   append loop:  write A B | write A C        | publish A B, write ... | publish A C ...
 *   flush loops:             | flush A         | flush A                |
 *                            | flush B         | flush C                |
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
  private final List<EventLoop> flushLoops;
  private final Consumer<IOException> failure;
  private final Set<SegmentedLog> dirty = new LinkedHashSet<>();
  private final List<Runnable> waitingForIdle = new ArrayList<>();
  private boolean running;
  private boolean failed;

  FlushStage(
      LogStorage storage,
      EventLoop appendLoop,
      List<EventLoop> flushLoops,
      Consumer<IOException> failure) {
    this.storage = storage;
    this.appendLoop = appendLoop;
    this.flushLoops = flushLoops;
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
    deal(pass);
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

  /** Deals the parts of a pass out to the loops; the one that ends last reports. */
  private void deal(List<Part> pass) {
    int shares = Math.min(flushLoops.size(), pass.size());
    Pass shared = new Pass(pass, shares);
    for (int share = 0; share < shares; share++) {
      int first = share;
      flushLoops.get(share).execute(() -> shared.run(first));
    }
  }

  /** One pass. Any flush loop; only {@code left} and {@code broken} are shared. */
  private final class Pass {
    private final List<Part> parts;
    private final int shares;
    private final AtomicInteger left;
    private volatile boolean broken;

    Pass(List<Part> parts, int shares) {
      this.parts = parts;
      this.shares = shares;
      this.left = new AtomicInteger(shares);
    }

    void run(int first) {
      try {
        for (int i = first; i < parts.size(); i += shares) {
          flush(parts.get(i));
        }
        if (left.decrementAndGet() == 0 && !broken) {
          if (parts.stream().anyMatch(part -> part.unit().makesRootEntry())) {
            storage.syncDirectory("");
          }
          appendLoop.execute(() -> completed(parts));
        }
      } catch (IOException e) {
        broken = true;
        appendLoop.execute(
            () -> {
              stop();
              failure.accept(e);
            });
      }
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
