package io.millrace.protocol.codec;

import io.millrace.protocol.Uuid;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufUtil;
import io.netty.util.ReferenceCounted;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes the primitives of the Kafka protocol into one growing buffer, and remembers where foreign
 * pieces (buffers and file regions that must not be copied) go between its bytes. Ends with {@link
 * #finish()}, which puts the frame's length in front, or with {@link #release()}.
 *
 * <p>Owns its buffer until then, and the foreign pieces handed over. Confined to the thread that
 * made it. {@code flexible} means what it means in {@link WireReader}.
 */
public final class WireWriter {

  private static final int LENGTH_BYTES = 4;
  private static final int MAX_STRING_BYTES = 0x7fff;

  /**
   * Below this, copying a foreign buffer is cheaper than another piece in the socket's gather list.
   */
  private static final int COPY_BELOW_BYTES = 512;

  private final ByteBuf buffer;
  private @Nullable List<Piece> pieces;
  private long piecesBytes;

  /** Something that is sent after the first {@code at} bytes of the buffer. */
  private record Piece(int at, ReferenceCounted content) {}

  public WireWriter(ByteBufAllocator allocator) {
    this(allocator, 256);
  }

  public WireWriter(ByteBufAllocator allocator, int expectedBytes) {
    this.buffer = allocator.ioBuffer(LENGTH_BYTES + expectedBytes);
    buffer.writeInt(0);
  }

  public void writeByte(byte value) {
    buffer.writeByte(value);
  }

  public void writeBoolean(boolean value) {
    buffer.writeByte(value ? 1 : 0);
  }

  public void writeShort(short value) {
    buffer.writeShort(value);
  }

  public void writeUnsignedShort(int value) {
    if (value < 0 || value > 0xffff) {
      throw new UnsupportedFieldException(value + " does not fit 16 bits");
    }
    buffer.writeShort(value);
  }

  public void writeInt(int value) {
    buffer.writeInt(value);
  }

  public void writeUnsignedInt(long value) {
    if (value < 0 || value > 0xffff_ffffL) {
      throw new UnsupportedFieldException(value + " does not fit 32 bits");
    }
    buffer.writeInt((int) value);
  }

  public void writeLong(long value) {
    buffer.writeLong(value);
  }

  public void writeDouble(double value) {
    buffer.writeDouble(value);
  }

  public void writeUuid(Uuid value) {
    buffer.writeLong(value.mostSignificantBits());
    buffer.writeLong(value.leastSignificantBits());
  }

  public void writeUnsignedVarint(int value) {
    int rest = value;
    while ((rest & ~0x7f) != 0) {
      buffer.writeByte(rest | 0x80);
      rest >>>= 7;
    }
    buffer.writeByte(rest);
  }

  public void writeString(String value, boolean flexible) {
    int length = ByteBufUtil.utf8Bytes(value);
    if (length > MAX_STRING_BYTES) {
      throw new UnsupportedFieldException("string of " + length + " bytes, limit 32767");
    }
    if (flexible) {
      writeUnsignedVarint(length + 1);
    } else {
      buffer.writeShort(length);
    }
    ByteBufUtil.reserveAndWriteUtf8(buffer, value, length);
  }

  public void writeNullableString(@Nullable String value, boolean flexible) {
    if (value != null) {
      writeString(value, flexible);
    } else if (flexible) {
      buffer.writeByte(0);
    } else {
      buffer.writeShort(-1);
    }
  }

  public void writeBytes(ByteBuffer value, boolean flexible) {
    writeLength(value.remaining(), flexible);
    buffer.writeBytes(value.duplicate());
  }

  public void writeNullableBytes(@Nullable ByteBuffer value, boolean flexible) {
    if (value != null) {
      writeBytes(value, flexible);
    } else {
      writeLength(-1, flexible);
    }
  }

  /** The length of an array or of bytes that follow, -1 for null. */
  public void writeLength(int length, boolean flexible) {
    if (flexible) {
      writeUnsignedVarint(length + 1);
    } else {
      buffer.writeInt(length);
    }
  }

  public void writeByteList(List<Byte> values) {
    for (int i = 0; i < values.size(); i++) {
      buffer.writeByte(values.get(i));
    }
  }

  public void writeShortList(List<Short> values) {
    for (int i = 0; i < values.size(); i++) {
      buffer.writeShort(values.get(i));
    }
  }

  public void writeIntList(List<Integer> values) {
    for (int i = 0; i < values.size(); i++) {
      buffer.writeInt(values.get(i));
    }
  }

  public void writeLongList(List<Long> values) {
    for (int i = 0; i < values.size(); i++) {
      buffer.writeLong(values.get(i));
    }
  }

  public void writeUuidList(List<Uuid> values) {
    for (int i = 0; i < values.size(); i++) {
      writeUuid(values.get(i));
    }
  }

  public void writeStringList(List<String> values, boolean flexible) {
    for (int i = 0; i < values.size(); i++) {
      writeString(values.get(i), flexible);
    }
  }

  public void writeBytesList(List<ByteBuffer> values, boolean flexible) {
    for (int i = 0; i < values.size(); i++) {
      writeBytes(values.get(i), flexible);
    }
  }

  /** Writes a nullable struct's first byte and returns whether the struct follows. */
  public boolean writePresence(@Nullable Object value) {
    buffer.writeByte(value != null ? 1 : -1);
    return value != null;
  }

  /** Starts a tagged field. Returns the mark that {@link #endTaggedField} wants. */
  public int beginTaggedField(int tag) {
    writeUnsignedVarint(tag);
    int mark = buffer.writerIndex();
    buffer.writeByte(0);
    return mark;
  }

  /**
   * Ends a tagged field: its length goes in front of it, and a long one moves the bytes to make
   * room.
   */
  public void endTaggedField(int mark) {
    int start = mark + 1;
    int length = buffer.writerIndex() - start;
    if (length < 0x80) {
      buffer.setByte(mark, length);
      return;
    }
    if (pieces != null && pieces.get(pieces.size() - 1).at() > mark) {
      throw new IllegalStateException("records inside a tagged field");
    }
    int more = lengthOfVarint(length) - 1;
    buffer.writeZero(more);
    ByteBuf moved = buffer.alloc().heapBuffer(length);
    try {
      moved.writeBytes(buffer, start, length);
      buffer.setBytes(start + more, moved, 0, length);
    } finally {
      moved.release();
    }
    buffer.writerIndex(mark);
    writeUnsignedVarint(length);
    buffer.writerIndex(start + more + length);
  }

  /**
   * Appends a buffer's readable bytes, without copying when they are many. Takes over the caller's
   * reference.
   */
  public void append(ByteBuf content) {
    if (content.readableBytes() < COPY_BELOW_BYTES) {
      buffer.writeBytes(content, content.readerIndex(), content.readableBytes());
      content.release();
    } else {
      appendPiece(content, content.readableBytes());
    }
  }

  /**
   * Appends something that the channel sends by itself (a file region) without passing it through
   * memory. Takes over the caller's reference.
   */
  public void appendPiece(ReferenceCounted content, long sizeInBytes) {
    if (pieces == null) {
      pieces = new ArrayList<>(4);
    }
    pieces.add(new Piece(buffer.writerIndex(), content));
    piecesBytes += sizeInBytes;
  }

  /** Bytes written so far, without the frame's length. */
  public long sizeInBytes() {
    return buffer.writerIndex() - LENGTH_BYTES + piecesBytes;
  }

  /** The frame, with its length in front. The writer is spent. */
  public OutboundFrame finish() {
    long size = sizeInBytes();
    if (size > Integer.MAX_VALUE - LENGTH_BYTES) {
      release();
      throw new UnsupportedFieldException("frame of " + size + " bytes");
    }
    buffer.setInt(0, (int) size);
    return new OutboundFrame(takePieces(0), size + LENGTH_BYTES);
  }

  /**
   * What was written, without a frame's length: for values that are stored rather than sent. The
   * writer is spent.
   */
  public ByteBuf finishBare() {
    long size = sizeInBytes();
    return new OutboundFrame(takePieces(LENGTH_BYTES), size).toBuffer(buffer.alloc());
  }

  /** Gives everything back, when the message cannot be written after all. */
  public void release() {
    buffer.release();
    if (pieces != null) {
      pieces.forEach(piece -> piece.content().release());
      pieces = null;
    }
  }

  private List<ReferenceCounted> takePieces(int from) {
    if (pieces == null) {
      return List.of(buffer.readerIndex(from));
    }
    List<ReferenceCounted> all = new ArrayList<>(2 * pieces.size() + 1);
    int start = from;
    for (Piece piece : pieces) {
      if (piece.at() > start) {
        all.add(buffer.retainedSlice(start, piece.at() - start));
      }
      all.add(piece.content());
      start = piece.at();
    }
    if (buffer.writerIndex() > start) {
      all.add(buffer.retainedSlice(start, buffer.writerIndex() - start));
    }
    buffer.release();
    return List.copyOf(all);
  }

  private static int lengthOfVarint(int value) {
    return (Integer.SIZE - Integer.numberOfLeadingZeros(value | 1) + 6) / 7;
  }
}
