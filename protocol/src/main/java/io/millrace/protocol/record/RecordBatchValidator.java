package io.millrace.protocol.record;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.record.BatchValidation.Invalid;
import io.millrace.protocol.record.BatchValidation.Valid;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Checks batches before they are handed to a log, so that the append thread need not look into
 * them: bounds, format, checksum, counts, offsets, and every record's lengths. Never trusts a size
 * it has not seen the bytes of; a compressed batch is decompressed through a small window and no
 * further than the limit. The outcome is a value.
 *
 * <p>A batch whose maximum timestamp is not the maximum of its records' is corrected in place, as
 * Kafka's broker does: the time index is built from it.
 *
 * <p>One object checks one payload, on the network thread that owns it.
 */
public final class RecordBatchValidator {

  private final ByteBuffer buffer;
  private final int maxBatchBytes;
  private int batches;
  private long count;
  private long minTimestamp = Long.MAX_VALUE;
  private long maxTimestamp = RecordBatch.NO_TIMESTAMP;

  private RecordBatchValidator(MemoryRecords records, int maxBatchBytes) {
    this.buffer = records.nioBuffer();
    this.maxBatchBytes = maxBatchBytes;
  }

  /**
   * Checks what a client wants appended: one batch or more, each with offsets from 0 and none of
   * the system's own.
   */
  public static BatchValidation validateProduce(MemoryRecords records, ProduceLimits limits) {
    if (records.sizeInBytes() == 0) {
      return new Invalid(ErrorCode.INVALID_RECORD, "no record batch");
    }
    return new RecordBatchValidator(records, limits.maxBatchBytes()).produce(limits);
  }

  /**
   * Checks what a leader sent to a follower: whole batches with valid checksums and rising offsets.
   * What is in them the leader has checked. A last batch cut short is an error here; a fetcher cuts
   * it off first.
   */
  public static BatchValidation validateReplicated(MemoryRecords records) {
    return new RecordBatchValidator(records, Integer.MAX_VALUE).replicated();
  }

  private BatchValidation produce(ProduceLimits limits) {
    int position = 0;
    while (position < buffer.limit()) {
      Invalid problem = checkBounds(position);
      if (problem != null) {
        return problem;
      }
      RecordBatch batch = new RecordBatch(buffer, position);
      problem = checkHeader(batch, limits);
      if (problem == null) {
        problem = checkRecords(batch, limits);
      }
      if (problem != null) {
        return problem;
      }
      batches++;
      count += batch.recordCount();
      position += batch.sizeInBytes();
    }
    return valid();
  }

  private BatchValidation replicated() {
    int position = 0;
    long nextOffset = 0;
    while (position < buffer.limit()) {
      Invalid problem = checkBounds(position);
      if (problem != null) {
        return problem;
      }
      RecordBatch batch = new RecordBatch(buffer, position);
      if (!batch.isCrcValid()) {
        return wrongCrc(batch);
      }
      if (batch.baseOffset() < nextOffset
          || batch.lastOffsetDelta() < 0
          || batch.nextOffset() < 0) {
        return new Invalid(
            ErrorCode.CORRUPT_MESSAGE,
            "batch has offsets "
                + batch.baseOffset()
                + " to "
                + batch.lastOffset()
                + ", expected from "
                + nextOffset);
      }
      nextOffset = batch.nextOffset();
      batches++;
      count += batch.recordCount();
      minTimestamp = Math.min(minTimestamp, batch.baseTimestamp());
      maxTimestamp = Math.max(maxTimestamp, batch.maxTimestamp());
      position += batch.sizeInBytes();
    }
    return valid();
  }

  private Valid valid() {
    return new Valid(
        batches,
        (int) Math.min(Integer.MAX_VALUE, count),
        batches == 0 ? RecordBatch.NO_TIMESTAMP : minTimestamp,
        maxTimestamp);
  }

  /**
   * What must hold before a flyweight may stand there. The magic first: older formats have shorter
   * headers.
   */
  private @Nullable Invalid checkBounds(int position) {
    int available = buffer.limit() - position;
    if (available > RecordBatch.MAGIC_OFFSET) {
      byte magic = buffer.get(position + RecordBatch.MAGIC_OFFSET);
      if (magic != RecordBatch.MAGIC) {
        return new Invalid(
            ErrorCode.INVALID_RECORD,
            "batch has magic " + magic + ", expected " + RecordBatch.MAGIC);
      }
    }
    if (available < RecordBatch.HEADER_SIZE) {
      return new Invalid(
          ErrorCode.CORRUPT_MESSAGE,
          "batch header needs " + RecordBatch.HEADER_SIZE + " bytes, " + available + " left");
    }
    int length = buffer.getInt(position + RecordBatch.LENGTH);
    if (length < RecordBatch.HEADER_SIZE - RecordBatch.LOG_OVERHEAD
        || length > available - RecordBatch.LOG_OVERHEAD) {
      return new Invalid(
          ErrorCode.CORRUPT_MESSAGE,
          "batch claims " + length + " bytes, " + (available - RecordBatch.LOG_OVERHEAD) + " left");
    }
    if (length > maxBatchBytes - RecordBatch.LOG_OVERHEAD) {
      return new Invalid(
          ErrorCode.MESSAGE_TOO_LARGE,
          "batch of "
              + ((long) length + RecordBatch.LOG_OVERHEAD)
              + " bytes is over the limit of "
              + maxBatchBytes);
    }
    return null;
  }

  private static @Nullable Invalid checkHeader(RecordBatch batch, ProduceLimits limits) {
    if (!batch.isCrcValid()) {
      return wrongCrc(batch);
    }
    if (batch.isControl()) {
      return invalid("clients may not write control batches");
    }
    if (batch.timestampType() == TimestampType.LOG_APPEND_TIME) {
      return new Invalid(
          ErrorCode.INVALID_TIMESTAMP, "producers may not set the timestamp type to LogAppendTime");
    }
    if (batch.baseOffset() != 0) {
      return invalid("batch has base offset " + batch.baseOffset() + ", expected 0");
    }
    if (batch.recordCount() <= 0) {
      return invalid("batch claims " + batch.recordCount() + " records");
    }
    if (batch.lastOffsetDelta() != batch.recordCount() - 1) {
      return invalid(
          "batch has last offset delta "
              + batch.lastOffsetDelta()
              + " and "
              + batch.recordCount()
              + " records");
    }
    if (batch.hasProducerId() && (batch.baseSequence() < 0 || batch.producerEpoch() < 0)) {
      return invalid(
          "producer "
              + batch.producerId()
              + " sent sequence "
              + batch.baseSequence()
              + " of epoch "
              + batch.producerEpoch());
    }
    if (batch.isTransactional() && !batch.hasProducerId()) {
      return invalid("transactional batch has no producer id");
    }
    Compression compression = Compression.forId(batch.attributes() & RecordBatch.CODEC_MASK);
    if (compression == null || (compression == Compression.ZSTD && !limits.zstdAllowed())) {
      return new Invalid(
          ErrorCode.UNSUPPORTED_COMPRESSION_TYPE,
          "compression codec "
              + (batch.attributes() & RecordBatch.CODEC_MASK)
              + " is not allowed here");
    }
    return null;
  }

  private @Nullable Invalid checkRecords(RecordBatch batch, ProduceLimits limits) {
    Compression compression = batch.compression();
    ByteBuffer payload = batch.payload();
    if (compression == Compression.NONE) {
      return walk(batch, RecordWalker.inPlace(payload), payload.limit(), limits);
    }
    try (InputStream source = compression.decompressing(payload)) {
      return walk(batch, RecordWalker.streaming(source), limits.maxDecompressedBytes(), limits);
    } catch (IOException | RuntimeException e) { // codecs answer bad bytes with either
      return invalid(
          compression.configValue() + " batch cannot be decompressed: " + e.getMessage());
    }
  }

  private @Nullable Invalid walk(
      RecordBatch batch, RecordWalker walker, long maxBytes, ProduceLimits limits) {
    if (limits.keysRequired()) {
      walker.requireKeys();
    }
    try {
      walker.walk(batch.recordCount(), maxBytes);
    } catch (RecordWalker.BadRecord e) {
      return invalid(String.valueOf(e.getMessage()));
    } catch (IOException e) {
      return invalid(
          batch.compression().configValue() + " batch cannot be decompressed: " + e.getMessage());
    }
    if (!walker.recordsWithoutKey().isEmpty()) {
      return new Invalid(
          ErrorCode.INVALID_RECORD,
          "a compacted topic takes no record without a key",
          walker.recordsWithoutKey());
    }
    long base = batch.baseTimestamp();
    long max = Math.max(RecordBatch.NO_TIMESTAMP, base + walker.maxTimestampDelta());
    if (max != batch.maxTimestamp()) {
      batch.setMaxTimestamp(max);
    }
    maxTimestamp = Math.max(maxTimestamp, max);
    minTimestamp =
        Math.min(
            minTimestamp, Math.max(RecordBatch.NO_TIMESTAMP, base + walker.minTimestampDelta()));
    return null;
  }

  private static Invalid wrongCrc(RecordBatch batch) {
    return new Invalid(
        ErrorCode.CORRUPT_MESSAGE,
        "batch carries checksum 0x"
            + Integer.toHexString(batch.crc())
            + " and has 0x"
            + Integer.toHexString(batch.computeCrc())
            + ", baseOffset="
            + batch.baseOffset());
  }

  private static Invalid invalid(String reason) {
    return new Invalid(ErrorCode.INVALID_RECORD, reason);
  }
}
