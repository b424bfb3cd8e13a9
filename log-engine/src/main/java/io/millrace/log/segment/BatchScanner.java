package io.millrace.log.segment;

import io.millrace.log.storage.LogFile;
import io.millrace.protocol.record.RecordBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Walks the batches of a file by their headers, without reading what lies between. Stops where no
 * plausible batch begins: recovery cuts there.
 *
 * <p>Confined to its user.
 */
public final class BatchScanner {

  private static final int READ_AHEAD = 8 << 10;
  private static final int ATTRIBUTES = 21;

  private final LogFile file;
  private final long limit;
  private final ByteBuffer window = ByteBuffer.allocate(READ_AHEAD).limit(0);
  private long windowPosition;
  private long position;
  private int size;
  private int at;

  /**
   * @param position where a batch begins
   * @param limit where the file's valid bytes end
   */
  public BatchScanner(LogFile file, long position, long limit) {
    this.file = file;
    this.position = position;
    this.limit = limit;
  }

  /** Moves to the next batch; false at the limit and where the bytes are no batch. */
  public boolean next() throws IOException {
    position += size;
    size = 0;
    if (limit - position < RecordBatch.HEADER_SIZE) {
      return false;
    }
    if (position < windowPosition
        || position + RecordBatch.HEADER_SIZE > windowPosition + window.limit()) {
      window.clear().limit((int) Math.min(READ_AHEAD, limit - position));
      int read = file.read(window, position);
      window.limit(read);
      windowPosition = position;
      if (read < RecordBatch.HEADER_SIZE) {
        return false;
      }
    }
    at = (int) (position - windowPosition);
    long length = window.getInt(at + 8) + (long) RecordBatch.LOG_OVERHEAD;
    if (length < RecordBatch.HEADER_SIZE
        || length > limit - position
        || window.get(at + 16) != RecordBatch.MAGIC
        || baseOffset() < 0
        || window.getInt(at + 23) < 0) {
      return false;
    }
    size = (int) length;
    return true;
  }

  /** Where the batch begins; after {@link #next} said false, where the valid batches end. */
  public long position() {
    return position;
  }

  public int sizeInBytes() {
    return size;
  }

  public long endPosition() {
    return position + size;
  }

  public long baseOffset() {
    return window.getLong(at);
  }

  public int leaderEpoch() {
    return window.getInt(at + 12);
  }

  public boolean isTransactional() {
    return (window.getShort(at + ATTRIBUTES) & 0x10) != 0;
  }

  public boolean isControl() {
    return (window.getShort(at + ATTRIBUTES) & 0x20) != 0;
  }

  public long lastOffset() {
    return baseOffset() + window.getInt(at + 23);
  }

  public long maxTimestamp() {
    return window.getLong(at + 35);
  }

  public long producerId() {
    return window.getLong(at + 43);
  }

  public short producerEpoch() {
    return window.getShort(at + 51);
  }

  public int baseSequence() {
    return window.getInt(at + 53);
  }

  public int recordCount() {
    return window.getInt(at + 57);
  }

  /** Reads the whole batch. */
  public RecordBatch batch() throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(size);
    if (file.read(bytes, position) < size) {
      throw new IOException("file ended within the batch at position " + position);
    }
    return new RecordBatch(bytes.flip(), 0);
  }

  /** Reads the batch and computes its checksum. */
  public boolean isCrcValid() throws IOException {
    CRC32C crc = new CRC32C();
    ByteBuffer chunk = ByteBuffer.allocate(Math.min(size, 256 << 10));
    for (long from = position + ATTRIBUTES; from < endPosition(); from += chunk.limit()) {
      chunk.clear().limit((int) Math.min(chunk.capacity(), endPosition() - from));
      if (file.read(chunk, from) < chunk.limit()) {
        return false;
      }
      crc.update(chunk.flip());
    }
    return (int) crc.getValue() == window.getInt(at + 17);
  }
}
