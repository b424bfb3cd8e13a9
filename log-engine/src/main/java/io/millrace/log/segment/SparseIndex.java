package io.millrace.log.segment;

import io.millrace.concurrent.SingleWriter;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * A segment's offset and time index: every few kilobytes one entry of a batch's relative base
 * offset, its position, and the largest timestamp of all batches before it.
 *
 * <p>The append loop adds; any thread looks up. An entry is written before {@code count} is
 * released, and a reader acquires the count before it takes the columns. These grow by copy, and
 * the copy is complete before its final fields are frozen, so that whichever columns a reader
 * takes, it finds that many entries.
 *
 * <p>On disk, once the segment is sealed or the log closed cleanly: {@code .index} holds (relative
 * offset : int32, position : int32)*, {@code .timeindex} holds (largest timestamp : int64, relative
 * offset : int32)* with one last entry for the end of the segment; each ends with its CRC-32C.
 */
@SingleWriter
final class SparseIndex {

  private static final VarHandle COUNT;

  static {
    try {
      COUNT = MethodHandles.lookup().findVarHandle(SparseIndex.class, "count", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** The entries; final, because a reader may take it without any fence but the count's. */
  private static final class Columns {
    final int[] offsets;
    final int[] positions;
    final long[] timestamps;

    Columns(int[] offsets, int[] positions, long[] timestamps) {
      this.offsets = offsets;
      this.positions = positions;
      this.timestamps = timestamps;
    }

    int capacity() {
      return offsets.length;
    }

    Columns twiceAsLong() {
      int capacity = capacity() * 2;
      return new Columns(
          Arrays.copyOf(offsets, capacity),
          Arrays.copyOf(positions, capacity),
          Arrays.copyOf(timestamps, capacity));
    }
  }

  private Columns columns = new Columns(new int[16], new int[16], new long[16]);

  @SuppressWarnings("unused") // through COUNT
  private int count;

  /** Adds an entry. Append loop, or whoever builds the index before it is shared. */
  void add(int relativeOffset, int position, long maxTimestampBefore) {
    int n = (int) COUNT.get(this);
    Columns into = columns;
    if (n == into.capacity()) {
      into = into.twiceAsLong();
      columns = into;
    }
    into.offsets[n] = relativeOffset;
    into.positions[n] = position;
    into.timestamps[n] = maxTimestampBefore;
    COUNT.setRelease(this, n + 1);
  }

  private int countAcquire() {
    return (int) COUNT.getAcquire(this);
  }

  /** The position of the last indexed batch that begins at or before an offset; 0 without one. */
  int positionAtOrBefore(int relativeOffset) {
    int n = countAcquire();
    Columns now = columns;
    int found = floor(Arrays.binarySearch(now.offsets, 0, n, relativeOffset));
    return found < 0 ? 0 : now.positions[found];
  }

  /** The last indexed position at or before a position; 0 without one. */
  int positionAtOrBeforePosition(int position) {
    int n = countAcquire();
    Columns now = columns;
    int found = floor(Arrays.binarySearch(now.positions, 0, n, position));
    return found < 0 ? 0 : now.positions[found];
  }

  /** A position before which every batch is older than a timestamp. */
  int positionForTimestamp(long timestamp) {
    int n = countAcquire();
    Columns now = columns;
    int low = 0;
    while (low < n) {
      int middle = (low + n) >>> 1;
      if (now.timestamps[middle] < timestamp) {
        low = middle + 1;
      } else {
        n = middle;
      }
    }
    return low == 0 ? 0 : now.positions[low - 1];
  }

  private static int floor(int searched) {
    return searched >= 0 ? searched : -searched - 2;
  }

  /** A copy without the entries at or beyond a position. */
  SparseIndex truncatedTo(int position) {
    SparseIndex copy = new SparseIndex();
    int n = countAcquire();
    Columns now = columns;
    for (int i = 0; i < n && now.positions[i] < position; i++) {
      copy.add(now.offsets[i], now.positions[i], now.timestamps[i]);
    }
    return copy;
  }

  byte[] encodeOffsets() {
    int n = countAcquire();
    Columns now = columns;
    ByteBuffer out = ByteBuffer.allocate(n * 8 + 4);
    for (int i = 0; i < n; i++) {
      out.putInt(now.offsets[i]).putInt(now.positions[i]);
    }
    return sealed(out);
  }

  byte[] encodeTimes(long maxTimestamp, int relativeEnd) {
    int n = countAcquire();
    Columns now = columns;
    ByteBuffer out = ByteBuffer.allocate((n + 1) * 12 + 4);
    for (int i = 0; i < n; i++) {
      out.putLong(now.timestamps[i]).putInt(now.offsets[i]);
    }
    return sealed(out.putLong(maxTimestamp).putInt(relativeEnd));
  }

  @SuppressWarnings("ByteBufferBackingArray") // allocated by our callers, whole
  private static byte[] sealed(ByteBuffer out) {
    return out.putInt(checksum(out.array())).array();
  }

  private static int checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length - 4);
    return (int) crc.getValue();
  }

  /** An index as it was stored, with what its last time entry says about the whole segment. */
  record Stored(SparseIndex index, long maxTimestamp, int relativeEnd) {}

  /**
   * Reads both files.
   *
   * @throws IllegalArgumentException when they are damaged or do not belong together
   */
  static Stored decode(byte[] offsetBytes, byte[] timeBytes) {
    int n = (offsetBytes.length - 4) / 8;
    if (offsetBytes.length != n * 8 + 4 || timeBytes.length != (n + 1) * 12 + 4) {
      throw new IllegalArgumentException(
          "index files of "
              + offsetBytes.length
              + " and "
              + timeBytes.length
              + " bytes do not fit together");
    }
    ByteBuffer places = ByteBuffer.wrap(offsetBytes);
    ByteBuffer times = ByteBuffer.wrap(timeBytes);
    if (places.getInt(n * 8) != checksum(offsetBytes)
        || times.getInt((n + 1) * 12) != checksum(timeBytes)) {
      throw new IllegalArgumentException("an index file's checksum is wrong");
    }
    SparseIndex index = new SparseIndex();
    for (int i = 0; i < n; i++) {
      long timestamp = times.getLong();
      times.getInt();
      index.add(places.getInt(), places.getInt(), timestamp);
    }
    return new Stored(index, times.getLong(), times.getInt());
  }
}
