package io.millrace.replication;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.protocol.ErrorCode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Produces that are appended and wait for an offset to be reached: the high watermark for {@code
 * acks=all}, the leader's durable end for {@code acks=1}. They were appended in order, so those
 * reached are a prefix; a retry of an earlier batch may stand behind later ones, and is then
 * answered with them.
 */
@ConfinedTo("the append loop of the partition's log")
final class PendingProduces {

  /**
   * @param requiredEnd answered when the end that is waited for is at least this
   */
  record Pending(
      long requiredEnd,
      long deadlineNanos,
      ProduceResult success,
      CompletableFuture<ProduceResult> done) {}

  private final ArrayDeque<Pending> queue = new ArrayDeque<>();

  void add(Pending pending) {
    queue.addLast(pending);
  }

  boolean isEmpty() {
    return queue.isEmpty();
  }

  int size() {
    return queue.size();
  }

  /** Answers those that the end has reached: with success, or with an error when one is given. */
  void reached(long end, ErrorCode error, String reason) {
    Pending head;
    while ((head = queue.peekFirst()) != null && head.requiredEnd() <= end) {
      queue.removeFirst();
      head.done()
          .complete(error == ErrorCode.NONE ? head.success() : ProduceResult.failed(error, reason));
    }
  }

  /** Answers everybody with an error. */
  void failAll(ErrorCode error, String reason) {
    List<Pending> all = new ArrayList<>(queue);
    queue.clear();
    for (Pending pending : all) {
      pending.done().complete(ProduceResult.failed(error, reason));
    }
  }

  /** Answers those whose time is over. Deadlines need not be in order. */
  void expire(long nowNanos, String waitedFor) {
    List<Pending> expired = new ArrayList<>();
    queue.removeIf(
        pending -> {
          boolean due = pending.deadlineNanos() - nowNanos <= 0;
          if (due) {
            expired.add(pending);
          }
          return due;
        });
    for (Pending pending : expired) {
      pending
          .done()
          .complete(
              ProduceResult.failed(
                  ErrorCode.REQUEST_TIMED_OUT,
                  waitedFor + " did not reach offset " + pending.requiredEnd() + " in time"));
    }
  }

  /** The time until the earliest deadline, at least 0; very long when nobody waits. */
  long nanosToFirstDeadline(long nowNanos) {
    long first = Long.MAX_VALUE / 2;
    for (Pending pending : queue) {
      first = Math.min(first, pending.deadlineNanos() - nowNanos);
    }
    return Math.max(0, first);
  }
}
