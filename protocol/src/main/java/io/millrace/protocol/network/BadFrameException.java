package io.millrace.protocol.network;

import io.netty.handler.codec.DecoderException;
import java.io.Serial;

/**
 * The peer announced a frame that cannot be one, or that is over the limit. The stream is of no use
 * after it.
 */
public final class BadFrameException extends DecoderException {

  @Serial private static final long serialVersionUID = 1;

  public BadFrameException(String message) {
    super(message);
  }

  @Override
  public Throwable fillInStackTrace() {
    return this; // made by any port scanner, and the message says all
  }
}
