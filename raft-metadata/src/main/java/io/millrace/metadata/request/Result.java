package io.millrace.metadata.request;

import io.millrace.protocol.ErrorCode;
import org.jspecify.annotations.Nullable;

/**
 * How one thing went.
 *
 * @param error {@link ErrorCode#NONE} when it went well
 * @param message what was wrong, with both values, or null
 */
public record Result(ErrorCode error, @Nullable String message) implements ControllerResponse {

  public static final Result OK = new Result(ErrorCode.NONE, null);

  public static Result of(ErrorCode error, String message) {
    return new Result(error, message);
  }

  public boolean isOk() {
    return error == ErrorCode.NONE;
  }
}
