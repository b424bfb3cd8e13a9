package io.millrace.log.compact;

import io.millrace.log.segment.Segment;
import io.millrace.log.storage.LogStorage;
import io.millrace.protocol.record.RecordBatch;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A segment that is being written in the place of others, under a name that recovery removes.
 *
 * <p>Confined to one cleaning.
 */
final class CleanedSegment {

  private final Segment segment;
  private final int indexIntervalBytes;
  private ByteBuffer out;
  private long nextOffset;
  private long bytes;

  CleanedSegment(
      LogStorage storage, String directory, long baseOffset, int indexIntervalBytes, ByteBuffer out)
      throws IOException {
    this.segment = Segment.beginCleaned(storage, directory, baseOffset);
    this.indexIntervalBytes = indexIntervalBytes;
    this.out = out.clear();
    this.nextOffset = baseOffset;
  }

  void write(RecordBatch batch) throws IOException {
    if (batch.baseOffset() < nextOffset) {
      throw new IllegalStateException(
          "batch at offset " + batch.baseOffset() + " follows offset " + nextOffset);
    }
    int size = batch.sizeInBytes();
    if (size > out.remaining()) {
      flushBuffer();
    }
    segment.stage(batch.baseOffset(), size, batch.maxTimestamp(), indexIntervalBytes, 0);
    nextOffset = batch.nextOffset();
    bytes += size;
    if (size > out.capacity()) {
      segment.write(batch.bytes(), nextOffset);
    } else {
      out.put(batch.bytes());
    }
  }

  private void flushBuffer() throws IOException {
    if (out.position() > 0) {
      segment.write(out.flip(), nextOffset);
      out.clear();
    }
  }

  long bytes() {
    return bytes;
  }

  /** Writes the rest. */
  Segment finish() throws IOException {
    flushBuffer();
    return segment;
  }

  void discard() throws IOException {
    segment.discardCleaned();
  }
}
