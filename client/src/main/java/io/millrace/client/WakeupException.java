package io.millrace.client;

import io.millrace.protocol.ErrorCode;

/**
 * {@link Consumer#wakeup()} ended a blocking call. Nothing is lost; the next call goes on where
 * this one stopped.
 */
public final class WakeupException extends MillraceException {

  private static final long serialVersionUID = 1;

  public WakeupException() {
    super(ErrorCode.NONE, "the consumer was woken up");
  }
}
