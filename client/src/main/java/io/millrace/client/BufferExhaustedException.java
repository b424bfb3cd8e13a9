package io.millrace.client;

import io.millrace.protocol.ErrorCode;

/**
 * The producer's {@code buffer.memory} is full: records arrive faster than brokers take them. The
 * record was not sent. Wait for {@link Producer#whenReady()} or slow down.
 */
public final class BufferExhaustedException extends MillraceException {

  private static final long serialVersionUID = 1;

  public BufferExhaustedException(String message) {
    super(ErrorCode.REQUEST_TIMED_OUT, message);
  }

  @Override
  public boolean isRetriable() {
    return true;
  }
}
