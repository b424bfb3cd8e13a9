package io.millrace.client.producer;

import io.millrace.client.producer.ProducerIdentity.Identity;
import io.millrace.concurrent.ConfinedTo;
import io.millrace.protocol.record.RecordBatch;
import org.jspecify.annotations.Nullable;

/**
 * The numbers by which a broker recognises repeats and gaps of one partition: producer id, epoch,
 * next sequence. A batch keeps its numbers through all its attempts. When a numbered batch ends
 * without success the chain has a hole that no broker would accept; then it begins again at
 * sequence 0 under the next epoch, which also makes brokers refuse whatever of the old epoch is
 * still on its way.
 *
 * <p>Epochs may differ between partitions: brokers compare them per partition. Hence the next epoch
 * needs no question to a broker, until they are used up.
 */
@ConfinedTo("the producer's loop")
final class SequenceChain {

  private @Nullable Identity identity;
  private short epoch;
  private int next;

  /** Whether numbers can be given. */
  boolean hasIdentity() {
    return identity != null;
  }

  /** Begins at 0 with a producer id. */
  void begin(Identity fresh) {
    identity = fresh;
    epoch = fresh.epoch();
    next = 0;
  }

  /** Begins again at 0 under the next epoch; without one, waits for a new producer id. */
  void beginAgain() {
    Identity known = identity;
    if (known == null) {
      return;
    }
    if (epoch == Short.MAX_VALUE) {
      identity = null;
      return;
    }
    epoch++;
    next = 0;
  }

  /** Waits for a new producer id. */
  void forget() {
    identity = null;
  }

  /** The identity in use; null when a new one is needed. */
  @Nullable Identity identity() {
    return identity;
  }

  /** Numbers the batch, if it is not numbered yet. */
  void number(ProducerBatch batch) {
    Identity known = identity;
    if (known == null) {
      throw new IllegalStateException("no producer id for " + batch.partition());
    }
    if (!batch.isNumbered()) {
      batch.number(known.producerId(), epoch, next);
      next = RecordBatch.sequenceAfter(next, batch.recordCount());
    }
  }
}
