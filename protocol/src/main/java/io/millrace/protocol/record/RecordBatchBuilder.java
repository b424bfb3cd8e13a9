package io.millrace.protocol.record;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Builds one record batch. Records are written straight into the batch's bytes; compression is one
 * pass at the end, when the batch is full: a producer compresses on the thread that sends, not on
 * the one that hands over records.
 *
 * <p>The size limit is for the batch as it goes over the wire. Before compression that is known
 * exactly; with compression the builder multiplies by an estimated ratio that the caller may learn
 * from earlier batches. The first record is always taken, however large: whether it is too large
 * for the topic is the broker's answer.
 *
 * <p>Confined to its user. After {@link #build} it is spent.
 */
public final class RecordBatchBuilder {

  private static final int FIRST_CAPACITY = 512;

  private final Compression compression;
  private final int level;
  private final int sizeLimit;
  private final double estimatedRatio;
  private final GrowingBytes bytes;

  private int count;
  private long baseOffset;
  private int leaderEpoch = RecordBatch.NO_LEADER_EPOCH;
  private long baseTimestamp = RecordBatch.NO_TIMESTAMP;
  private long maxTimestamp = RecordBatch.NO_TIMESTAMP;
  private long producerId = RecordBatch.NO_PRODUCER_ID;
  private short producerEpoch = RecordBatch.NO_PRODUCER_EPOCH;
  private int baseSequence = RecordBatch.NO_SEQUENCE;
  private int flags;
  private boolean spent;

  /** A builder that does not compress. */
  public RecordBatchBuilder(int sizeLimit) {
    this(Compression.NONE, Compression.DEFAULT_LEVEL, sizeLimit, 1.0);
  }

  /** A builder that expects nothing of the compression. */
  public RecordBatchBuilder(Compression compression, int level, int sizeLimit) {
    this(compression, level, sizeLimit, 1.0);
  }

  /**
   * @param level of the codec, or {@link Compression#DEFAULT_LEVEL}
   * @param sizeLimit of the whole batch in bytes, header included
   * @param estimatedRatio compressed size by uncompressed size; ignored without compression
   */
  public RecordBatchBuilder(
      Compression compression, int level, int sizeLimit, double estimatedRatio) {
    this.compression = compression;
    this.level = compression.checkLevel(level);
    this.sizeLimit = sizeLimit;
    this.estimatedRatio = compression == Compression.NONE ? 1.0 : estimatedRatio;
    this.bytes =
        new GrowingBytes(Math.min(FIRST_CAPACITY, Math.max(RecordBatch.HEADER_SIZE, sizeLimit)));
    bytes.skip(RecordBatch.HEADER_SIZE);
  }

  /** The offset of the first record; 0 unless set, as producers send it. */
  public RecordBatchBuilder baseOffset(long offset) {
    this.baseOffset = offset;
    return this;
  }

  public RecordBatchBuilder partitionLeaderEpoch(int epoch) {
    this.leaderEpoch = epoch;
    return this;
  }

  /** Who sends it, for a producer that is idempotent. Any time before {@link #build}. */
  public RecordBatchBuilder producerState(long id, short epoch, int sequence) {
    this.producerId = id;
    this.producerEpoch = epoch;
    this.baseSequence = sequence;
    return this;
  }

  public RecordBatchBuilder transactional(boolean transactional) {
    return flag(RecordBatch.TRANSACTIONAL_BIT, transactional);
  }

  /** Marks the batch as the system's own; see {@link ControlRecords}. */
  RecordBatchBuilder control() {
    return flag(RecordBatch.CONTROL_BIT, true);
  }

  private RecordBatchBuilder flag(int bit, boolean on) {
    flags = on ? flags | bit : flags & ~bit;
    return this;
  }

  /**
   * Appends a record if there is room for it.
   *
   * @return false when the batch has records already and this one would take it over the size limit
   */
  public boolean tryAppend(
      long timestamp, @Nullable ByteBuffer key, @Nullable ByteBuffer value, List<Header> headers) {
    int bodySize = bodySize(timestamp, key, value, headers);
    long size = (long) Varints.sizeOf(bodySize) + bodySize;
    if (count > 0 && estimate(bytes.size() + size) > sizeLimit) {
      return false;
    }
    write(bodySize, timestamp, key, value, headers);
    return true;
  }

  /** Appends a record, whatever its size. */
  public RecordBatchBuilder append(
      long timestamp, @Nullable ByteBuffer key, @Nullable ByteBuffer value, List<Header> headers) {
    write(bodySize(timestamp, key, value, headers), timestamp, key, value, headers);
    return this;
  }

  /** Appends a record without headers, for tests and tools. */
  public RecordBatchBuilder append(long timestamp, byte @Nullable [] key, byte @Nullable [] value) {
    return append(
        timestamp,
        key == null ? null : ByteBuffer.wrap(key),
        value == null ? null : ByteBuffer.wrap(value),
        List.of());
  }

  public int recordCount() {
    return count;
  }

  public boolean isEmpty() {
    return count == 0;
  }

  public Compression compression() {
    return compression;
  }

  public long maxTimestamp() {
    return maxTimestamp;
  }

  /** The batch's size if it were not compressed. */
  public int uncompressedSize() {
    return bytes.size();
  }

  /** What the batch will take on the wire; exact without compression. */
  public int estimatedSize() {
    return (int) Math.min(Integer.MAX_VALUE, estimate(bytes.size()));
  }

  /** Whether a further record, however small, would be refused. */
  public boolean isFull() {
    return count > 0 && estimatedSize() >= sizeLimit;
  }

  private long estimate(long uncompressed) {
    return RecordBatch.HEADER_SIZE
        + (long) ((uncompressed - RecordBatch.HEADER_SIZE) * estimatedRatio);
  }

  /**
   * Compresses, writes the header and the checksum.
   *
   * @return the batch in memory of its own
   * @throws IllegalStateException when it was built already
   */
  public MemoryRecords build() {
    return MemoryRecords.wrap(buildBuffer());
  }

  ByteBuffer buildBuffer() {
    if (spent) {
      throw new IllegalStateException("the batch was built already");
    }
    spent = true;
    GrowingBytes whole = compression == Compression.NONE ? bytes : compressed();
    ByteBuffer batch = whole.toByteBuffer();
    batch.putLong(RecordBatch.BASE_OFFSET, baseOffset);
    batch.putInt(RecordBatch.LENGTH, batch.limit() - RecordBatch.LOG_OVERHEAD);
    batch.putInt(RecordBatch.LEADER_EPOCH, leaderEpoch);
    batch.put(RecordBatch.MAGIC_OFFSET, RecordBatch.MAGIC);
    batch.putShort(RecordBatch.ATTRIBUTES, (short) (compression.id() | flags));
    batch.putInt(RecordBatch.LAST_OFFSET_DELTA, count - 1);
    batch.putLong(RecordBatch.BASE_TIMESTAMP, baseTimestamp);
    batch.putLong(RecordBatch.MAX_TIMESTAMP, maxTimestamp);
    batch.putLong(RecordBatch.PRODUCER_ID, producerId);
    batch.putShort(RecordBatch.PRODUCER_EPOCH, producerEpoch);
    batch.putInt(RecordBatch.BASE_SEQUENCE, baseSequence);
    batch.putInt(RecordBatch.RECORD_COUNT, count);
    batch.putInt(
        RecordBatch.CRC,
        RecordBatch.crcOf(batch, RecordBatch.ATTRIBUTES, batch.limit() - RecordBatch.ATTRIBUTES));
    return batch;
  }

  private GrowingBytes compressed() {
    GrowingBytes out = new GrowingBytes((int) Math.max(FIRST_CAPACITY, estimate(bytes.size())));
    out.skip(RecordBatch.HEADER_SIZE);
    try (OutputStream codec = compression.compressing(out, level)) {
      codec.write(bytes.array(), RecordBatch.HEADER_SIZE, bytes.size() - RecordBatch.HEADER_SIZE);
    } catch (IOException e) {
      throw new UncheckedIOException("writing to memory failed", e);
    }
    return out;
  }

  private int bodySize(
      long timestamp, @Nullable ByteBuffer key, @Nullable ByteBuffer value, List<Header> headers) {
    long size =
        1L + Varints.sizeOf(count == 0 ? 0 : timestamp - baseTimestamp) + Varints.sizeOf(count);
    size += sizeOfNullable(key) + sizeOfNullable(value) + Varints.sizeOf(headers.size());
    for (int i = 0; i < headers.size(); i++) {
      Header header = headers.get(i);
      int keySize = utf8Size(header.key());
      size += Varints.sizeOf(keySize) + (long) keySize + sizeOfNullable(header.value());
    }
    if (size > Integer.MAX_VALUE - bytes.size() - 16) {
      throw new IllegalArgumentException("record of " + size + " bytes does not fit a batch");
    }
    return (int) size;
  }

  private static long sizeOfNullable(@Nullable ByteBuffer field) {
    return field == null ? 1 : (long) Varints.sizeOf(field.remaining()) + field.remaining();
  }

  // hot: once per record sent; allocates nothing unless a header's key is not ASCII or the bytes
  // must grow
  private void write(
      int bodySize,
      long timestamp,
      @Nullable ByteBuffer key,
      @Nullable ByteBuffer value,
      List<Header> headers) {
    if (spent) {
      throw new IllegalStateException("the batch was built already");
    }
    if (count == 0) {
      baseTimestamp = timestamp;
    }
    bytes.writeVarint(bodySize);
    bytes.write(0);
    bytes.writeVarlong(timestamp - baseTimestamp);
    bytes.writeVarint(count);
    writeNullable(key);
    writeNullable(value);
    bytes.writeVarint(headers.size());
    for (int i = 0; i < headers.size(); i++) {
      Header header = headers.get(i);
      writeUtf8(header.key());
      writeNullable(header.value());
    }
    maxTimestamp = Math.max(maxTimestamp, timestamp);
    count++;
  }

  private void writeNullable(@Nullable ByteBuffer field) {
    if (field == null) {
      bytes.writeVarint(-1);
    } else {
      bytes.writeVarint(field.remaining());
      bytes.write(field);
    }
  }

  private void writeUtf8(String text) {
    int size = utf8Size(text);
    bytes.writeVarint(size);
    if (size == text.length()) {
      for (int i = 0; i < size; i++) {
        bytes.write(text.charAt(i));
      }
    } else {
      byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
      bytes.write(encoded, 0, encoded.length);
    }
  }

  private static int utf8Size(String text) {
    for (int i = 0; i < text.length(); i++) {
      if (text.charAt(i) >= 0x80) {
        return text.getBytes(StandardCharsets.UTF_8).length;
      }
    }
    return text.length();
  }
}
