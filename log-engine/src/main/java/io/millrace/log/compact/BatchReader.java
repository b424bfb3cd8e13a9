package io.millrace.log.compact;

import io.millrace.log.storage.LogFile;
import io.millrace.protocol.record.CorruptRecordsException;
import io.millrace.protocol.record.RecordBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Reads a file's batches one after another through one buffer. A batch that is returned is valid
 * until the next is asked for.
 *
 * <p>Confined to its user.
 */
final class BatchReader {

  private final LogFile file;
  private final long end;
  private long filePosition; // behind what is in the buffer
  private ByteBuffer buffer;
  private int at;

  /**
   * @param buffer to read through; grows for a batch that is larger
   */
  BatchReader(LogFile file, long position, long end, ByteBuffer buffer) {
    this.file = file;
    this.filePosition = position;
    this.end = end;
    this.buffer = buffer.clear().limit(0);
  }

  /** The buffer as it is now, for the next reader. */
  ByteBuffer buffer() {
    return buffer;
  }

  /** Where in the file the next batch begins. */
  long position() {
    return filePosition - (buffer.limit() - at);
  }

  /**
   * The next batch, or null at the end.
   *
   * @throws CorruptRecordsException when there is no whole batch
   */
  @Nullable RecordBatch next() throws IOException {
    if (position() >= end) {
      return null;
    }
    if (available() < RecordBatch.HEADER_SIZE) {
      fill(RecordBatch.HEADER_SIZE);
    }
    if (available() >= RecordBatch.LOG_OVERHEAD) {
      long size = buffer.getInt(at + 8) + (long) RecordBatch.LOG_OVERHEAD;
      if (size > available() && size <= end - position()) {
        fill((int) Math.min(size, Integer.MAX_VALUE - 16));
      }
    }
    RecordBatch batch = new RecordBatch(buffer, at);
    at += batch.sizeInBytes();
    return batch;
  }

  private int available() {
    return buffer.limit() - at;
  }

  /** Moves what is left to the front, and reads as much as the buffer takes. */
  private void fill(int needed) throws IOException {
    int left = available();
    ByteBuffer next = buffer;
    if (needed > buffer.capacity()) {
      next = ByteBuffer.allocate(needed).put(buffer.position(at));
    } else {
      next.position(at).compact();
    }
    next.limit((int) Math.min(next.capacity(), left + (end - filePosition)));
    int read = file.read(next, filePosition);
    filePosition += read;
    next.position(0).limit(left + read);
    buffer = next;
    at = 0;
  }
}
