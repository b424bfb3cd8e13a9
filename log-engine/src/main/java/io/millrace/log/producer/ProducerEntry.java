package io.millrace.log.producer;

import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/** One producer's recent past in one log: its epoch and its last five batches. */
final class ProducerEntry {

  /**
   * As many requests as a Kafka producer may have in flight, so any of them can be recognized when
   * repeated.
   */
  static final int BATCHES_KEPT = 5;

  /** One remembered batch. */
  record Sent(int baseSequence, int lastSequence, long baseOffset, long lastOffset) {}

  final long producerId;
  final ArrayDeque<Sent> batches = new ArrayDeque<>(BATCHES_KEPT);
  short epoch;
  long lastActiveMs;
  long transactionStart = -1;

  ProducerEntry(long producerId, short epoch, long lastActiveMs) {
    this.producerId = producerId;
    this.epoch = epoch;
    this.lastActiveMs = lastActiveMs;
  }

  @Nullable Sent find(int baseSequence, int lastSequence) {
    for (Sent sent : batches) {
      if (sent.baseSequence() == baseSequence && sent.lastSequence() == lastSequence) {
        return sent;
      }
    }
    return null;
  }

  /** The sequence after which the next batch must come: -1 before the first of an epoch. */
  int lastSequence() {
    Sent last = batches.peekLast();
    return last == null ? -1 : last.lastSequence();
  }

  void advanceEpoch(short newEpoch) {
    if (newEpoch != epoch) {
      epoch = newEpoch;
      batches.clear();
    }
  }

  void remember(Sent sent) {
    if (batches.size() == BATCHES_KEPT) {
      batches.removeFirst();
    }
    batches.addLast(sent);
  }
}
