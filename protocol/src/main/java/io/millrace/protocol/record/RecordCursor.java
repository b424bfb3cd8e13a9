package io.millrace.protocol.record;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Walks a batch's records and makes no objects of them, for whoever reads very many and looks only
 * at offsets and keys. What it shows of a record holds until the next one. Lengths are checked
 * against the bytes that are left.
 *
 * <p>Confined to its user.
 */
public final class RecordCursor extends RecordBytes {

  private final RecordBatch batch;
  private final int count;
  private int index = -1;
  private int start;
  private int end;
  private int timestampAt;
  private int afterTimestamp;
  private long timestampDelta;
  private int offsetDelta;
  private int keyPosition;
  private int keyLength;
  private int valueLength;

  private RecordCursor(RecordBatch batch, ByteBuffer bytes) {
    super(bytes); // decompressed, little-endian for hashing
    this.batch = batch;
    this.count = batch.recordCount();
    if (count < 0) {
      throw corrupt("batch claims " + count + " records");
    }
  }

  /**
   * Stands before the first record.
   *
   * @throws CorruptRecordsException when the batch cannot be decompressed within the limit
   */
  public static RecordCursor over(RecordBatch batch, int maxDecompressedBytes) {
    ByteBuffer payload = batch.compression().decompress(batch.payload(), maxDecompressedBytes);
    return new RecordCursor(batch, payload.slice().order(ByteOrder.LITTLE_ENDIAN));
  }

  /**
   * Moves to the next record.
   *
   * @return false behind the last
   * @throws CorruptRecordsException when the bytes are none
   */
  public boolean next() {
    if (index + 1 >= count) {
      return false;
    }
    index++;
    start = position;
    int length = varint();
    if (length <= 0 || length > bytes.limit() - position) {
      throw corrupt("record claims " + length + " bytes, " + (bytes.limit() - position) + " left");
    }
    end = position + length;
    timestampAt = position + 1; // behind the attributes
    position = timestampAt;
    timestampDelta = varlong();
    afterTimestamp = position;
    offsetDelta = varint();
    keyLength = varint();
    keyPosition = position;
    skip(keyLength);
    valueLength = varint();
    skip(valueLength);
    position = end;
    return true;
  }

  private void skip(int length) {
    if (length < -1 || length > end - position) {
      throw corrupt("field claims " + length + " bytes, its record has " + (end - position));
    }
    position += Math.max(0, length);
  }

  /** Stands before the first record again. */
  public void rewind() {
    index = -1;
    position = 0;
  }

  /** How many records come before this one in the batch. */
  public int index() {
    return index;
  }

  public long offset() {
    return batch.baseOffset() + offsetDelta;
  }

  /** The record's own timestamp; means nothing in a batch with append time. */
  public long timestamp() {
    return batch.baseTimestamp() + timestampDelta;
  }

  public boolean hasKey() {
    return keyLength >= 0;
  }

  public boolean hasValue() {
    return valueLength >= 0;
  }

  /** The decompressed records, little-endian; holds the key. */
  public ByteBuffer bytes() {
    return bytes;
  }

  public int keyPosition() {
    return keyPosition;
  }

  public int keyLength() {
    return Math.max(0, keyLength);
  }

  /** Copies the record as it is. */
  void copyTo(GrowingBytes out) {
    out.write(bytes.slice(start, end - start));
  }

  /** Copies the record with another base for its timestamp. */
  void copyTo(GrowingBytes out, long newBaseTimestamp) {
    long delta = timestamp() - newBaseTimestamp;
    int rest = end - afterTimestamp;
    out.writeVarint(1 + Varints.sizeOf(delta) + rest);
    out.write(bytes.get(timestampAt - 1));
    out.writeVarlong(delta);
    out.write(bytes.slice(afterTimestamp, rest));
  }

  @Override
  CorruptRecordsException corrupt(String what) {
    return new CorruptRecordsException(
        what + ", batch baseOffset=" + batch.baseOffset() + " record=" + index);
  }
}
