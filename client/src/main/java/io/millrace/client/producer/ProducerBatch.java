package io.millrace.client.producer;

import io.millrace.client.MillraceException;
import io.millrace.client.RecordHeader;
import io.millrace.client.RecordMetadata;
import io.millrace.client.TopicPartition;
import io.millrace.concurrent.ConfinedTo;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.Header;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.Record;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatchBuilder;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Records of one partition that travel together.
 *
 * <pre>
 *   OPEN --seal--> SEALED --number--> SEALED, numbered --succeed / fail--> ended
 * </pre>
 *
 * <p>OPEN takes records. SEALED has its bytes and never changes its records. A numbered batch keeps
 * its sequence for every attempt, until {@link #loseNumber} when its chain begins again.
 */
@ConfinedTo("the producer's loop")
final class ProducerBatch {

  private final TopicPartition partition;
  private final List<PendingRecord> records = new ArrayList<>();
  private final CompletableFuture<Void> done = new CompletableFuture<>();
  private final long createdNanos;
  private final int sizeLimit;
  private final Compression compression;
  private @Nullable RecordBatchBuilder builder;
  private @Nullable MemoryRecords bytes;
  private boolean numbered;
  private boolean mayBeWritten;
  private boolean ended;
  private long producerId = RecordBatch.NO_PRODUCER_ID;
  private short producerEpoch = RecordBatch.NO_PRODUCER_EPOCH;
  private int baseSequence = RecordBatch.NO_SEQUENCE;
  private int attempts;
  private long notBeforeNanos;

  ProducerBatch(
      TopicPartition partition,
      Compression compression,
      double estimatedRatio,
      int sizeLimit,
      long createdNanos) {
    this.partition = partition;
    this.compression = compression;
    this.sizeLimit = sizeLimit;
    this.createdNanos = createdNanos;
    this.notBeforeNanos = createdNanos;
    this.builder =
        new RecordBatchBuilder(
            compression, Compression.DEFAULT_LEVEL, Math.max(1, sizeLimit), estimatedRatio);
  }

  /**
   * Takes the record if there is room; an empty batch has room for any. hot: every record passes
   * here.
   */
  boolean tryAppend(PendingRecord record) {
    RecordBatchBuilder open = builder;
    byte[] key = record.key;
    byte[] value = record.value;
    boolean taken =
        open != null
            && open.tryAppend(
                record.timestamp,
                key == null ? null : ByteBuffer.wrap(key),
                value == null ? null : ByteBuffer.wrap(value),
                wireHeaders(record.headers));
    if (taken) {
      record.letGoOfBytes();
      records.add(record);
    }
    return taken;
  }

  private static List<Header> wireHeaders(List<RecordHeader> headers) {
    if (headers.isEmpty()) {
      return List.of();
    }
    List<Header> wire = new ArrayList<>(headers.size());
    for (RecordHeader header : headers) {
      byte[] value = header.value();
      wire.add(new Header(header.key(), value == null ? null : ByteBuffer.wrap(value)));
    }
    return wire;
  }

  /** Whether another record would be refused. */
  boolean isFull() {
    RecordBatchBuilder open = builder;
    return open == null || open.isFull();
  }

  /**
   * Closes the batch and makes its bytes.
   *
   * @return compressed size by uncompressed size; 0 when it was sealed before
   */
  double seal() {
    RecordBatchBuilder open = builder;
    if (open == null) {
      return 0;
    }
    builder = null;
    int before = open.uncompressedSize();
    MemoryRecords built = open.build();
    bytes = built;
    return (double) built.sizeInBytes() / before;
  }

  /** The bytes to send; sealed batches only. */
  MemoryRecords bytes() {
    MemoryRecords built = bytes;
    if (built == null) {
      throw new IllegalStateException("batch of " + partition + " is not sealed");
    }
    return built;
  }

  void number(long producerId, short epoch, int sequence) {
    if (attempts > 0) {
      // An earlier attempt's frame may still be held by a connection that is going down; it must
      // not change under it.
      bytes = MemoryRecords.copyOf(bytes().nioBuffer());
    }
    new RecordBatch(bytes().nioBuffer(), 0).setProducerState(producerId, epoch, sequence);
    this.producerId = producerId;
    producerEpoch = epoch;
    baseSequence = sequence;
    numbered = true;
  }

  /** Its chain begins again: the next attempt numbers it anew. */
  void loseNumber() {
    numbered = false;
    mayBeWritten = false;
    baseSequence = RecordBatch.NO_SEQUENCE;
  }

  boolean isNumbered() {
    return numbered;
  }

  int baseSequence() {
    return baseSequence;
  }

  TopicPartition partition() {
    return partition;
  }

  int recordCount() {
    return records.size();
  }

  long createdNanos() {
    return createdNanos;
  }

  int attempts() {
    return attempts;
  }

  void countAttempt() {
    attempts++;
  }

  long notBeforeNanos() {
    return notBeforeNanos;
  }

  void retryAt(long nanos) {
    notBeforeNanos = nanos;
  }

  /** Whether an attempt ended without our knowing what the broker did. */
  boolean mayBeWritten() {
    return mayBeWritten;
  }

  void noteUnknownOutcome() {
    mayBeWritten = true;
  }

  /** Whether its records were told their end. */
  boolean hasEnded() {
    return ended;
  }

  /** Completes when {@link #hasEnded}; never exceptionally. */
  CompletableFuture<Void> done() {
    return done;
  }

  /**
   * Tells the records where they are.
   *
   * @param baseOffset -1 when unknown
   * @param appendTime -1 when records keep their own timestamps
   */
  void succeed(long baseOffset, long appendTime, MemoryBudget budget) {
    if (ended) {
      return;
    }
    ended = true;
    for (int i = 0; i < records.size(); i++) {
      PendingRecord record = records.get(i);
      long offset = baseOffset < 0 ? -1 : baseOffset + i;
      long timestamp = appendTime >= 0 ? appendTime : record.timestamp;
      budget.release(record.reservedBytes);
      Ends.succeed(
          record, new RecordMetadata(record.topic, partition.partition(), offset, timestamp));
    }
    done.complete(null);
  }

  void fail(MillraceException failure, MemoryBudget budget) {
    if (ended) {
      return;
    }
    ended = true;
    for (PendingRecord record : records) {
      budget.release(record.reservedBytes);
      Ends.fail(record, failure);
    }
    done.complete(null);
  }

  /**
   * Two or more batches with the same records in the same order, for a broker that finds this one
   * too large. Their sequences together are this one's, so the chain has no hole. Ends this batch;
   * its {@link #done} follows theirs.
   */
  List<ProducerBatch> split() {
    int limit = Math.max(1, Math.min(sizeLimit, bytes().sizeInBytes()) / 2);
    List<ProducerBatch> parts = new ArrayList<>();
    List<Record> content = new RecordBatch(bytes().nioBuffer(), 0).recordList();
    ProducerBatch part = null;
    for (int i = 0; i < content.size(); i++) {
      Record record = content.get(i);
      boolean isPastHalf = part != null && parts.size() == 1 && i >= (content.size() + 1) / 2;
      if (part == null || isPastHalf || !part.take(record, records.get(i))) {
        part = new ProducerBatch(partition, compression, 1.0, limit, createdNanos);
        parts.add(part);
        part.take(record, records.get(i));
      }
    }
    int sequence = baseSequence;
    for (ProducerBatch each : parts) {
      each.seal();
      if (numbered) {
        each.number(producerId, producerEpoch, sequence);
        sequence = RecordBatch.sequenceAfter(sequence, each.recordCount());
      }
      each.attempts = attempts; // they go again in this one's place
    }
    ended = true;
    CompletableFuture<?>[] ends =
        parts.stream().map(ProducerBatch::done).toArray(CompletableFuture<?>[]::new);
    CompletableFuture.allOf(ends).thenRun(() -> done.complete(null));
    return parts;
  }

  private boolean take(Record record, PendingRecord origin) {
    RecordBatchBuilder open = builder;
    if (open == null
        || !open.tryAppend(record.timestamp(), record.key(), record.value(), record.headers())) {
      return false;
    }
    records.add(origin);
    return true;
  }

  @Override
  public String toString() {
    return "ProducerBatch("
        + partition
        + " records="
        + records.size()
        + " sequence="
        + baseSequence
        + " attempts="
        + attempts
        + ")";
  }
}
