package io.millrace.concurrent;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An event loop without a thread, for explored programs: an actor of the program runs its tasks.
 * Timers are counted and never fire.
 */
public final class QueueLoop implements EventLoop {

  private final ConcurrentLinkedQueue<Runnable> tasks = new ConcurrentLinkedQueue<>();
  private final AtomicInteger timers = new AtomicInteger();
  private volatile boolean closed;

  /** Runs what waits; one thread at a time, which is the loop's for so long. */
  public void runAll() {
    for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
      task.run();
    }
  }

  /** Refuses tasks from now on; those it has can still be run. */
  public void close() {
    closed = true;
  }

  /** How many timers were set and not cancelled. */
  public int timers() {
    return timers.get();
  }

  @Override
  public String name() {
    return "queue";
  }

  @Override
  public boolean inEventLoop() {
    return false;
  }

  @Override
  public boolean owns(String operation) {
    return true; // the test says who runs what
  }

  @Override
  public void execute(Runnable task) {
    if (!tryExecute(task)) {
      throw new RejectedExecutionException("closed");
    }
  }

  @Override
  public boolean tryExecute(Runnable task) {
    return !closed && tasks.add(task);
  }

  @Override
  public Timer schedule(Runnable task, long delayNanos) {
    timers.incrementAndGet();
    return timers::decrementAndGet;
  }
}
