package io.millrace.concurrent;

import java.util.concurrent.Executor;

/**
 * One thread that runs tasks one after another, in the order in which each caller handed them over.
 * An object that only one loop touches needs no locks. In production {@link ThreadEventLoop}; in
 * the simulation a queue under the seeded scheduler.
 *
 * <p>All methods may be called from any thread. A task that throws does not end the loop: the
 * throwable goes to the loop's failure handler.
 */
public interface EventLoop extends Executor {

  /** The loop's name, as it appears in thread dumps and logs. */
  String name();

  /** Whether the caller runs on this loop. */
  boolean inEventLoop();

  /**
   * Hands over a task that must not be dropped: an event whose number is bounded elsewhere (a
   * completed flush, an answer to a request in flight). Runs later, also when called on the loop
   * itself.
   *
   * @throws java.util.concurrent.RejectedExecutionException when the loop is closed, or its queue
   *     is wholly full
   */
  @Override
  void execute(Runnable task);

  /**
   * Hands over a task that the caller can refuse to its own client, such as a produce request.
   * Refuses earlier than {@link #execute} does, so that events always find room.
   *
   * @return false when the loop is overloaded or closed; the task will not run
   */
  boolean tryExecute(Runnable task);

  /**
   * Runs a task on the loop after a delay.
   *
   * @param delayNanos 0 or more
   */
  Timer schedule(Runnable task, long delayNanos);

  /**
   * A task that waits for its time. Cancelling twice, or after it ran, does nothing. Any thread.
   */
  interface Timer {
    void cancel();
  }

  /**
   * States an object's owner where it is touched: {@code assert loop.owns("append");}.
   *
   * @throws AssertionError naming both threads, when the caller is not on the loop
   */
  default boolean owns(String operation) {
    if (!inEventLoop()) {
      throw new AssertionError(
          operation
              + " belongs to loop "
              + name()
              + " but was called from "
              + Thread.currentThread().getName());
    }
    return true;
  }
}
