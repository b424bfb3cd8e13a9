package io.millrace.client.network;

import io.millrace.client.BrokerInfo;
import io.millrace.client.MillraceException;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.protocol.network.ConnectionException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** Names what went wrong below as a {@link MillraceException}. Pure. */
public final class Failures {

  private Failures() {}

  /** The client was closed. */
  public static MillraceException closed() {
    return new MillraceException(ErrorCode.NETWORK_EXCEPTION, "the client is closed");
  }

  /** What a future failed with, without the wrapping of {@link java.util.concurrent}. */
  public static MillraceException of(Throwable failure) {
    Throwable cause = unwrap(failure);
    return cause instanceof MillraceException known
        ? known
        : new MillraceException(
            ErrorCode.UNKNOWN_SERVER_ERROR, String.valueOf(cause.getMessage()), cause);
  }

  static MillraceException of(
      @Nullable Throwable failure, BrokerInfo broker, RequestMessage request) {
    if (failure == null) {
      return closed();
    }
    Throwable cause = unwrap(failure);
    if (cause instanceof MillraceException known) {
      return known;
    }
    ErrorCode error =
        cause instanceof ConnectionException connection
            ? codeOf(connection.kind())
            : ErrorCode.NETWORK_EXCEPTION;
    return new MillraceException(
        error, request.apiKey() + " to broker " + broker + " failed: " + describe(cause), cause);
  }

  /** Whether it is certain that the broker has not seen the request. */
  public static boolean nothingWasSent(MillraceException failure) {
    return failure.getCause() instanceof ConnectionException connection
        && connection.nothingWasSent();
  }

  private static ErrorCode codeOf(ConnectionException.Kind kind) {
    return switch (kind) {
      case NOT_CONNECTED, CLOSED, TOO_MANY_IN_FLIGHT -> ErrorCode.NETWORK_EXCEPTION;
      case TIMED_OUT -> ErrorCode.REQUEST_TIMED_OUT;
      case UNSUPPORTED_VERSION -> ErrorCode.UNSUPPORTED_VERSION;
      case MALFORMED_ANSWER -> ErrorCode.CORRUPT_MESSAGE;
    };
  }

  private static String describe(Throwable cause) {
    String message = cause.getMessage();
    return message == null ? cause.getClass().getSimpleName() : message;
  }

  private static Throwable unwrap(Throwable failure) {
    Throwable cause = failure;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }
}
