package io.millrace.client.network;

import io.millrace.protocol.message.RequestMessage;
import io.millrace.protocol.message.ResponseMessage;
import java.util.concurrent.CompletableFuture;

/**
 * A connection to one broker that is up, with versions agreed. Futures may complete on any thread.
 */
public interface BrokerLink {

  boolean isOpen();

  /**
   * Sends a request; after the timeout the future fails and the link is given up, for answers would
   * be out of step. A write with acks 0 completes with an empty answer when it is with the
   * operating system.
   */
  default CompletableFuture<ResponseMessage> send(RequestMessage request, long timeoutNanos) {
    return send(request, Short.MAX_VALUE, timeoutNanos);
  }

  /** The same, in the highest version that both sides speak, at most {@code maxVersion}. */
  CompletableFuture<ResponseMessage> send(
      RequestMessage request, short maxVersion, long timeoutNanos);

  void close();
}
