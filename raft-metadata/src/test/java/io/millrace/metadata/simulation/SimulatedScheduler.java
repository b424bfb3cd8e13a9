package io.millrace.metadata.simulation;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Virtual time: runs the tasks of all its loops on the calling thread, in order of time; tasks of
 * the same time and different loops in an order of chance, tasks of one loop in the order they were
 * handed over.
 */
public final class SimulatedScheduler implements Clock {

  private static final long WALL_START = 1_700_000_000_000L;

  private final SplittableRandom random;
  private final PriorityQueue<Task> queue = new PriorityQueue<>();
  private long now = 1_000_000_000L;
  private long sequence;
  private @Nullable Loop running;

  public SimulatedScheduler(SplittableRandom random) {
    this.random = random.split();
  }

  @Override
  public long monotonicNanos() {
    return now;
  }

  @Override
  public long wallMillis() {
    return WALL_START + now / 1_000_000;
  }

  /** A loop of its own name; a node has several. */
  public EventLoop loop(String name) {
    return new Loop(name);
  }

  /** Runs everything that is due within the time. */
  public void runFor(long nanos) {
    long end = now + nanos;
    while (!queue.isEmpty() && queue.peek().time <= end) {
      runOne();
    }
    now = end;
  }

  /** Everything stands still for a time, as processes do that get no CPU. */
  public void freeze(long nanos) {
    now += nanos;
  }

  /**
   * Runs until the condition holds.
   *
   * @throws AssertionError when it does not hold within the time
   */
  public void runUntil(String what, BooleanSupplier condition, long withinNanos) {
    long end = now + withinNanos;
    while (!condition.getAsBoolean()) {
      if (queue.isEmpty() || queue.peek().time > end) {
        throw new AssertionError("not within " + withinNanos / 1_000_000 + " ms: " + what);
      }
      runOne();
    }
  }

  private void runOne() {
    Task task = queue.remove();
    now = Math.max(now, task.time);
    if (!task.cancelled) {
      running = task.loop;
      try {
        task.action.run();
      } finally {
        running = null;
      }
    }
  }

  private final class Loop implements EventLoop {
    private final String name;
    private long lastTime;

    Loop(String name) {
      this.name = name;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public boolean inEventLoop() {
      return running == this;
    }

    @Override
    public void execute(Runnable task) {
      // A hand-over takes up to 20 µs; never before an earlier one.
      lastTime = Math.max(lastTime, now + random.nextLong(20_000));
      queue.add(new Task(lastTime, sequence++, this, task));
    }

    @Override
    public boolean tryExecute(Runnable task) {
      execute(task);
      return true;
    }

    @Override
    public Timer schedule(Runnable task, long delayNanos) {
      Task timed = new Task(now + delayNanos, sequence++, this, task);
      queue.add(timed);
      return () -> timed.cancelled = true;
    }
  }

  private static final class Task implements Comparable<Task> {
    final long time;
    final long sequence;
    final Loop loop;
    final Runnable action;
    boolean cancelled;

    Task(long time, long sequence, Loop loop, Runnable action) {
      this.time = time;
      this.sequence = sequence;
      this.loop = loop;
      this.action = action;
    }

    @Override
    public int compareTo(Task other) {
      int byTime = Long.compare(time, other.time);
      return byTime != 0 ? byTime : Long.compare(sequence, other.sequence);
    }
  }
}
