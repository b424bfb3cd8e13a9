package io.millrace.protocol.record;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** A byte array that grows as it is written. Confined to its user. */
final class GrowingBytes extends OutputStream {

  private byte[] bytes;
  private int size;

  GrowingBytes(int firstCapacity) {
    this.bytes = new byte[Math.max(64, firstCapacity)];
  }

  int size() {
    return size;
  }

  byte[] array() {
    return bytes;
  }

  ByteBuffer toByteBuffer() {
    return ByteBuffer.wrap(bytes, 0, size).slice();
  }

  void truncate(int newSize) {
    size = newSize;
  }

  /** Leaves room for a header that is written later. */
  void skip(int count) {
    ensure(count);
    size += count;
  }

  @Override
  public void write(int b) {
    ensure(1);
    bytes[size++] = (byte) b;
  }

  @Override
  public void write(byte[] source, int offset, int length) {
    ensure(length);
    System.arraycopy(source, offset, bytes, size, length);
    size += length;
  }

  /** Writes from position to limit and does not move them. */
  void write(ByteBuffer source) {
    int length = source.remaining();
    ensure(length);
    source.get(source.position(), bytes, size, length);
    size += length;
  }

  void writeVarint(int value) {
    ensure(Varints.MAX_INT_BYTES);
    int rest = Varints.zigzag(value);
    while ((rest & ~0x7f) != 0) {
      bytes[size++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[size++] = (byte) rest;
  }

  void writeVarlong(long value) {
    ensure(Varints.MAX_LONG_BYTES);
    long rest = Varints.zigzag(value);
    while ((rest & ~0x7fL) != 0) {
      bytes[size++] = (byte) (rest | 0x80);
      rest >>>= 7;
    }
    bytes[size++] = (byte) rest;
  }

  /**
   * Takes what the source has ready, up to one byte more than {@code maxSize} in all.
   *
   * @return false at the end of the source, or beyond {@code maxSize}
   */
  boolean transferFrom(InputStream source, int maxSize) throws IOException {
    if (size == bytes.length) {
      ensure(1);
    }
    int room = (int) Math.min(bytes.length - size, (long) maxSize + 1 - size);
    int read = source.read(bytes, size, room);
    if (read < 0) {
      return false;
    }
    size += read;
    return size <= maxSize;
  }

  private void ensure(int count) {
    if (count > bytes.length - size) {
      long needed = (long) size + count;
      if (needed > Integer.MAX_VALUE - 8) {
        throw new IllegalStateException("buffer would need " + needed + " bytes");
      }
      bytes =
          Arrays.copyOf(
              bytes, (int) Math.min(Integer.MAX_VALUE - 8, Math.max(needed, bytes.length * 2L)));
    }
  }
}
