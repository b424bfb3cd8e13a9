package io.millrace.client.cluster;

import io.millrace.client.MillraceException;
import io.millrace.client.network.Failures;
import io.millrace.concurrent.EventLoop;
import io.millrace.protocol.ErrorCode;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Repeats an operation while its failure is retriable and its time is not over; ends with the time,
 * whatever an attempt still waits for. Each attempt is started on the client's loop, and the result
 * completes there.
 *
 * @param <T> the result
 */
public final class Attempts<T> {

  private final ClusterClient cluster;
  private final String operation;
  private final Supplier<CompletableFuture<T>> attempt;
  private final long deadlineNanos;
  private final CompletableFuture<T> result = new CompletableFuture<>();
  private final long timeoutNanos;
  private int failures;
  private @Nullable MillraceException lastFailure;

  private Attempts(
      ClusterClient cluster,
      String operation,
      long timeoutNanos,
      Supplier<CompletableFuture<T>> attempt) {
    this.cluster = cluster;
    this.operation = operation;
    this.attempt = attempt;
    this.timeoutNanos = timeoutNanos;
    this.deadlineNanos = cluster.clock().monotonicNanos() + timeoutNanos;
  }

  /**
   * Starts. Any thread.
   *
   * @param operation for messages
   * @param attempt one try; on failure with a {@link MillraceException} that is retriable it is
   *     called again
   */
  public static <T> CompletableFuture<T> run(
      ClusterClient cluster,
      String operation,
      long timeoutNanos,
      Supplier<CompletableFuture<T>> attempt) {
    Attempts<T> attempts = new Attempts<>(cluster, operation, timeoutNanos, attempt);
    if (!cluster.runOnLoop(attempts::begin)) {
      attempts.result.completeExceptionally(Failures.closed());
    }
    return attempts.result;
  }

  private void begin() {
    cluster.failOnClose(result);
    long left = deadlineNanos - cluster.clock().monotonicNanos();
    EventLoop.Timer patience = cluster.loop().schedule(this::giveUp, Math.max(0, left));
    result.whenComplete((value, failure) -> patience.cancel());
    next();
  }

  private void next() {
    if (result.isDone()) {
      return; // the client was closed
    }
    CompletableFuture<T> under;
    try {
      under = attempt.get();
    } catch (RuntimeException broken) {
      under = CompletableFuture.failedFuture(broken);
    }
    under.whenComplete(this::ended);
  }

  private void ended(@Nullable T value, @Nullable Throwable failure) {
    if (failure == null) {
      result.complete(value);
      return;
    }
    MillraceException reason = Failures.of(failure);
    failures++;
    lastFailure = reason;
    long pause = cluster.backoffNanos(failures);
    if (!reason.isRetriable() || cluster.isClosed()) {
      result.completeExceptionally(reason);
    } else if (cluster.clock().monotonicNanos() + pause - deadlineNanos >= 0) {
      giveUp();
    } else {
      cluster.refresh();
      cluster.loop().schedule(this::next, pause);
    }
  }

  private void giveUp() {
    MillraceException reason = lastFailure;
    result.completeExceptionally(
        reason == null
            ? new MillraceException(
                ErrorCode.REQUEST_TIMED_OUT,
                operation + " was not answered within " + timeoutNanos / 1_000_000 + " ms")
            : new MillraceException(
                reason.error(),
                operation + " gave up after " + failures + " attempts: " + reason.getMessage(),
                reason));
  }
}
