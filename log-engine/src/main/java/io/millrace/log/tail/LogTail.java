package io.millrace.log.tail;

import io.millrace.concurrent.SingleWriter;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * One log's chunks, oldest first, replaced as a whole when one comes or goes. Changed on the append
 * loop.
 */
@SingleWriter
public final class LogTail {

  private static final int FIRST_CAPACITY = 32 << 10;
  private static final int LARGEST_CAPACITY = 1 << 20;
  private static final TailChunk[] NONE = {};

  private static final VarHandle CHUNKS;

  static {
    try {
      CHUNKS = MethodHandles.lookup().findVarHandle(LogTail.class, "chunks", TailChunk[].class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final TailCache cache;
  private TailChunk[] chunks = NONE;
  private @Nullable TailChunk current;
  private int capacity = FIRST_CAPACITY;

  public LogTail(TailCache cache) {
    this.cache = cache;
  }

  /** The chunk to stage into, or null when the next append needs a new one. */
  public @Nullable TailChunk current() {
    return current;
  }

  /** Begins a chunk that has room for a batch; a busy log gets larger ones each time. */
  public TailChunk begin(long firstOffset, int size) {
    TailChunk chunk = new TailChunk(firstOffset, Math.max(capacity, size));
    capacity = Math.min(capacity * 2, LARGEST_CAPACITY);
    TailChunk[] next = Arrays.copyOf(chunks, chunks.length + 1);
    next[chunks.length] = chunk;
    CHUNKS.setRelease(this, next);
    current = chunk;
    cache.add(this, chunk);
    return chunk;
  }

  /**
   * Makes the next append begin a new chunk: the next batch does not follow the last one in the
   * same file.
   */
  public void interrupt() {
    current = null;
  }

  /** Drops everything: the log was cut. */
  public void clear() {
    for (TailChunk chunk : chunks) {
      cache.removed(chunk);
      chunk.release();
    }
    CHUNKS.setRelease(this, NONE);
    current = null;
    capacity = FIRST_CAPACITY;
  }

  boolean letGo(TailChunk chunk) {
    int at = Arrays.asList(chunks).indexOf(chunk);
    if (at < 0) {
      return false;
    }
    TailChunk[] next = new TailChunk[chunks.length - 1];
    System.arraycopy(chunks, 0, next, 0, at);
    System.arraycopy(chunks, at + 1, next, at, next.length - at);
    CHUNKS.setRelease(this, next);
    if (current == chunk) {
      current = null;
      capacity = FIRST_CAPACITY;
    }
    chunk.release();
    return true;
  }

  /** Reads from memory; null when the offset is older, or was cut away meanwhile. Any thread. */
  public TailChunk.@Nullable Run read(
      long fromOffset, int maxBytes, long upToOffset, boolean minOneBatch) {
    TailChunk[] now = (TailChunk[]) CHUNKS.getAcquire(this);
    for (int i = now.length - 1; i >= 0; i--) {
      TailChunk.Run run = now[i].read(fromOffset, maxBytes, upToOffset, minOneBatch);
      if (run != null) {
        return run;
      }
    }
    return null;
  }
}
