package io.millrace.log.compact;

import io.millrace.protocol.record.RecordCursor;

/**
 * The newest offset of each key in a stretch of log, in memory that was fixed before: 24 bytes a
 * slot, two halves of the key's hash and the offset. At the limit {@link #hasRoomFor} says no, and
 * the stretch ends there.
 *
 * <pre>
 *   hash high : int64 | hash low : int64 | offset + 1 : int64   (0: free)
 * </pre>
 *
 * <p>Confined to one cleaning.
 */
public final class LatestOffsets {

  /** What one slot costs. */
  public static final int SLOT_BYTES = 24;

  private static final int WORDS = SLOT_BYTES / 8;
  private static final double LOAD = 0.75;

  private final KeyHash hash;
  private final long[] slots;
  private final int capacity;
  private final int limit;
  private int size;

  /**
   * @param memoryBytes how much may be used
   * @param keys how many there are at most; fewer than the memory holds take less
   */
  public LatestOffsets(long memoryBytes, long keys, long secret0, long secret1) {
    long affordable = Math.min(memoryBytes / SLOT_BYTES, Integer.MAX_VALUE / WORDS - 8);
    long wanted = (long) Math.min(Integer.MAX_VALUE, keys / LOAD + 2);
    this.capacity = (int) Math.max(2, Math.min(affordable, wanted));
    this.limit = Math.max(1, (int) (capacity * LOAD));
    this.slots = new long[capacity * WORDS];
    this.hash = new KeyHash(secret0, secret1);
  }

  /** The bytes that so many keys would take, at most what is allowed. */
  public static long bytesFor(long memoryBytes, long keys) {
    return Math.min(memoryBytes, ((long) (keys / LOAD) + 2) * SLOT_BYTES);
  }

  public int size() {
    return size;
  }

  /** How many keys fit, in all. */
  public int limit() {
    return limit;
  }

  /** Whether so many further keys certainly fit. */
  public boolean hasRoomFor(int keys) {
    return keys <= limit - size;
  }

  // hot: once per record of the dirty part
  /** Notes the record under the cursor; later records have larger offsets. */
  public void put(RecordCursor record) {
    int slot = find(record);
    if (slots[slot + 2] == 0) {
      slots[slot] = hash.high();
      slots[slot + 1] = hash.low();
      size++;
    }
    slots[slot + 2] = record.offset() + 1;
  }

  // hot: once per record of the log
  /** The newest offset of the key under the cursor, or -1. */
  public long get(RecordCursor record) {
    return size == 0 ? -1 : slots[find(record) + 2] - 1;
  }

  /** The key's slot, or the free one where it belongs; there always is one, see the load. */
  private int find(RecordCursor record) {
    hash.of(record.bytes(), record.keyPosition(), record.keyLength());
    long high = hash.high();
    long low = hash.low();
    int index = (int) (((high >>> 32) * capacity) >>> 32);
    while (true) {
      int slot = index * WORDS;
      if (slots[slot + 2] == 0 || (slots[slot] == high && slots[slot + 1] == low)) {
        return slot;
      }
      index = index + 1 == capacity ? 0 : index + 1;
    }
  }
}
