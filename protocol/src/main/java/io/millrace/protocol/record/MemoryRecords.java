package io.millrace.protocol.record;

import io.millrace.protocol.codec.WireWriter;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Record batches in a buffer. Equal when the bytes are. Holds one reference to the buffer, given up
 * by {@link #release()}; the buffer's indices are not moved.
 */
public final class MemoryRecords implements Records {

  /** No batch. Retaining and releasing it does nothing. */
  public static final MemoryRecords EMPTY = new MemoryRecords(Unpooled.EMPTY_BUFFER);

  private final ByteBuf buffer;

  private MemoryRecords(ByteBuf buffer) {
    this.buffer = buffer;
  }

  /** The buffer's readable bytes, shared; takes over the caller's reference. */
  public static MemoryRecords wrap(ByteBuf buffer) {
    if (buffer.nioBufferCount()
        != 1) { // composite: the one copy here is cheaper than pieces everywhere after it
      MemoryRecords copy = copyOf(buffer);
      buffer.release();
      return copy;
    }
    return new MemoryRecords(buffer);
  }

  /** The remaining bytes, shared. */
  public static MemoryRecords wrap(ByteBuffer buffer) {
    return new MemoryRecords(Unpooled.wrappedBuffer(buffer));
  }

  /** The readable bytes, copied to the heap. The caller keeps its reference. */
  public static MemoryRecords copyOf(ByteBuf buffer) {
    return new MemoryRecords(Unpooled.wrappedBuffer(ByteBufUtil.getBytes(buffer)));
  }

  /** The remaining bytes, copied to the heap. */
  public static MemoryRecords copyOf(ByteBuffer buffer) {
    return new MemoryRecords(Unpooled.copiedBuffer(buffer));
  }

  /** The bytes themselves, valid while a reference is held. */
  public ByteBuf buffer() {
    return buffer;
  }

  /**
   * The batches in order, as views of this memory. Ends at the last whole batch: a fetch may cut
   * the one after it short. Iterating throws {@link CorruptRecordsException} at a batch whose
   * length is impossible or whose format is not v2.
   */
  public Iterable<RecordBatch> batches() {
    return () -> new BatchIterator(nioBuffer());
  }

  /**
   * The bytes as one big-endian NIO buffer, position 0, sharing this memory: writes through it
   * (offsets, epochs) are seen by everybody who holds these records. Valid while a reference is
   * held.
   */
  public ByteBuffer nioBuffer() {
    if (buffer.nioBufferCount() != 1) {
      throw new IllegalStateException(
          "records in " + buffer.nioBufferCount() + " pieces have no one buffer");
    }
    return buffer.nioBuffer().slice();
  }

  @Override
  public int sizeInBytes() {
    return buffer.readableBytes();
  }

  @Override
  public void writeTo(WireWriter out) {
    out.append(buffer.retainedDuplicate());
  }

  @Override
  public MemoryRecords toHeap() {
    return copyOf(buffer);
  }

  @Override
  public MemoryRecords retain() {
    buffer.retain();
    return this;
  }

  @Override
  public void release() {
    buffer.release();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof MemoryRecords that && ByteBufUtil.equals(buffer, that.buffer);
  }

  @Override
  public int hashCode() {
    return ByteBufUtil.hashCode(buffer);
  }

  @Override
  public String toString() {
    return "MemoryRecords(" + buffer.readableBytes() + " bytes)";
  }
}
