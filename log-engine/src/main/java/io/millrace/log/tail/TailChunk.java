package io.millrace.log.tail;

import io.millrace.concurrent.SingleWriter;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.RecordBatch;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A run of consecutive batches of one segment, in one buffer.
 *
 * <pre>
 *   0 ........ written ........ staged ........ capacity
 *   | in the file, readable  | to be written | free
 * </pre>
 *
 * <p>The append loop stages, writes and shows. Readers see batches up to a count released after
 * their bytes were written to the file. A reader takes a reference of the chunk, and fails to when
 * it was let go meanwhile: it then reads the file.
 */
@SingleWriter
public final class TailChunk {

  /** Batches, and the offset behind them. */
  public record Run(MemoryRecords records, long nextOffset) {}

  private static final VarHandle SHOWN;
  private static final VarHandle REFERENCES;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      SHOWN = lookup.findVarHandle(TailChunk.class, "shown", int.class);
      REFERENCES = lookup.findVarHandle(TailChunk.class, "references", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final ByteBuf buffer;
  private final ByteBuffer bytes;
  private final long firstOffset;

  /**
   * Where each batch ends. Final, because its copy is complete before its fields are frozen: a
   * reader may take it without any fence but that of {@code shown}.
   */
  private static final class Batches {
    final long[] nextOffsets;
    final int[] ends;

    Batches(long[] nextOffsets, int[] ends) {
      this.nextOffsets = nextOffsets;
      this.ends = ends;
    }

    Batches twiceAsMany() {
      return new Batches(
          Arrays.copyOf(nextOffsets, ends.length * 2), Arrays.copyOf(ends, ends.length * 2));
    }
  }

  // Written by the append loop before `shown` is released; grown by copy.
  private Batches batches = new Batches(new long[16], new int[16]);

  @SuppressWarnings("unused") // through SHOWN
  private int shown;

  @SuppressWarnings("unused") // through REFERENCES
  private int references = 1;

  // Confined to the append loop.
  private int count;
  private int staged;
  private int written;

  TailChunk(long firstOffset, int capacity) {
    this(firstOffset, PooledByteBufAllocator.DEFAULT.directBuffer(capacity, capacity));
  }

  TailChunk(long firstOffset, ByteBuf buffer) {
    this.firstOffset = firstOffset;
    this.buffer = buffer;
    this.bytes = buffer.nioBuffer(0, buffer.capacity());
  }

  int capacity() {
    return bytes.capacity();
  }

  public boolean hasRoomFor(int size) {
    return capacity() - staged >= size;
  }

  public boolean hasUnwritten() {
    return written < staged;
  }

  /** Copies a batch behind the last one and returns the copy, to be stamped. */
  public RecordBatch copy(ByteBuffer source, int position, int size) {
    bytes.put(staged, source, position, size);
    return new RecordBatch(bytes, staged);
  }

  /** Counts the batch in that {@link #copy} brought. */
  public void stage(int size, long nextOffset) {
    Batches into = batches;
    if (count == into.ends.length) {
      into = into.twiceAsMany();
      batches = into;
    }
    staged += size;
    into.ends[count] = staged;
    into.nextOffsets[count] = nextOffset;
    count++;
  }

  /** What is staged and not written. */
  public ByteBuffer unwritten() {
    return bytes.slice(written, staged - written);
  }

  /** Lets readers see what was written. */
  public void show() {
    written = staged;
    SHOWN.setRelease(this, count);
  }

  /**
   * Whole batches from the one that holds an offset on. Any thread.
   *
   * @return null when the chunk does not hold the offset, was let go, or has nothing that may be
   *     returned
   */
  public @Nullable Run read(long fromOffset, int maxBytes, long upToOffset, boolean minOneBatch) {
    if (fromOffset < firstOffset || !retain()) {
      return null;
    }
    try {
      int n = (int) SHOWN.getAcquire(this);
      Batches now = batches; // after the count: it holds that many
      int first = firstAbove(now.nextOffsets, fromOffset, n);
      if (first == n) {
        return null;
      }
      int from = first == 0 ? 0 : now.ends[first - 1];
      int last = first;
      while (last < n && now.nextOffsets[last] <= upToOffset && now.ends[last] - from <= maxBytes) {
        last++;
      }
      if (last == first && minOneBatch && now.nextOffsets[first] <= upToOffset) {
        last++;
      }
      if (last == first) {
        return null;
      }
      MemoryRecords records =
          MemoryRecords.wrap(buffer.retainedSlice(from, now.ends[last - 1] - from));
      return new Run(records, now.nextOffsets[last - 1]);
    } finally {
      release();
    }
  }

  /** The first batch whose next offset is above an offset: the one that holds it. */
  private static int firstAbove(long[] nextOffsets, long offset, int n) {
    int low = 0;
    int high = n;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (nextOffsets[middle] <= offset) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  private boolean retain() {
    while (true) {
      int now = (int) REFERENCES.getAcquire(this);
      if (now == 0) {
        return false;
      }
      if (REFERENCES.weakCompareAndSetAcquire(this, now, now + 1)) {
        return true;
      }
    }
  }

  void release() {
    if ((int) REFERENCES.getAndAddRelease(this, -1) == 1) {
      VarHandle.acquireFence(); // what readers did with the buffer happens before it is given back
      buffer.release();
    }
  }
}
