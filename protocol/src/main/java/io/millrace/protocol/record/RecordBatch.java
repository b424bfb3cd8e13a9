package io.millrace.protocol.record;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * A view of one record batch, format v2, at a place in a buffer. It copies nothing and checks only
 * that the batch lies within the buffer; {@link RecordBatchValidator} checks the rest.
 *
 * <pre>
 *   offset  bytes  field
 *        0      8  base offset
 *        8      4  length: bytes that follow this field
 *       12      4  partition leader epoch
 *       16      1  magic = 2
 *       17      4  CRC-32C of everything from the attributes to the end
 *       21      2  attributes: 0-2 codec, 3 timestamp is append time, 4 transactional, 5 control, 6 delete horizon
 *       23      4  last offset delta
 *       27      8  base timestamp (delete horizon, with bit 6)
 *       35      8  max timestamp
 *       43      8  producer id
 *       51      2  producer epoch
 *       53      4  base sequence
 *       57      4  record count
 *       61      -  records, compressed as one piece
 * </pre>
 *
 * <p>Base offset and leader epoch lie outside the checksum, so that a broker stamps them without
 * touching the rest.
 *
 * <p>Not thread-safe for writers; its owner is whoever owns the buffer. Readers use absolute gets
 * and may share it.
 */
public final class RecordBatch {

  /** Bytes of the header that every batch has. */
  public static final int HEADER_SIZE = 61;

  /** Base offset and length, which the length field does not count. */
  public static final int LOG_OVERHEAD = 12;

  public static final byte MAGIC = 2;
  public static final long NO_TIMESTAMP = -1;
  public static final long NO_PRODUCER_ID = -1;
  public static final short NO_PRODUCER_EPOCH = -1;
  public static final int NO_SEQUENCE = -1;
  public static final int NO_LEADER_EPOCH = -1;

  static final int BASE_OFFSET = 0;
  static final int LENGTH = 8;
  static final int LEADER_EPOCH = 12;
  static final int MAGIC_OFFSET = 16;
  static final int CRC = 17;
  static final int ATTRIBUTES = 21;
  static final int LAST_OFFSET_DELTA = 23;
  static final int BASE_TIMESTAMP = 27;
  static final int MAX_TIMESTAMP = 35;
  static final int PRODUCER_ID = 43;
  static final int PRODUCER_EPOCH = 51;
  static final int BASE_SEQUENCE = 53;
  static final int RECORD_COUNT = 57;

  static final int CODEC_MASK = 0x07;
  static final int LOG_APPEND_TIME_BIT = 0x08;
  static final int TRANSACTIONAL_BIT = 0x10;
  static final int CONTROL_BIT = 0x20;
  static final int DELETE_HORIZON_BIT = 0x40;

  private final ByteBuffer buffer;
  private final int start;
  private final int size;

  /**
   * @param buffer big-endian; its position and limit are not used and not moved, beyond that the
   *     batch must end at the limit
   * @throws CorruptRecordsException when no whole batch of format v2 begins at {@code start}
   */
  public RecordBatch(ByteBuffer buffer, int start) {
    int available = buffer.limit() - start;
    if (available < HEADER_SIZE) {
      throw new CorruptRecordsException(
          "batch header needs " + HEADER_SIZE + " bytes, " + Math.max(0, available) + " left");
    }
    long length = buffer.getInt(start + LENGTH);
    if (length < HEADER_SIZE - LOG_OVERHEAD || length > available - LOG_OVERHEAD) {
      throw new CorruptRecordsException(
          "batch length "
              + length
              + " is not within "
              + (HEADER_SIZE - LOG_OVERHEAD)
              + " and the "
              + (available - LOG_OVERHEAD)
              + " bytes left, baseOffset="
              + buffer.getLong(start));
    }
    byte magic = buffer.get(start + MAGIC_OFFSET);
    if (magic != MAGIC) {
      throw new CorruptRecordsException("batch has magic " + magic + ", expected " + MAGIC);
    }
    this.buffer = buffer;
    this.start = start;
    this.size = (int) length + LOG_OVERHEAD;
  }

  /** Where in the buffer this batch begins. */
  public int position() {
    return start;
  }

  /** The whole batch, header included. */
  public int sizeInBytes() {
    return size;
  }

  public long baseOffset() {
    return buffer.getLong(start + BASE_OFFSET);
  }

  public int lastOffsetDelta() {
    return buffer.getInt(start + LAST_OFFSET_DELTA);
  }

  public long lastOffset() {
    return baseOffset() + lastOffsetDelta();
  }

  public long nextOffset() {
    return lastOffset() + 1;
  }

  public int partitionLeaderEpoch() {
    return buffer.getInt(start + LEADER_EPOCH);
  }

  public byte magic() {
    return buffer.get(start + MAGIC_OFFSET);
  }

  /** The checksum that the batch carries. */
  public int crc() {
    return buffer.getInt(start + CRC);
  }

  /** The checksum that the batch's bytes have. */
  public int computeCrc() {
    return crcOf(buffer, start + ATTRIBUTES, size - ATTRIBUTES);
  }

  public boolean isCrcValid() {
    return crc() == computeCrc();
  }

  public short attributes() {
    return buffer.getShort(start + ATTRIBUTES);
  }

  /**
   * @throws CorruptRecordsException when the id is of no known codec
   */
  public Compression compression() {
    int id = attributes() & CODEC_MASK;
    Compression compression = Compression.forId(id);
    if (compression == null) {
      throw new CorruptRecordsException(
          "unknown compression codec " + id + ", baseOffset=" + baseOffset());
    }
    return compression;
  }

  public TimestampType timestampType() {
    return (attributes() & LOG_APPEND_TIME_BIT) == 0
        ? TimestampType.CREATE_TIME
        : TimestampType.LOG_APPEND_TIME;
  }

  public boolean isTransactional() {
    return (attributes() & TRANSACTIONAL_BIT) != 0;
  }

  /**
   * Whether its records are markers of the system's own (end of a transaction) that no consumer
   * sees.
   */
  public boolean isControl() {
    return (attributes() & CONTROL_BIT) != 0;
  }

  /** Whether compaction has said when the batch's tombstones may go (KIP-534). */
  public boolean hasDeleteHorizon() {
    return (attributes() & DELETE_HORIZON_BIT) != 0;
  }

  /** When the batch's tombstones may go; only with {@link #hasDeleteHorizon}. */
  public long deleteHorizonMs() {
    return baseTimestamp();
  }

  public long baseTimestamp() {
    return buffer.getLong(start + BASE_TIMESTAMP);
  }

  public long maxTimestamp() {
    return buffer.getLong(start + MAX_TIMESTAMP);
  }

  public long producerId() {
    return buffer.getLong(start + PRODUCER_ID);
  }

  public boolean hasProducerId() {
    return producerId() > NO_PRODUCER_ID;
  }

  public short producerEpoch() {
    return buffer.getShort(start + PRODUCER_EPOCH);
  }

  public int baseSequence() {
    return buffer.getInt(start + BASE_SEQUENCE);
  }

  /** The last record's sequence; sequences wrap to 0 after the largest int. */
  public int lastSequence() {
    int base = baseSequence();
    return base == NO_SEQUENCE ? NO_SEQUENCE : sequenceAfter(base, lastOffsetDelta());
  }

  public int recordCount() {
    return buffer.getInt(start + RECORD_COUNT);
  }

  /** The sequence that is {@code increment} after another, with the wrap. */
  public static int sequenceAfter(int sequence, int increment) {
    return sequence > Integer.MAX_VALUE - increment
        ? increment - (Integer.MAX_VALUE - sequence) - 1
        : sequence + increment;
  }

  /** Stamps the offset of the first record; outside the checksum. */
  public void setBaseOffset(long baseOffset) {
    buffer.putLong(start + BASE_OFFSET, baseOffset);
  }

  /** Stamps the epoch of the leader that appends; outside the checksum. */
  public void setPartitionLeaderEpoch(int epoch) {
    buffer.putInt(start + LEADER_EPOCH, epoch);
  }

  /** Makes the append time the timestamp of every record, and computes the checksum anew. */
  public void setLogAppendTime(long wallMillis) {
    buffer.putShort(start + ATTRIBUTES, (short) (attributes() | LOG_APPEND_TIME_BIT));
    buffer.putLong(start + MAX_TIMESTAMP, wallMillis);
    updateCrc();
  }

  /** Corrects a maximum that the producer got wrong, and computes the checksum anew. */
  void setMaxTimestamp(long maxTimestamp) {
    buffer.putLong(start + MAX_TIMESTAMP, maxTimestamp);
    updateCrc();
  }

  /**
   * Says who sends the batch, for a producer that learns it when the batch is full; computes the
   * checksum anew.
   */
  public void setProducerState(long producerId, short producerEpoch, int baseSequence) {
    buffer.putLong(start + PRODUCER_ID, producerId);
    buffer.putShort(start + PRODUCER_EPOCH, producerEpoch);
    buffer.putInt(start + BASE_SEQUENCE, baseSequence);
    updateCrc();
  }

  /**
   * The batch's bytes, as a view.
   *
   * @return positioned at the first byte, limited after the last
   */
  public ByteBuffer bytes() {
    return buffer.slice(start, size);
  }

  /**
   * The records in order, decompressed within {@link Compression#DEFAULT_MAX_DECOMPRESSED_BYTES}.
   */
  public Iterable<Record> records() {
    return records(Compression.DEFAULT_MAX_DECOMPRESSED_BYTES);
  }

  /**
   * The records in order. Iterating throws {@link CorruptRecordsException} at a record that is not
   * one, and when the records need more than {@code maxDecompressedBytes}; the checksum is the
   * caller's business.
   */
  public Iterable<Record> records(int maxDecompressedBytes) {
    return () -> RecordIterator.over(this, payload(), maxDecompressedBytes);
  }

  /** The records in order, in a list. */
  public List<Record> recordList() {
    return RecordIterator.list(this, payload(), Compression.DEFAULT_MAX_DECOMPRESSED_BYTES);
  }

  /** The bytes behind the header, possibly compressed. */
  ByteBuffer payload() {
    return buffer.slice(start + HEADER_SIZE, size - HEADER_SIZE);
  }

  void updateCrc() {
    buffer.putInt(start + CRC, computeCrc());
  }

  static int crcOf(ByteBuffer buffer, int index, int length) {
    CRC32C crc = new CRC32C();
    if (buffer.hasArray()) {
      crc.update(buffer.array(), buffer.arrayOffset() + index, length);
    } else {
      crc.update(buffer.slice(index, length)); // direct memory: read in place
    }
    return (int) crc.getValue();
  }

  @Override
  public String toString() {
    return "RecordBatch(offsets="
        + baseOffset()
        + ".."
        + lastOffset()
        + " records="
        + recordCount()
        + " bytes="
        + size
        + " leaderEpoch="
        + partitionLeaderEpoch()
        + " attributes=0x"
        + Integer.toHexString(attributes() & 0xffff)
        + " producerId="
        + producerId()
        + " producerEpoch="
        + producerEpoch()
        + " baseSequence="
        + baseSequence()
        + " maxTimestamp="
        + maxTimestamp()
        + ")";
  }
}
