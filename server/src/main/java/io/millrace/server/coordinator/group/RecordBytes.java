package io.millrace.server.coordinator.group;

import io.millrace.protocol.Uuid;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The primitives of stored records: those of the wire, on heap buffers. {@code compact} means
 * lengths as varints of length + 1. Writes grow; reads throw {@link IllegalArgumentException} or
 * {@link java.nio.BufferUnderflowException} on nonsense.
 */
final class RecordBytes {
  private ByteBuffer buffer;

  RecordBytes() {
    this.buffer = ByteBuffer.allocate(128);
  }

  RecordBytes(ByteBuffer source) {
    this.buffer = source.duplicate();
  }

  // ---- write

  RecordBytes putByte(int value) {
    room(1).put((byte) value);
    return this;
  }

  RecordBytes putShort(int value) {
    room(2).putShort((short) value);
    return this;
  }

  RecordBytes putInt(int value) {
    room(4).putInt(value);
    return this;
  }

  RecordBytes putLong(long value) {
    room(8).putLong(value);
    return this;
  }

  RecordBytes putUuid(Uuid value) {
    return putLong(value.mostSignificantBits()).putLong(value.leastSignificantBits());
  }

  RecordBytes putVarint(int value) {
    int rest = value;
    while ((rest & ~0x7f) != 0) {
      putByte(rest | 0x80);
      rest >>>= 7;
    }
    return putByte(rest);
  }

  RecordBytes putString(@Nullable String value, boolean compact) {
    byte[] bytes = value == null ? null : value.getBytes(StandardCharsets.UTF_8);
    int length = bytes == null ? -1 : bytes.length;
    if (compact) {
      putVarint(length + 1);
    } else if (length > Short.MAX_VALUE) {
      throw new IllegalArgumentException("string of " + length + " bytes, limit 32767");
    } else {
      putShort(length);
    }
    if (bytes != null) {
      room(length).put(bytes);
    }
    return this;
  }

  RecordBytes putBytes(ByteBuffer value) {
    putInt(value.remaining());
    room(value.remaining()).put(value.duplicate());
    return this;
  }

  RecordBytes putCompactBytes(ByteBuffer value) {
    putVarint(value.remaining() + 1);
    room(value.remaining()).put(value.duplicate());
    return this;
  }

  /** Bytes without their length. */
  RecordBytes putRaw(ByteBuffer value) {
    room(value.remaining()).put(value.duplicate());
    return this;
  }

  <T> RecordBytes putList(List<T> values, BiConsumer<RecordBytes, T> element) {
    putInt(values.size());
    values.forEach(value -> element.accept(this, value));
    return this;
  }

  <T> RecordBytes putCompactList(List<T> values, BiConsumer<RecordBytes, T> element) {
    putVarint(values.size() + 1);
    values.forEach(value -> element.accept(this, value));
    return this;
  }

  ByteBuffer done() {
    return buffer.flip().slice().asReadOnlyBuffer();
  }

  private ByteBuffer room(int bytes) {
    if (buffer.remaining() < bytes) {
      int capacity = Math.max(buffer.capacity() * 2, buffer.position() + bytes);
      buffer = ByteBuffer.allocate(capacity).put(buffer.flip());
    }
    return buffer;
  }

  // ---- read

  boolean hasMore() {
    return buffer.hasRemaining();
  }

  byte readByte() {
    return buffer.get();
  }

  short readShort() {
    return buffer.getShort();
  }

  int readInt() {
    return buffer.getInt();
  }

  long readLong() {
    return buffer.getLong();
  }

  Uuid readUuid() {
    return new Uuid(buffer.getLong(), buffer.getLong());
  }

  int readVarint() {
    int value = 0;
    for (int shift = 0; shift <= 28; shift += 7) {
      int next = buffer.get();
      value |= (next & 0x7f) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw new IllegalArgumentException("varint is longer than 5 bytes");
  }

  @Nullable String readNullableString(boolean compact) {
    int length = compact ? readVarint() - 1 : readShort();
    return length < 0 ? null : StandardCharsets.UTF_8.decode(take(length)).toString();
  }

  String readString(boolean compact) {
    String value = readNullableString(compact);
    if (value == null) {
      throw new IllegalArgumentException("string is null where null is not allowed");
    }
    return value;
  }

  /** A copy. */
  ByteBuffer readBytes(boolean compact) {
    ByteBuffer source = take(compact ? readVarint() - 1 : readInt());
    return ByteBuffer.allocate(source.remaining()).put(source).flip().asReadOnlyBuffer();
  }

  <T> List<T> readList(boolean compact, Function<RecordBytes, T> element) {
    int count = compact ? readVarint() - 1 : readInt();
    if (count > buffer.remaining()) {
      throw new IllegalArgumentException(
          "array of " + count + " elements in " + buffer.remaining() + " bytes");
    }
    List<T> values = new ArrayList<>(Math.max(0, count));
    for (int i = 0; i < count; i++) {
      values.add(element.apply(this));
    }
    return values;
  }

  /** Reads the block of tagged fields: hands over each tag's bytes. */
  void readTags(BiConsumer<Integer, RecordBytes> field) {
    for (int left = readVarint(); left > 0; left--) {
      int tag = readVarint();
      field.accept(tag, new RecordBytes(take(readVarint())));
    }
  }

  void skipTags() {
    readTags((tag, field) -> {});
  }

  void skip(int length) {
    take(length);
  }

  private ByteBuffer take(int length) {
    if (length < 0 || length > buffer.remaining()) {
      throw new IllegalArgumentException(
          "field of " + length + " bytes, " + buffer.remaining() + " remain");
    }
    ByteBuffer slice = buffer.slice(buffer.position(), length);
    buffer.position(buffer.position() + length);
    return slice;
  }
}
