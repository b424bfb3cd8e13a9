package io.millrace.client.producer;

import io.millrace.client.MillraceException;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.network.Failures;
import io.millrace.concurrent.ConfinedTo;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.InitProducerIdRequest;
import io.millrace.protocol.message.InitProducerIdResponse;
import io.millrace.protocol.message.ResponseMessage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The producer id, asked for when the first batch needs it, and again when the one at hand is of no
 * more use.
 */
@ConfinedTo("the producer's loop")
final class ProducerIdentity {

  private static final Logger LOG = LoggerFactory.getLogger(ProducerIdentity.class);

  /** A producer id as the cluster handed it out, with the epoch to begin with. */
  record Identity(long producerId, short epoch) {}

  private final ClusterClient cluster;
  private final Runnable changed;
  private final Consumer<MillraceException> refused;
  private @Nullable Identity current;
  private boolean asking;
  private int failures;

  /**
   * @param changed runs when {@link #current} changes
   * @param refused is told when the cluster will not hand out ids to this client
   */
  ProducerIdentity(ClusterClient cluster, Runnable changed, Consumer<MillraceException> refused) {
    this.cluster = cluster;
    this.changed = changed;
    this.refused = refused;
  }

  /** The id, or null while it is being asked for; asking begins with the first call. */
  @Nullable Identity current() {
    if (current == null && !asking) {
      ask();
    }
    return current;
  }

  /** This id is of no more use; the next call of {@link #current} asks for another. */
  void discard(Identity useless) {
    if (useless.equals(current)) {
      LOG.info(
          "producer id given up producerId={} epoch={}", useless.producerId(), useless.epoch());
      current = null;
    }
  }

  private void ask() {
    asking = true;
    InitProducerIdRequest request =
        InitProducerIdRequest.builder().transactionalId(null).transactionTimeoutMs(0).build();
    cluster
        .askAny(request, cluster.config().requestTimeout().toNanos())
        .whenComplete(this::answered);
  }

  private void answered(@Nullable ResponseMessage answer, @Nullable Throwable failure) {
    if (cluster.isClosed()) {
      return;
    }
    MillraceException reason;
    if (answer instanceof InitProducerIdResponse response) {
      ErrorCode error = ErrorCode.forCode(response.errorCode());
      if (error == ErrorCode.NONE) {
        asking = false;
        failures = 0;
        current = new Identity(response.producerId(), response.producerEpoch());
        LOG.debug("producer id={} epoch={}", response.producerId(), response.producerEpoch());
        changed.run();
        return;
      }
      reason = new MillraceException(error, "no producer id: " + error);
    } else {
      reason = failure == null ? Failures.closed() : Failures.of(failure);
    }
    failures++;
    if (reason.isRetriable()) {
      LOG.debug("no producer id yet attempts={} reason={}", failures, reason.getMessage());
      cluster.loop().schedule(this::ask, cluster.backoffNanos(failures));
    } else {
      asking = false;
      refused.accept(reason);
    }
  }
}
