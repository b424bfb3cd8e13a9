package io.millrace.protocol.codec;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.channel.FileRegion;
import io.netty.util.ReferenceCounted;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;
import java.util.List;

/**
 * One frame ready for the socket: buffers and file regions in order, the length in the first four
 * bytes. Whoever writes the pieces to a channel gives the references to Netty; whoever does not,
 * calls {@link #release()}.
 *
 * @param pieces each a {@link ByteBuf} or a {@link FileRegion}
 * @param sizeInBytes all pieces together
 */
public record OutboundFrame(List<ReferenceCounted> pieces, long sizeInBytes) {

  public OutboundFrame {
    pieces = List.copyOf(pieces);
  }

  /** Gives every piece back unsent. */
  public void release() {
    pieces.forEach(ReferenceCounted::release);
  }

  /**
   * The whole frame as one buffer, for channels that cannot send file regions (TLS) and for tests.
   * Copies unless it is one buffer already; spends the frame.
   */
  public ByteBuf toBuffer(ByteBufAllocator allocator) {
    if (pieces.size() == 1 && pieces.get(0) instanceof ByteBuf only) {
      return only;
    }
    ByteBuf whole = allocator.ioBuffer((int) sizeInBytes);
    try {
      for (ReferenceCounted piece : pieces) {
        if (piece instanceof ByteBuf bytes) {
          whole.writeBytes(bytes, bytes.readerIndex(), bytes.readableBytes());
        } else {
          copyRegion((FileRegion) piece, whole);
        }
      }
      return whole;
    } catch (IOException e) {
      whole.release();
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      whole.release();
      throw e;
    } finally {
      release();
    }
  }

  private static void copyRegion(FileRegion region, ByteBuf target) throws IOException {
    WritableByteChannel sink = new BufferSink(target);
    while (region.transferred() < region.count()) {
      if (region.transferTo(sink, region.transferred()) <= 0) {
        throw new IOException(
            "file ended at " + region.transferred() + " of " + region.count() + " bytes");
      }
    }
  }

  /** A channel that appends to a buffer. */
  private record BufferSink(ByteBuf target) implements WritableByteChannel {
    @Override
    public int write(ByteBuffer source) {
      int bytes = source.remaining();
      target.writeBytes(source);
      return bytes;
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }
}
