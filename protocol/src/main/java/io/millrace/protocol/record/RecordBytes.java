package io.millrace.protocol.record;

import java.nio.ByteBuffer;

/**
 * The bytes of a batch's records and a place in them, for whoever walks them: reads the format's
 * variable-length integers and never beyond the end.
 *
 * <p>Confined to its user.
 */
abstract class RecordBytes {

  final ByteBuffer bytes;
  int position;

  RecordBytes(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  /** Says what is wrong with the bytes, and where. */
  abstract CorruptRecordsException corrupt(String what);

  final int varint() {
    int value = 0;
    for (int shift = 0; shift < 7 * Varints.MAX_INT_BYTES; shift += 7) {
      int b = nextByte();
      value |= (b & 0x7f) << shift;
      if ((b & 0x80) == 0) {
        return (value >>> 1) ^ -(value & 1);
      }
    }
    throw corrupt("varint is longer than " + Varints.MAX_INT_BYTES + " bytes");
  }

  final long varlong() {
    long value = 0;
    for (int shift = 0; shift < 7 * Varints.MAX_LONG_BYTES; shift += 7) {
      int b = nextByte();
      value |= (b & 0x7fL) << shift;
      if ((b & 0x80) == 0) {
        return (value >>> 1) ^ -(value & 1);
      }
    }
    throw corrupt("varlong is longer than " + Varints.MAX_LONG_BYTES + " bytes");
  }

  private int nextByte() {
    if (position >= bytes.limit()) {
      throw corrupt("records end in the middle of a number");
    }
    return bytes.get(position++);
  }
}
