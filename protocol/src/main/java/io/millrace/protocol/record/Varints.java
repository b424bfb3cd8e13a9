package io.millrace.protocol.record;

/** Sizes of the zigzag variable-length integers of the record format. */
final class Varints {

  static final int MAX_INT_BYTES = 5;
  static final int MAX_LONG_BYTES = 10;

  private Varints() {}

  static int zigzag(int value) {
    return (value << 1) ^ (value >> 31);
  }

  static long zigzag(long value) {
    return (value << 1) ^ (value >> 63);
  }

  static int sizeOf(int value) {
    int bits = 32 - Integer.numberOfLeadingZeros(zigzag(value) | 1);
    return (bits + 6) / 7;
  }

  static int sizeOf(long value) {
    int bits = 64 - Long.numberOfLeadingZeros(zigzag(value) | 1);
    return (bits + 6) / 7;
  }
}
