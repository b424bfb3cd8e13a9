package io.millrace.concurrent;

/**
 * Told of a task that threw. Runs on the loop, right after the failed task; the loop goes on with
 * its next task. What a failure means is the owner's decision: a partition goes offline, a node
 * stops.
 */
@FunctionalInterface
public interface LoopFailureHandler {

  void taskFailed(EventLoop loop, Throwable failure);
}
