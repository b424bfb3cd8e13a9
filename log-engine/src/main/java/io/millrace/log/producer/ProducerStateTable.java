package io.millrace.log.producer;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.log.producer.ProducerEntry.Sent;
import io.millrace.protocol.ErrorCode;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * The idempotent and transactional producers that wrote to a log lately.
 *
 * <p>The rules are Kafka's: an unknown producer may begin with any sequence, since its past may
 * have been retained away; a new epoch begins at 0; within an epoch each batch follows the last
 * without gap; one of the last five batches sent again is answered with the offsets it got.
 */
@ConfinedTo("the append loop")
public final class ProducerStateTable {

  /** A transaction whose marker is in the log, perhaps not yet replicated. */
  private record Decided(long firstOffset, long markerOffset) {}

  private final Map<Long, ProducerEntry> entries = new HashMap<>();
  private final TreeSet<Long> openTransactions = new TreeSet<>();
  private final ArrayDeque<Decided> decided = new ArrayDeque<>();

  /** Checks a client's batch. Changes nothing. */
  public SequenceVerdict check(ProducerBatch batch) {
    ProducerEntry entry = entries.get(batch.producerId());
    if (entry == null) {
      // Anything but the first sequence may be the second of two pipelined batches whose first this
      // replica refused a moment
      // ago, before it led: taking it would put the first one out of order for good. A client whose
      // state has expired starts
      // again under a new epoch, at 0. (Kafka takes any sequence here.)
      return batch.control() || batch.baseSequence() <= 0
          ? SequenceVerdict.Next.APPEND
          : refuse(
              ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
              batch,
              "sequence " + batch.baseSequence() + " of a producer not known here, expected 0");
    }
    if (batch.producerEpoch() < entry.epoch) {
      return refuse(
          ErrorCode.INVALID_PRODUCER_EPOCH,
          batch,
          "epoch " + batch.producerEpoch() + " is older than current " + entry.epoch);
    }
    if (batch.control()) {
      return SequenceVerdict.Next.APPEND;
    }
    if (batch.producerEpoch() > entry.epoch) {
      return batch.baseSequence() == 0
          ? SequenceVerdict.Next.APPEND
          : refuse(
              ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
              batch,
              "new epoch "
                  + batch.producerEpoch()
                  + " begins at sequence "
                  + batch.baseSequence()
                  + ", expected 0");
    }
    Sent repeated = entry.find(batch.baseSequence(), batch.lastSequence());
    if (repeated != null) {
      return new SequenceVerdict.Repeated(repeated.baseOffset(), repeated.lastOffset());
    }
    int expected = (int) ((entry.lastSequence() + 1L) & Integer.MAX_VALUE);
    return batch.baseSequence() == expected
        ? SequenceVerdict.Next.APPEND
        : refuse(
            ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER,
            batch,
            "sequence " + batch.baseSequence() + " arrived, expected " + expected);
  }

  private static SequenceVerdict refuse(ErrorCode code, ProducerBatch batch, String what) {
    return new SequenceVerdict.Refused(code, what + ", producer=" + batch.producerId());
  }

  /** Notes a batch that was appended, by this leader or by an earlier one. */
  public void update(ProducerBatch batch, long nowMs) {
    ProducerEntry entry =
        entries.computeIfAbsent(
            batch.producerId(), id -> new ProducerEntry(id, batch.producerEpoch(), nowMs));
    entry.lastActiveMs = nowMs;
    entry.advanceEpoch(batch.producerEpoch());
    if (batch.control()) {
      decide(entry, batch.lastOffset());
      return;
    }
    if (batch.baseSequence() >= 0) {
      entry.remember(
          new Sent(
              batch.baseSequence(), batch.lastSequence(), batch.baseOffset(), batch.lastOffset()));
    }
    if (batch.transactional() && entry.transactionStart < 0) {
      entry.transactionStart = batch.baseOffset();
      openTransactions.add(batch.baseOffset());
    }
  }

  private void decide(ProducerEntry entry, long markerOffset) {
    if (entry.transactionStart >= 0) {
      openTransactions.remove(entry.transactionStart);
      decided.addLast(new Decided(entry.transactionStart, markerOffset));
      entry.transactionStart = -1;
    }
  }

  /**
   * The last stable offset at a high watermark: nothing of an undecided transaction lies below it.
   */
  public long lastStableOffset(long highWatermark) {
    decided.removeIf(transaction -> transaction.markerOffset() < highWatermark);
    long stable = highWatermark;
    for (Decided transaction : decided) {
      stable = Math.min(stable, transaction.firstOffset());
    }
    return openTransactions.isEmpty() ? stable : Math.min(stable, openTransactions.first());
  }

  /** Forgets producers that were idle for longer than allowed and have no transaction open. */
  public void expire(long nowMs, long expirationMs) {
    Iterator<ProducerEntry> each = entries.values().iterator();
    while (each.hasNext()) {
      ProducerEntry entry = each.next();
      if (entry.transactionStart < 0 && nowMs - entry.lastActiveMs > expirationMs) {
        each.remove();
      }
    }
  }

  public void clear() {
    entries.clear();
    openTransactions.clear();
    decided.clear();
  }

  /** Last offsets of the batches below an offset that would be recognized if sent again. */
  public Set<Long> rememberedBelow(long offset) {
    Set<Long> lastOffsets = new HashSet<>();
    for (ProducerEntry entry : entries.values()) {
      for (Sent sent : entry.batches) {
        if (sent.lastOffset() < offset) {
          lastOffsets.add(sent.lastOffset());
        }
      }
    }
    return lastOffsets;
  }

  public int size() {
    return entries.size();
  }

  /** The bytes of a snapshot file. */
  public byte[] encode() {
    return ProducerSnapshot.encode(entries.values());
  }

  /**
   * Replaces everything by what {@link #encode} wrote.
   *
   * @throws IllegalArgumentException when the bytes are damaged; the table is then empty
   */
  public void load(byte[] snapshot) {
    clear();
    for (ProducerEntry entry : ProducerSnapshot.decode(snapshot)) {
      entries.put(entry.producerId, entry);
      if (entry.transactionStart >= 0) {
        openTransactions.add(entry.transactionStart);
      }
    }
  }
}
