package io.millrace.protocol.record;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serial;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Walks a batch's records without making objects of them and checks all that they claim about
 * themselves. Memory in place is walked in place; a compressed batch passes through a window of
 * fixed size, so that what it grows to costs time up to the limit but never memory.
 *
 * <p>Confined to the thread that validates.
 */
final class RecordWalker {

  /**
   * More than the longest run of lengths that is read at a time; large enough to make refills
   * cheap.
   */
  private static final int WINDOW_BYTES = 16 * 1024;

  /** Records that an answer names; the rest of a bad batch is bad in the same way. */
  private static final int MAX_NAMED_RECORDS = 100;

  private static final byte[] NO_CHUNK = {};

  private final @Nullable InputStream source; // null: everything is in the window already
  private final ByteBuffer window;
  private final byte[] chunk; // behind the window, when there is a source
  private int position;
  private int limit;
  private long before; // bytes that have left the window

  private long maxTimestampDelta = Long.MIN_VALUE;
  private long minTimestampDelta = Long.MAX_VALUE;
  private final List<Integer> withoutKey = new ArrayList<>(0);
  private boolean keysRequired;

  private RecordWalker(@Nullable InputStream source, ByteBuffer window, byte[] chunk, int limit) {
    this.source = source;
    this.chunk = chunk;
    this.window = window;
    this.limit = limit;
  }

  static RecordWalker inPlace(ByteBuffer bytes) {
    return new RecordWalker(null, bytes, NO_CHUNK, bytes.limit());
  }

  static RecordWalker streaming(InputStream source) {
    byte[] chunk = new byte[WINDOW_BYTES];
    return new RecordWalker(source, ByteBuffer.wrap(chunk), chunk, 0);
  }

  /**
   * Checks {@code count} records, and that nothing follows them.
   *
   * @param maxBytes of all records together
   * @throws BadRecord what is wrong, without a stack trace
   */
  // hot: once per record that a producer sends
  void walk(int count, long maxBytes) throws BadRecord, IOException {
    for (int i = 0; i < count; i++) {
      walkRecord(i, maxBytes);
    }
    if (position < limit || refill()) {
      throw new BadRecord("bytes follow the last of " + count + " records");
    }
  }

  long maxTimestampDelta() {
    return maxTimestampDelta;
  }

  long minTimestampDelta() {
    return minTimestampDelta;
  }

  /** Takes note of records without a key while walking. */
  void requireKeys() {
    keysRequired = true;
  }

  /** The first records without a key, by index; at most {@link #MAX_NAMED_RECORDS}. */
  List<Integer> recordsWithoutKey() {
    return withoutKey;
  }

  private void walkRecord(int index, long maxBytes) throws BadRecord, IOException {
    int length = varint();
    long start = before + position;
    if (length <= 0) {
      throw new BadRecord("record " + index + " claims " + length + " bytes");
    }
    long end = start + length;
    if (end > maxBytes) {
      throw new BadRecord(
          source == null
              ? "record " + index + " claims " + length + " bytes, " + (maxBytes - start) + " left"
              : "records decompress to more than " + maxBytes + " bytes");
    }
    readByte(); // attributes
    long timestampDelta = varlong();
    maxTimestampDelta = Math.max(maxTimestampDelta, timestampDelta);
    minTimestampDelta = Math.min(minTimestampDelta, timestampDelta);
    int offsetDelta = varint();
    if (offsetDelta != index) {
      throw new BadRecord("record " + index + " has offset delta " + offsetDelta);
    }
    int keyLength = varint();
    if (keysRequired && keyLength == -1 && withoutKey.size() < MAX_NAMED_RECORDS) {
      withoutKey.add(index);
    }
    skipField(keyLength, end, index);
    skipField(varint(), end, index);
    skipHeaders(end, index);
    if (before + position != end) {
      throw new BadRecord(
          "record "
              + index
              + " claims "
              + length
              + " bytes and has "
              + (before + position - start));
    }
  }

  private void skipHeaders(long end, int index) throws BadRecord, IOException {
    int headers = varint();
    if (headers < 0 || headers > (end - before - position) / 2) { // a header has two lengths
      throw new BadRecord("record " + index + " claims " + headers + " headers");
    }
    for (int i = 0; i < headers; i++) {
      int keyLength = varint();
      if (keyLength < 0) {
        throw new BadRecord("record " + index + " has a header without key");
      }
      skipField(keyLength, end, index);
      skipField(varint(), end, index);
    }
  }

  private void skipField(int length, long end, int index) throws BadRecord, IOException {
    if (length <= 0) {
      if (length < -1) {
        throw new BadRecord("record " + index + " has a field of " + length + " bytes");
      }
      return;
    }
    if (length > end - before - position) {
      throw new BadRecord(
          "record " + index + " has a field of " + length + " bytes, more than its own end allows");
    }
    int left = length;
    while (left > limit - position) {
      left -= limit - position;
      position = limit;
      if (!refill()) {
        throw new BadRecord("records end within record " + index);
      }
    }
    position += left;
  }

  private int varint() throws BadRecord, IOException {
    int b = readByte();
    if (b >= 0) { // one byte: most deltas and lengths
      return (b >>> 1) ^ -(b & 1);
    }
    int value = b & 0x7f;
    for (int shift = 7; shift < 7 * Varints.MAX_INT_BYTES; shift += 7) {
      b = readByte();
      value |= (b & 0x7f) << shift;
      if (b >= 0) {
        return (value >>> 1) ^ -(value & 1);
      }
    }
    throw new BadRecord("varint is longer than " + Varints.MAX_INT_BYTES + " bytes");
  }

  private long varlong() throws BadRecord, IOException {
    long value = 0;
    for (int shift = 0; shift < 7 * Varints.MAX_LONG_BYTES; shift += 7) {
      byte b = readByte();
      value |= (b & 0x7fL) << shift;
      if (b >= 0) {
        return (value >>> 1) ^ -(value & 1);
      }
    }
    throw new BadRecord("varlong is longer than " + Varints.MAX_LONG_BYTES + " bytes");
  }

  private byte readByte() throws BadRecord, IOException {
    if (position == limit && !refill()) {
      throw new BadRecord("records end in the middle of one");
    }
    return window.get(position++);
  }

  private boolean refill() throws IOException {
    if (source == null) {
      return false;
    }
    before += limit;
    position = 0;
    limit = 0;
    int read = source.read(chunk, 0, chunk.length);
    if (read <= 0) {
      return false;
    }
    limit = read;
    return true;
  }

  /** What is wrong with the records. Made often by hostile input, hence without a stack trace. */
  static final class BadRecord extends Exception {
    @Serial private static final long serialVersionUID = 1;

    BadRecord(String reason) {
      super(reason, null, false, false);
    }
  }
}
