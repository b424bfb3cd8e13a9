package io.millrace.protocol.record;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.BitSet;

/**
 * Makes a batch with fewer records out of another, as compaction does. Offsets, producer, sequence,
 * leader epoch, codec and the last offset delta stay as they were: the new batch covers the same
 * offsets, with gaps. Records are copied byte by byte.
 *
 * <p>A batch with tombstones carries in its base timestamp when they may go (KIP-534); timestamps
 * of records are relative to the base, so they are written anew when it is set.
 */
public final class BatchThinner {

  private BatchThinner() {}

  /** A delete horizon for a batch that needs none, or keeps the one it has. */
  public static final long SAME_HORIZON = Long.MIN_VALUE;

  /**
   * The batch with those records only that are kept.
   *
   * @param cursor over the batch; moved
   * @param kept by index of the record, at least one
   * @param deleteHorizonMs when the batch's tombstones may go, or {@link #SAME_HORIZON}
   */
  public static RecordBatch thin(
      RecordBatch batch, RecordCursor cursor, BitSet kept, long deleteHorizonMs) {
    boolean moved = deleteHorizonMs != SAME_HORIZON;
    GrowingBytes records = new GrowingBytes(batch.sizeInBytes());
    records.skip(RecordBatch.HEADER_SIZE);
    long maxTimestamp = RecordBatch.NO_TIMESTAMP;
    cursor.rewind();
    while (cursor.next()) {
      if (!kept.get(cursor.index())) {
        continue;
      }
      maxTimestamp = Math.max(maxTimestamp, cursor.timestamp());
      if (moved) {
        cursor.copyTo(records, deleteHorizonMs);
      } else {
        cursor.copyTo(records);
      }
    }
    ByteBuffer bytes = compressed(batch.compression(), records).toByteBuffer();
    copyHeader(batch, bytes, kept.cardinality());
    if (batch.timestampType() == TimestampType.CREATE_TIME) {
      bytes.putLong(RecordBatch.MAX_TIMESTAMP, maxTimestamp);
    }
    if (moved) {
      bytes.putShort(
          RecordBatch.ATTRIBUTES, (short) (batch.attributes() | RecordBatch.DELETE_HORIZON_BIT));
      bytes.putLong(RecordBatch.BASE_TIMESTAMP, deleteHorizonMs);
    }
    return sealed(bytes);
  }

  /**
   * The batch without any record: it still says which offsets, sequence and leader epoch there
   * were, and how new the newest record was.
   */
  public static RecordBatch empty(RecordBatch batch) {
    ByteBuffer bytes = ByteBuffer.allocate(RecordBatch.HEADER_SIZE);
    copyHeader(batch, bytes, 0);
    bytes.putShort(
        RecordBatch.ATTRIBUTES,
        (short) (batch.attributes() & ~(RecordBatch.CODEC_MASK | RecordBatch.DELETE_HORIZON_BIT)));
    return sealed(bytes);
  }

  private static void copyHeader(RecordBatch from, ByteBuffer to, int count) {
    to.put(0, from.bytes(), 0, RecordBatch.HEADER_SIZE);
    to.putInt(RecordBatch.LENGTH, to.limit() - RecordBatch.LOG_OVERHEAD);
    to.putInt(RecordBatch.RECORD_COUNT, count);
  }

  private static RecordBatch sealed(ByteBuffer bytes) {
    RecordBatch batch = new RecordBatch(bytes, 0);
    batch.updateCrc();
    return batch;
  }

  private static GrowingBytes compressed(Compression compression, GrowingBytes plain) {
    if (compression == Compression.NONE) {
      return plain;
    }
    GrowingBytes out = new GrowingBytes(plain.size());
    out.skip(RecordBatch.HEADER_SIZE);
    int level = compression.checkLevel(Compression.DEFAULT_LEVEL);
    try (OutputStream codec = compression.compressing(out, level)) {
      codec.write(plain.array(), RecordBatch.HEADER_SIZE, plain.size() - RecordBatch.HEADER_SIZE);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    return out;
  }
}
