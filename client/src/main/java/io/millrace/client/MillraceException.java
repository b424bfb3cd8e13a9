package io.millrace.client;

import io.millrace.protocol.ErrorCode;
import org.jspecify.annotations.Nullable;

/**
 * What a client reports when an operation did not succeed: the protocol's error code and a sentence
 * that names the operation, the resource and the values that disagreed. Futures fail with it
 * directly, never wrapped by this library. Immutable.
 */
public class MillraceException extends RuntimeException {

  private static final long serialVersionUID = 1;

  private final ErrorCode error;

  public MillraceException(ErrorCode error, String message) {
    this(error, message, null);
  }

  public MillraceException(ErrorCode error, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.error = error;
  }

  /**
   * The protocol's code; for trouble on our own side the nearest one, such as {@code
   * NETWORK_EXCEPTION}.
   */
  public ErrorCode error() {
    return error;
  }

  /** Whether the same call may succeed later without a change by the caller. */
  public boolean isRetriable() {
    return error.isRetriable();
  }
}
