package io.millrace.server.network;

import io.millrace.protocol.message.ResponseMessage;
import org.jspecify.annotations.Nullable;

/**
 * The answer to a request. The network releases the message once it is encoded or dropped.
 *
 * @param message null when the protocol has no answer (acks=0)
 * @param closes whether the connection ends after it
 */
public record Reply(@Nullable ResponseMessage message, boolean closes) {

  /** No answer at all: the next request's answer follows the previous one's. */
  public static final Reply NONE = new Reply(null, false);

  /**
   * No answer, and the connection ends: how a failed produce with acks=0 is told, as Kafka does.
   */
  public static final Reply CLOSE = new Reply(null, true);

  public static Reply of(ResponseMessage message) {
    return new Reply(message, false);
  }

  void release() {
    if (message != null) {
      message.release();
    }
  }
}
