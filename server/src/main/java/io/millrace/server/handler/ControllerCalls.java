package io.millrace.server.handler;

import io.millrace.metadata.publish.MetadataClient;
import io.millrace.metadata.request.ControllerRequest;
import io.millrace.metadata.request.ControllerResponse;
import io.millrace.metadata.request.Result;
import io.millrace.protocol.ErrorCode;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;

/** Passes administrative requests on to the active controller. Any thread. */
final class ControllerCalls {
  private static final int SHORTEST_TIMEOUT_MS = 100;
  private static final int LONGEST_TIMEOUT_MS = 300_000;

  private final MetadataClient metadata;

  ControllerCalls(MetadataClient metadata) {
    this.metadata = metadata;
  }

  /**
   * Sends and maps the answer.
   *
   * @param onFailure what to answer when no controller did
   */
  <R extends ControllerResponse, T> CompletableFuture<T> send(
      ControllerRequest<R> request,
      int timeoutMs,
      Function<R, T> onAnswer,
      Function<Result, T> onFailure) {
    int bounded = Math.max(SHORTEST_TIMEOUT_MS, Math.min(timeoutMs, LONGEST_TIMEOUT_MS));
    return metadata
        .send(request, TimeUnit.MILLISECONDS.toNanos(bounded))
        .handle(
            (response, failure) ->
                failure == null ? onAnswer.apply(response) : onFailure.apply(explain(failure)));
  }

  private static Result explain(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return cause instanceof TimeoutException
        ? Result.of(ErrorCode.REQUEST_TIMED_OUT, "no active controller answered in time")
        : Result.of(ErrorCode.UNKNOWN_SERVER_ERROR, String.valueOf(cause.getMessage()));
  }
}
