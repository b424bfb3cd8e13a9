package io.millrace.client.simulated;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.function.BooleanSupplier;

/**
 * A loop and its clock: tasks run when the test says so, and time passes only when nothing is left
 * to run now. The test's thread is the loop's while tasks run.
 */
public final class ManualLoop implements EventLoop, Clock {

  private record Waiting(long at, long order, Runnable task) {}

  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private final PriorityQueue<Waiting> timers =
      new PriorityQueue<>(Comparator.comparingLong(Waiting::at).thenComparing(Waiting::order));
  private long now = 1_000_000_000L;
  private long orders;
  private int running;

  @Override
  public String name() {
    return "manual";
  }

  @Override
  public boolean inEventLoop() {
    return running > 0;
  }

  @Override
  public void execute(Runnable task) {
    tasks.add(task);
  }

  @Override
  public boolean tryExecute(Runnable task) {
    tasks.add(task);
    return true;
  }

  @Override
  public Timer schedule(Runnable task, long delayNanos) {
    Waiting waiting = new Waiting(now + Math.max(0, delayNanos), orders++, task);
    timers.add(waiting);
    return () -> timers.remove(waiting);
  }

  /** Runs a task now, as the loop. */
  public void run(Runnable task) {
    running++;
    try {
      task.run();
    } finally {
      running--;
    }
  }

  /** Runs what can run without time passing. */
  public void runReady() {
    while (true) {
      Waiting due = timers.peek();
      if (!tasks.isEmpty()) {
        run(tasks.remove());
      } else if (due != null && due.at() <= now) {
        timers.remove();
        run(due.task());
      } else {
        return;
      }
    }
  }

  /** Lets so much time pass, and runs all that falls due in it. */
  public void advance(long nanos) {
    long end = now + nanos;
    runReady();
    for (Waiting next = timers.peek(); next != null && next.at() <= end; next = timers.peek()) {
      now = next.at();
      runReady();
    }
    now = end;
    runReady();
  }

  /**
   * Lets time pass, task by task, until the condition holds.
   *
   * @throws AssertionError when it does not within so many seconds of the loop's time
   */
  public void advanceUntil(BooleanSupplier condition, int seconds) {
    long end = now + seconds * 1_000_000_000L;
    runReady();
    while (!condition.getAsBoolean()) {
      Waiting next = timers.peek();
      if (next == null || next.at() > end) {
        throw new AssertionError("does not come true within " + seconds + " s of the loop's time");
      }
      now = next.at();
      runReady();
    }
  }

  /** Lets time pass, task by task, while the condition holds; no longer than so long. */
  public void advanceWhile(BooleanSupplier condition, long nanos) {
    long end = now + Math.max(0, nanos);
    runReady();
    while (condition.getAsBoolean() && now < end) {
      Waiting next = timers.peek();
      now = next == null ? end : Math.max(now, Math.min(next.at(), end));
      runReady();
    }
  }

  @Override
  public long monotonicNanos() {
    return now;
  }

  @Override
  public long wallMillis() {
    return now / 1_000_000;
  }
}
