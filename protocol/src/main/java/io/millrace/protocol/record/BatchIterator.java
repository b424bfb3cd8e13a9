package io.millrace.protocol.record;

import java.nio.ByteBuffer;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Walks the whole batches of a buffer. */
final class BatchIterator implements Iterator<RecordBatch> {

  private final ByteBuffer buffer;
  private int position;
  private @Nullable RecordBatch next;

  BatchIterator(ByteBuffer buffer) {
    this.buffer = buffer;
  }

  @Override
  public boolean hasNext() {
    if (next == null && wholeBatchFollows()) {
      next = new RecordBatch(buffer, position);
      position += next.sizeInBytes();
    }
    return next != null;
  }

  /** False at a batch cut short; a length that no batch has is left to the constructor's check. */
  private boolean wholeBatchFollows() {
    int available = buffer.limit() - position;
    if (available < RecordBatch.HEADER_SIZE) {
      return false;
    }
    long length = buffer.getInt(position + RecordBatch.LENGTH);
    return length <= available - RecordBatch.LOG_OVERHEAD;
  }

  @Override
  public RecordBatch next() {
    if (!hasNext()) {
      throw new NoSuchElementException("no whole batch left");
    }
    RecordBatch batch = Objects.requireNonNull(next);
    next = null;
    return batch;
  }
}
