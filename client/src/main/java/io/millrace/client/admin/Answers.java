package io.millrace.client.admin;

import io.millrace.client.MillraceException;
import io.millrace.protocol.ErrorCode;
import org.jspecify.annotations.Nullable;

/** Reads the errors in answers. Pure. */
final class Answers {

  private Answers() {}

  /**
   * @throws MillraceException when the code is an error
   */
  static void require(short code, @Nullable String message, String operation) {
    MillraceException failure = failure(code, message, operation);
    if (failure != null) {
      throw failure;
    }
  }

  /** Null when the code is none of an error. */
  static @Nullable MillraceException failure(
      short code, @Nullable String message, String operation) {
    ErrorCode error = ErrorCode.forCode(code);
    return error == ErrorCode.NONE
        ? null
        : new MillraceException(
            error, operation + ": " + error + (message == null ? "" : ": " + message));
  }
}
