package io.millrace.protocol.codec;

import io.millrace.protocol.Uuid;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads the primitives of the Kafka protocol from a buffer that a peer filled, and believes
 * nothing: every length is checked against what remains before anything is allocated, and every
 * fault is a {@link MalformedMessageException}.
 *
 * <p>Moves the buffer's reader index; does not own the buffer. {@link #readSlice slices} are
 * retained and belong to whoever reads them, unless {@link #releaseSlices} is called after a
 * failure. Confined to the thread that made it.
 *
 * <p>{@code flexible} in the methods below says whether the message version has compact lengths (an
 * unsigned varint of length + 1, 0 for null) instead of fixed ones (16 bits for strings, 32 for the
 * rest, negative for null).
 */
public final class WireReader {

  private static final int MAX_STRING_BYTES = 0x7fff;
  private static final int TRUSTED_LIST_CAPACITY = 256;

  private final ByteBuf buffer;
  private int elementsLeft;
  private @Nullable List<ByteBuf> slices;

  public WireReader(ByteBuf buffer) {
    this(buffer, FrameLimits.DEFAULT);
  }

  public WireReader(ByteBuf buffer, FrameLimits limits) {
    this.buffer = buffer;
    this.elementsLeft = limits.maxElements();
  }

  /** Bytes not read yet. */
  public int remaining() {
    return buffer.readableBytes();
  }

  public byte readByte() {
    require(1);
    return buffer.readByte();
  }

  public boolean readBoolean() {
    return readByte() != 0;
  }

  public short readShort() {
    require(2);
    return buffer.readShort();
  }

  public int readUnsignedShort() {
    require(2);
    return buffer.readUnsignedShort();
  }

  public int readInt() {
    require(4);
    return buffer.readInt();
  }

  public long readUnsignedInt() {
    require(4);
    return buffer.readUnsignedInt();
  }

  public long readLong() {
    require(8);
    return buffer.readLong();
  }

  public double readDouble() {
    require(8);
    return buffer.readDouble();
  }

  public Uuid readUuid() {
    require(16);
    long most = buffer.readLong();
    long least = buffer.readLong();
    return (most | least) == 0 ? Uuid.ZERO : new Uuid(most, least);
  }

  /** Up to 32 bits in groups of seven, lowest first. */
  public int readUnsignedVarint() {
    int value = 0;
    for (int shift = 0; shift <= 28; shift += 7) {
      int next = readByte();
      value |= (next & 0x7f) << shift;
      if (next >= 0) {
        if (shift == 28 && (next & 0x70) != 0) {
          throw new MalformedMessageException("varint has more than 32 bits");
        }
        return value;
      }
    }
    throw new MalformedMessageException("varint is longer than 5 bytes");
  }

  public String readString(boolean flexible) {
    return present(readNullableString(flexible), "string");
  }

  public @Nullable String readNullableString(boolean flexible) {
    int length = flexible ? readUnsignedVarint() - 1 : readShort();
    if (length <= 0) {
      return checkedNull(length) ? null : "";
    }
    if (length > MAX_STRING_BYTES) {
      throw new MalformedMessageException("string of " + length + " bytes, limit 32767");
    }
    require(length);
    int start = buffer.readerIndex();
    buffer.readerIndex(start + length);
    return buffer.toString(start, length, StandardCharsets.UTF_8);
  }

  public ByteBuffer readBytes(boolean flexible) {
    return present(readNullableBytes(flexible), "bytes");
  }

  /** A read-only copy. */
  public @Nullable ByteBuffer readNullableBytes(boolean flexible) {
    int length = readLength(flexible);
    if (length < 0) {
      return null;
    }
    require(length);
    byte[] copy = new byte[length];
    buffer.readBytes(copy);
    return ByteBuffer.wrap(copy).asReadOnlyBuffer();
  }

  /** A retained slice of the buffer, not a copy; null when the field is null. */
  public @Nullable ByteBuf readSlice(boolean flexible) {
    int length = readLength(flexible);
    if (length < 0) {
      return null;
    }
    require(length);
    ByteBuf slice = buffer.readRetainedSlice(length);
    if (slices == null) {
      slices = new ArrayList<>(4);
    }
    slices.add(slice);
    return slice;
  }

  /** Gives back every slice read so far. For the reader of a message that failed half way. */
  public void releaseSlices() {
    if (slices != null) {
      slices.forEach(ByteBuf::release);
      slices = null;
    }
  }

  /** The number of elements of an array that may not be null. */
  public int readArrayLength(boolean flexible) {
    int length = readNullableArrayLength(flexible);
    if (length < 0) {
      throw new MalformedMessageException("array is null where null is not allowed");
    }
    return length;
  }

  /** The number of elements of an array, or -1 for null. */
  public int readNullableArrayLength(boolean flexible) {
    int length = readLength(flexible);
    if (length > buffer.readableBytes()) {
      throw new MalformedMessageException(
          "array of " + length + " elements in " + buffer.readableBytes() + " bytes");
    }
    if (length > elementsLeft) {
      throw new MalformedMessageException(
          "array of " + length + " elements, " + elementsLeft + " left of the message's limit");
    }
    elementsLeft -= Math.max(length, 0);
    return length;
  }

  /**
   * An empty list to read {@code length} elements into; its first allocation trusts no length of
   * the peer's.
   */
  public static <T> List<T> newList(int length) {
    return new ArrayList<>(Math.min(length, TRUSTED_LIST_CAPACITY));
  }

  /** Reads a tagged field's length. Returns where the field ends, for {@link #endTaggedField}. */
  public int beginTaggedField() {
    int length = readUnsignedVarint();
    if (length < 0 || length > buffer.readableBytes()) {
      throw new MalformedMessageException(
          "tagged field of "
              + Integer.toUnsignedString(length)
              + " bytes in "
              + buffer.readableBytes());
    }
    return buffer.readerIndex() + length;
  }

  /** Checks that the field took what its length said. */
  public void endTaggedField(int end) {
    if (buffer.readerIndex() != end) {
      throw new MalformedMessageException(
          "tagged field ends " + (buffer.readerIndex() - end) + " bytes after its length");
    }
  }

  /** Jumps over the rest of a tagged field that we do not know. */
  public void skipTaggedField(int end) {
    buffer.readerIndex(end);
  }

  /** Jumps over a whole block of tagged fields. */
  public void skipTaggedFields() {
    for (int left = readTagCount(); left > 0; left--) {
      readUnsignedVarint();
      skipTaggedField(beginTaggedField());
    }
  }

  /** The number of tagged fields that follow. */
  public int readTagCount() {
    int count = readUnsignedVarint();
    if (count < 0 || count > buffer.readableBytes()) {
      throw new MalformedMessageException(
          Integer.toUnsignedString(count) + " tagged fields in " + buffer.readableBytes());
    }
    return count;
  }

  /** The elements of an array after its length; null for a length of -1, as of the others below. */
  public @Nullable List<Byte> readByteList(int length) {
    if (length < 0) {
      return null;
    }
    List<Byte> list = newList(length);
    for (int i = 0; i < length; i++) {
      list.add(readByte());
    }
    return List.copyOf(list);
  }

  public @Nullable List<Short> readShortList(int length) {
    if (length < 0) {
      return null;
    }
    List<Short> list = newList(length);
    for (int i = 0; i < length; i++) {
      list.add(readShort());
    }
    return List.copyOf(list);
  }

  public @Nullable List<Integer> readIntList(int length) {
    if (length < 0) {
      return null;
    }
    List<Integer> list = newList(length);
    for (int i = 0; i < length; i++) {
      list.add(readInt());
    }
    return List.copyOf(list);
  }

  public @Nullable List<Long> readLongList(int length) {
    if (length < 0) {
      return null;
    }
    List<Long> list = newList(length);
    for (int i = 0; i < length; i++) {
      list.add(readLong());
    }
    return List.copyOf(list);
  }

  public @Nullable List<Uuid> readUuidList(int length) {
    if (length < 0) {
      return null;
    }
    List<Uuid> list = newList(length);
    for (int i = 0; i < length; i++) {
      list.add(readUuid());
    }
    return List.copyOf(list);
  }

  public @Nullable List<String> readStringList(int length, boolean flexible) {
    if (length < 0) {
      return null;
    }
    List<String> list = newList(length);
    for (int i = 0; i < length; i++) {
      list.add(readString(flexible));
    }
    return List.copyOf(list);
  }

  public @Nullable List<ByteBuffer> readBytesList(int length, boolean flexible) {
    if (length < 0) {
      return null;
    }
    List<ByteBuffer> list = newList(length);
    for (int i = 0; i < length; i++) {
      list.add(readBytes(flexible));
    }
    return List.copyOf(list);
  }

  /** Whether a nullable struct follows: a byte, -1 for null. */
  public boolean readPresence() {
    return readByte() >= 0;
  }

  private int readLength(boolean flexible) {
    int length = flexible ? readUnsignedVarint() - 1 : readInt();
    return length < 0 && checkedNull(length) ? -1 : length;
  }

  /** Whether the length means null; lengths below -1 mean nothing. */
  private static boolean checkedNull(int length) {
    if (length < -1) {
      throw new MalformedMessageException("length " + length + " is negative");
    }
    return length == -1;
  }

  private static <T> T present(@Nullable T value, String what) {
    if (value == null) {
      throw new MalformedMessageException(what + " is null where null is not allowed");
    }
    return value;
  }

  private void require(int bytes) {
    if (buffer.readableBytes() < bytes) {
      throw new MalformedMessageException(
          "needs " + bytes + " bytes, " + buffer.readableBytes() + " remain");
    }
  }
}
