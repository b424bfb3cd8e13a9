package io.millrace.log;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.concurrent.EventLoop;
import io.millrace.log.storage.LogStorage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
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

  private static final long RETRY_NANOS = 1_000_000;

  private record Part(SegmentedLog log, FlushUnit unit) {}

  private final LogStorage storage;
  private final EventLoop appendLoop;
  private final List<EventLoop> flushLoops;
  private final Consumer<IOException> failure;
  private final Set<SegmentedLog> dirty = new LinkedHashSet<>();
  private final List<Runnable> waitingForIdle = new ArrayList<>();
  private boolean running;
  private volatile boolean passUnderWay;
  private volatile boolean stopped;

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
    if (running || stopped) {
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
    passUnderWay = true;
    deal(pass);
  }

  /** Runs a task once everything added until then was flushed; never after a failure. */
  void whenIdle(Runnable task) {
    waitingForIdle.add(task);
    start();
  }

  /** No pass begins any more. */
  void stop() {
    stopped = true;
  }

  /** Whether no flush loop is at work on a pass any more. Any thread. */
  boolean isQuiet() {
    return !passUnderWay;
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
      } catch (IOException e) {
        failed(first, e);
      } catch (RuntimeException | Error e) {
        // Whatever it is: a pass that never ends would leave every acknowledgement waiting.
        failed(first, new IOException("flush of " + storage.describe() + " failed: " + e, e));
        throw e;
      } finally {
        if (left.decrementAndGet() == 0) {
          end(first);
        }
      }
    }

    /** The last loop that ends: makes new logs' names durable, and reports. */
    private void end(int last) {
      IOException failure = null;
      if (!broken && parts.stream().anyMatch(part -> part.unit().makesRootEntry())) {
        try {
          storage.syncDirectory("");
        } catch (IOException e) {
          failure = e;
        } catch (RuntimeException e) {
          failure = new IOException("flush of " + storage.describe() + " failed: " + e, e);
        }
      }
      passUnderWay = false; // before the report, which may begin the next
      if (failure != null) {
        failed(last, failure);
      } else if (!broken) {
        report(flushLoops.get(last), () -> completed(parts));
      }
    }

    private void failed(int share, IOException cause) {
      broken = true;
      report(
          flushLoops.get(share),
          () -> {
            stop();
            failure.accept(cause);
          });
    }
  }

  /**
   * Hands the end of a pass to the append loop, a little later when that is full: nothing is
   * flushed any more until it was told.
   */
  private void report(EventLoop flushLoop, Runnable end) {
    try {
      appendLoop.execute(end);
    } catch (RejectedExecutionException full) {
      if (!stopped) {
        flushLoop.schedule(() -> report(flushLoop, end), RETRY_NANOS);
      }
    }
  }

  private void flush(Part part) throws IOException {
    try {
      part.unit().run(storage, part.log()::isDeleted);
    } catch (IOException e) {
      if (!part.log().isDeleted()) {
        throw e;
      }
    }
  }

  private void completed(List<Part> pass) {
    running = false;
    if (stopped) {
      return;
    }
    Throwable fromListener = null;
    for (Part part : pass) {
      try {
        part.log().flushed(part.unit());
      } catch (IOException e) {
        stop();
        failure.accept(e);
        return;
      } catch (RuntimeException | Error e) {
        fromListener = e; // the other logs of the pass, and the next pass, must not wait for it
      }
    }
    start();
    if (fromListener instanceof Error error) {
      throw error;
    } else if (fromListener instanceof RuntimeException exception) {
      throw exception;
    }
  }
}
