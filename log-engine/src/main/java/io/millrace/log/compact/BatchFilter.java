package io.millrace.log.compact;

import io.millrace.protocol.record.BatchThinner;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.CorruptRecordsException;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordCursor;
import java.io.IOException;
import java.util.BitSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Decides batch by batch, in order, what a cleaning leaves.
 *
 * <ul>
 *   <li>A record stays when it is the newest of its key, or not below the end of the stretch that
 *       was read into the map. A record without a key goes.
 *   <li>A tombstone stays until the delete horizon of its batch. The horizon is set by the cleaning
 *       that removes all that is older of the key, hence never in an earlier one.
 *   <li>Control batches stay. Records of transactions are never the reason that others go, because
 *       they may have been aborted.
 *   <li>A batch that loses all its records stays as a header when it is the last of its segment, of
 *       its leader epoch, or one of the last five of its producer: so segments still end where the
 *       next begins, epochs end where they ended on other replicas, and a repeated request is still
 *       recognized. (Kafka keeps one per producer; of several in flight, the first could then be
 *       refused as out of order after a restart.)
 * </ul>
 *
 * <p>Confined to one cleaning. {@link #endOfSegment} ends each group of segments.
 */
final class BatchFilter {

  /** Takes what stays. */
  interface Output {
    void write(RecordBatch batch) throws IOException;
  }

  private final LatestOffsets latest;
  private final CompactionBounds bounds;
  private final Set<Long> rememberedBatches;
  private final Output output;
  private final BitSet kept = new BitSet();
  private @Nullable RecordBatch emptied; // the last batch, when nothing of it stayed so far
  private long nextHorizonMs = Long.MAX_VALUE;
  private long recordsRead;
  private long recordsKept;
  private long withoutKey;
  private boolean changed;

  /**
   * @param rememberedBatches last offsets of batches that a producer may send again
   */
  BatchFilter(
      LatestOffsets latest, CompactionBounds bounds, Set<Long> rememberedBatches, Output output) {
    this.latest = latest;
    this.bounds = bounds;
    this.rememberedBatches = rememberedBatches;
    this.output = output;
  }

  /** When the next tombstone that was kept may go. */
  long nextHorizonMs() {
    return nextHorizonMs;
  }

  long recordsRead() {
    return recordsRead;
  }

  long recordsKept() {
    return recordsKept;
  }

  long withoutKey() {
    return withoutKey;
  }

  /** Whether anything differs from what was read. */
  boolean isChanged() {
    return changed;
  }

  /**
   * Takes the next batch.
   *
   * @throws CorruptRecordsException when it is damaged: a new checksum must not make it look good
   */
  void take(RecordBatch batch) throws IOException {
    keepEndOfEpoch(batch);
    if (!batch.isCrcValid()) {
      throw new CorruptRecordsException("checksum is wrong, " + batch);
    }
    if (batch.isControl() || batch.baseOffset() >= bounds.mappedEnd()) {
      recordsRead += batch.recordCount();
      recordsKept += batch.recordCount();
      output.write(batch);
      return;
    }
    if (batch.recordCount() == 0) {
      emptied(batch, batch);
      return;
    }
    RecordCursor cursor = RecordCursor.over(batch, Compression.DEFAULT_MAX_DECOMPRESSED_BYTES);
    boolean tombstones = choose(batch, cursor);
    int count = kept.cardinality();
    recordsRead += batch.recordCount();
    recordsKept += count;
    boolean setHorizon = tombstones && mayGetHorizon(batch);
    if (tombstones && batch.hasDeleteHorizon()) {
      nextHorizonMs = Math.min(nextHorizonMs, batch.deleteHorizonMs());
    } else if (setHorizon) {
      nextHorizonMs = Math.min(nextHorizonMs, bounds.newHorizonMs());
    }
    if (count == 0) {
      changed = true;
      emptied(batch, BatchThinner.empty(batch));
    } else if (count == batch.recordCount() && !setHorizon) {
      output.write(batch);
    } else {
      changed = true;
      output.write(
          BatchThinner.thin(
              batch, cursor, kept, setHorizon ? bounds.newHorizonMs() : BatchThinner.SAME_HORIZON));
    }
  }

  /** Fills {@link #kept}; says whether a tombstone is among them. */
  private boolean choose(RecordBatch batch, RecordCursor cursor) {
    kept.clear();
    boolean tombstones = false;
    boolean expired = batch.hasDeleteHorizon() && batch.deleteHorizonMs() <= bounds.nowMs();
    while (cursor.next()) {
      if (!cursor.hasKey()) {
        withoutKey++;
      } else if (latest.get(cursor) <= cursor.offset() && (cursor.hasValue() || !expired)) {
        kept.set(cursor.index());
        tombstones |= !cursor.hasValue();
      }
    }
    return tombstones;
  }

  private boolean mayGetHorizon(RecordBatch batch) {
    return !batch.hasDeleteHorizon()
        && !batch.isTransactional()
        && batch.baseOffset() >= bounds.firstDirty();
  }

  private void emptied(RecordBatch batch, RecordBatch header) throws IOException {
    if (batch.hasProducerId() && rememberedBatches.contains(batch.lastOffset())) {
      output.write(header);
    } else {
      // Copied, because the batch's bytes are read over before it is known what follows.
      emptied = BatchThinner.empty(header);
    }
  }

  private void keepEndOfEpoch(RecordBatch next) throws IOException {
    RecordBatch before = emptied;
    emptied = null;
    if (before != null && before.partitionLeaderEpoch() != next.partitionLeaderEpoch()) {
      output.write(before);
    } else if (before != null) {
      changed = true;
    }
  }

  /** No batch follows in this output. */
  void endOfSegment() throws IOException {
    RecordBatch before = emptied;
    emptied = null;
    if (before != null) {
      output.write(before);
    }
  }
}
