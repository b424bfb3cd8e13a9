package io.millrace.server.coordinator;

import io.millrace.protocol.ErrorCode;

/** Why a coordinator gave no answer at all; expected, hence without a stack trace. */
public final class CoordinatorException extends RuntimeException {
  private final transient ErrorCode error;

  public CoordinatorException(ErrorCode error, String message) {
    super(message, null, false, false);
    this.error = error;
  }

  public ErrorCode error() {
    return error;
  }
}
