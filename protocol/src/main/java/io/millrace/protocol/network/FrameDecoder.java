package io.millrace.protocol.network;

import io.millrace.protocol.codec.FrameLimits;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Cuts the stream into frames: a length in four bytes, then as many bytes. Passes on what follows
 * the length, as a retained slice that its receiver releases. A length that is zero, negative or
 * over the limit ends the stream: a {@link BadFrameException} goes down the pipeline once, what
 * comes after is dropped.
 *
 * <p>Confined to the channel's loop.
 */
public final class FrameDecoder extends ByteToMessageDecoder {

  private static final int LENGTH_BYTES = 4;

  private final int maxFrameBytes;
  private boolean failed;

  /**
   * @param maxFrameBytes a longer frame is refused by its length, before it is buffered
   */
  public FrameDecoder(int maxFrameBytes) {
    this.maxFrameBytes = maxFrameBytes;
  }

  public FrameDecoder(FrameLimits limits) {
    this(limits.maxFrameBytes());
  }

  /** The length of a frame that has begun to arrive, 0 when none has. */
  public int arrivingFrameBytes() {
    ByteBuf gathered = internalBuffer();
    return failed || gathered.readableBytes() < LENGTH_BYTES
        ? 0
        : gathered.getInt(gathered.readerIndex());
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    if (failed) {
      in.skipBytes(in.readableBytes());
      return;
    }
    if (in.readableBytes() < LENGTH_BYTES) {
      return;
    }
    int length = in.getInt(in.readerIndex());
    if (length <= 0 || length > maxFrameBytes) {
      failed = true;
      String message =
          "frame of "
              + length
              + " bytes, allowed is 1 to "
              + maxFrameBytes
              + guess(in)
              + ", remote="
              + ctx.channel().remoteAddress();
      in.skipBytes(in.readableBytes());
      throw new BadFrameException(message);
    }
    if (in.readableBytes() - LENGTH_BYTES < length) {
      return;
    }
    in.skipBytes(LENGTH_BYTES);
    out.add(in.readRetainedSlice(length));
  }

  /** What people point at our port by mistake, for the log's reader. */
  private static String guess(ByteBuf in) {
    int first = in.getUnsignedByte(in.readerIndex());
    int second = in.getUnsignedByte(in.readerIndex() + 1);
    if (first == 0x16 && second == 0x03) {
      return " (the peer speaks TLS)";
    }
    String text = in.toString(in.readerIndex(), LENGTH_BYTES, StandardCharsets.US_ASCII);
    return switch (text) {
      case "GET ", "POST", "HEAD", "PUT ", "HTTP", "PRI ", "OPTI", "CONN" ->
          " (the peer speaks HTTP)";
      case "SSH-" -> " (the peer speaks SSH)";
      default -> "";
    };
  }
}
