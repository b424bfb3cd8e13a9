package io.millrace.log;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Compacts the logs of one directory: a worker on each cleaner loop looks for the dirtiest log,
 * cleans it, and looks again. The append loop is asked for what belongs to it and never waits.
 */
final class LogCleaner {

  private static final long RETRY_NANOS = 1_000_000;

  private final EventLoop appendLoop;
  private final List<CleanerWorker> workers = new ArrayList<>();
  final LogHost host;
  final CleanerBudget budget;
  final Clock clock;
  final long backoffNanos;
  final Supplier<Collection<SegmentedLog>> logs;
  private volatile boolean stopped;

  LogCleaner(
      List<EventLoop> cleanerLoops,
      EventLoop appendLoop,
      CleanerConfig config,
      CleanerBudget budget,
      Clock clock,
      LogHost host,
      Supplier<Collection<SegmentedLog>> logs) {
    this.appendLoop = appendLoop;
    this.budget = budget;
    this.clock = clock;
    this.host = host;
    this.logs = logs;
    this.backoffNanos = TimeUnit.MILLISECONDS.toNanos(config.backoffMs());
    for (EventLoop loop : cleanerLoops) {
      workers.add(new CleanerWorker(this, loop));
    }
  }

  void start() {
    workers.forEach(CleanerWorker::lookLater);
  }

  boolean isStopped() {
    return stopped;
  }

  /** No step begins any more. */
  void stop() {
    stopped = true;
  }

  /** Stops, and runs a task on the append loop once no cleaner loop is at work here. */
  void stopThen(Runnable task) {
    stop();
    AtomicInteger left = new AtomicInteger(workers.size());
    if (workers.isEmpty()) {
      task.run();
      return;
    }
    for (CleanerWorker worker : workers) {
      worker.onCleanerLoop(
          () -> {
            worker.letGo();
            if (left.decrementAndGet() == 0) {
              execute(worker.loop(), task);
            }
          });
    }
  }

  /** Hands a task to the append loop, a little later when that is full. */
  void onAppendLoop(EventLoop from, Runnable task) {
    execute(
        from,
        () -> {
          if (!stopped) {
            task.run();
          }
        });
  }

  private void execute(EventLoop from, Runnable task) {
    try {
      appendLoop.execute(task);
    } catch (RejectedExecutionException full) {
      from.schedule(() -> execute(from, task), RETRY_NANOS);
    }
  }

  void afterBackoff(Runnable task) {
    appendLoop.schedule(
        () -> {
          if (!stopped) {
            task.run();
          }
        },
        backoffNanos);
  }

  CleanerStats stats() {
    CleanerStats sum = CleanerStats.NONE;
    for (CleanerWorker worker : workers) {
      sum = sum.with(worker.stats());
    }
    int uncleanable = (int) logs.get().stream().filter(SegmentedLog::isUncleanable).count();
    return sum.with(new CleanerStats(0, 0, 0, 0, 0, -1, uncleanable));
  }
}
