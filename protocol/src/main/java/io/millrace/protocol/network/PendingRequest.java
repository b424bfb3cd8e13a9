package io.millrace.protocol.network;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.message.ResponseMessage;
import io.netty.util.concurrent.ScheduledFuture;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One request that waits for its answer. Confined to the channel's loop, but for the future. */
final class PendingRequest {

  final ApiKey key;
  final short version;
  final int correlationId;
  final boolean expectsAnswer;
  final CompletableFuture<ResponseMessage> future = new CompletableFuture<>();
  private @Nullable ScheduledFuture<?> timeout;

  PendingRequest(ApiKey key, short version, int correlationId, boolean expectsAnswer) {
    this.key = key;
    this.version = version;
    this.correlationId = correlationId;
    this.expectsAnswer = expectsAnswer;
  }

  void timeout(ScheduledFuture<?> scheduled) {
    this.timeout = scheduled;
  }

  void cancelTimeout() {
    if (timeout != null) {
      timeout.cancel(false);
      timeout = null;
    }
  }

  /** Hands the answer over, or gives its records back when nobody wants it any more. */
  void complete(ResponseMessage response) {
    if (!future.complete(response)) {
      response.release();
    }
  }

  @Override
  public String toString() {
    return key.apiName() + " v" + version + " correlationId=" + correlationId;
  }
}
