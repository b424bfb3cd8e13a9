package io.millrace.client.consumer;

import io.millrace.client.IsolationLevel;
import io.millrace.client.RecordReadException;
import io.millrace.client.TopicPartition;
import io.millrace.client.consumer.FetchEvent.Aborted;
import io.millrace.client.consumer.FetchEvent.Fetched;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.record.ControlRecords;
import io.millrace.protocol.record.CorruptRecordsException;
import io.millrace.protocol.record.Record;
import io.millrace.protocol.record.RecordBatch;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Walks the records of one answer: whole batches, decompressed when their turn comes, without the
 * system's own records and without those of aborted transactions. Confined to the reader.
 */
final class ChunkReader {

  private final Fetched chunk;
  private final IsolationLevel isolation;
  private final boolean checkCrcs;
  private final Iterator<RecordBatch> batches;
  private final Set<Long> abortedProducers = new HashSet<>();
  private int nextAborted;
  private @Nullable RecordBatch batch;
  private List<Record> records = List.of();
  private int at;
  private long position;
  private @Nullable RecordReadException broken;

  ChunkReader(Fetched chunk, long position, IsolationLevel isolation, boolean checkCrcs) {
    this.chunk = chunk;
    this.position = position;
    this.isolation = isolation;
    this.checkCrcs = checkCrcs;
    this.batches = chunk.records().batches().iterator();
  }

  Fetched chunk() {
    return chunk;
  }

  /** Where reading goes on: behind the last record taken, and behind records that nobody sees. */
  long position() {
    return position;
  }

  /** The batch of the record that {@link #peek} shows. */
  RecordBatch batch() {
    RecordBatch current = batch;
    if (current == null) {
      throw new IllegalStateException("no record is shown");
    }
    return current;
  }

  /**
   * The next record, which stays the next until {@link #take}; null at the end.
   *
   * @throws RecordReadException when the batch cannot be read; again with each call
   */
  @Nullable Record peek() {
    if (broken != null) {
      throw broken;
    }
    while (true) {
      while (at < records.size()) {
        Record record = records.get(at);
        if (record.offset() >= position) {
          return record;
        }
        at++;
      }
      if (batch != null) {
        position = Math.max(position, batch.nextOffset());
        batch = null;
        records = List.of();
        at = 0;
      }
      if (!openNextBatch()) {
        return null;
      }
    }
  }

  /** The record that {@link #peek} showed is handed over. */
  void take(Record record) {
    position = record.offset() + 1;
    at++;
  }

  private boolean openNextBatch() {
    TopicPartition partition = chunk.partition();
    try {
      if (!batches.hasNext()) {
        return false;
      }
      RecordBatch next = batches.next();
      batch = next;
      if (next.lastOffset() < position) {
        return true;
      }
      if (checkCrcs && !next.isCrcValid()) {
        throw new CorruptRecordsException(
            "the batch's checksum is "
                + Integer.toHexString(next.computeCrc())
                + ", it says "
                + Integer.toHexString(next.crc()));
      }
      records = isVisible(next) ? next.recordList() : List.of();
      return true;
    } catch (CorruptRecordsException corrupt) {
      broken =
          new RecordReadException(
              ErrorCode.CORRUPT_MESSAGE,
              partition,
              position,
              String.valueOf(corrupt.getMessage()),
              corrupt);
      throw broken;
    }
  }

  /** Follows the transactions in the order of the log; must see every batch. */
  private boolean isVisible(RecordBatch next) {
    if (isolation == IsolationLevel.READ_COMMITTED && next.hasProducerId()) {
      List<Aborted> aborted = chunk.aborted();
      while (nextAborted < aborted.size()
          && aborted.get(nextAborted).firstOffset() <= next.lastOffset()) {
        abortedProducers.add(aborted.get(nextAborted).producerId());
        nextAborted++;
      }
      if (next.isControl()) {
        if (ControlRecords.typeOf(next.recordList().get(0).key()) == ControlRecords.Type.ABORT) {
          abortedProducers.remove(next.producerId());
        }
        return false;
      }
      return !next.isTransactional() || !abortedProducers.contains(next.producerId());
    }
    return !next.isControl();
  }
}
