package io.millrace.log.simulated;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import java.util.ArrayDeque;
import java.util.PriorityQueue;
import java.util.concurrent.RejectedExecutionException;

/**
 * A loop that runs a task when the test says so, on the test's thread. The test counts as being on
 * the loop, so that it may call what belongs there.
 */
public final class ManualLoop implements EventLoop {

  private record Delayed(long atNanos, long order, Runnable task) implements Comparable<Delayed> {
    @Override
    public int compareTo(Delayed other) {
      int time = Long.compare(atNanos, other.atNanos);
      return time != 0 ? time : Long.compare(order, other.order);
    }
  }

  private final String name;
  private final Clock clock;
  private final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
  private final PriorityQueue<Delayed> delayed = new PriorityQueue<>();
  private long order;

  private int room = Integer.MAX_VALUE;

  /** While it is full, it refuses tasks; timers take no place. */
  public void full(boolean now) {
    room(now ? 0 : Integer.MAX_VALUE);
  }

  /** How many tasks may wait; more are refused. */
  public void room(int taskCount) {
    room = taskCount;
  }

  public ManualLoop(String name, Clock clock) {
    this.name = name;
    this.clock = clock;
  }

  /** Runs the oldest task; false when there is none. */
  public boolean runOne() {
    while (!delayed.isEmpty() && delayed.peek().atNanos() <= clock.monotonicNanos()) {
      tasks.add(delayed.remove().task());
    }
    Runnable task = tasks.poll();
    if (task == null) {
      return false;
    }
    task.run();
    return true;
  }

  /** Forgets everything, as a process does that dies. */
  public void clear() {
    tasks.clear();
    delayed.clear();
  }

  /** Runs loops in turn until none has anything to do now. */
  public static void runAll(ManualLoop... loops) {
    boolean any = true;
    while (any) {
      any = false;
      for (ManualLoop loop : loops) {
        any |= loop.runOne();
      }
    }
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public boolean inEventLoop() {
    return true;
  }

  @Override
  public void execute(Runnable task) {
    if (tasks.size() >= room) {
      throw new RejectedExecutionException("loop " + name + " is full");
    }
    tasks.add(task);
  }

  @Override
  public boolean tryExecute(Runnable task) {
    tasks.add(task);
    return true;
  }

  @Override
  public Timer schedule(Runnable task, long delayNanos) {
    Delayed entry = new Delayed(clock.monotonicNanos() + delayNanos, order++, task);
    delayed.add(entry);
    return () -> delayed.remove(entry);
  }
}
