package io.millrace.metadata.publish;

import io.millrace.metadata.request.Result;

/**
 * The controller does not take this broker, and will not when asked again. The message says what
 * stands in the way.
 */
public final class RegistrationRefusedException extends RuntimeException {

  private final transient Result result;

  RegistrationRefusedException(Result result) {
    super(result.error() + ": " + result.message());
    this.result = result;
  }

  public Result result() {
    return result;
  }
}
