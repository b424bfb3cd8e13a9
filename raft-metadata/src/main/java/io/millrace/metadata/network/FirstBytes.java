package io.millrace.metadata.network;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.util.concurrent.Future;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Looks at the first eight bytes of a connection and hands it to whoever they are for. A connection
 * that says something else, or says nothing for ten seconds, is closed.
 *
 * <p>Confined to the channel's loop.
 */
final class FirstBytes extends ByteToMessageDecoder {

  private static final long PATIENCE_SECONDS = 10;

  private final Consumer<ChannelHandlerContext> toOurs;
  private final Consumer<ChannelHandlerContext> toRaft;
  private final BiConsumer<ChannelHandlerContext, String> refused;
  private @Nullable Future<?> patience;

  /**
   * @param toOurs adds the handlers of our protocol to the pipeline
   * @param toRaft adds the handlers that pass everything on
   * @param refused told what came instead; the connection is closed after it
   */
  FirstBytes(
      Consumer<ChannelHandlerContext> toOurs,
      Consumer<ChannelHandlerContext> toRaft,
      BiConsumer<ChannelHandlerContext, String> refused) {
    this.toOurs = toOurs;
    this.toRaft = toRaft;
    this.refused = refused;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) throws Exception {
    patience =
        ctx.executor().schedule(() -> refuse(ctx, "nothing"), PATIENCE_SECONDS, TimeUnit.SECONDS);
    super.channelActive(ctx);
  }

  @Override
  protected void decode(ChannelHandlerContext ctx, ByteBuf in, List<Object> out) {
    boolean maybeOurs = startsLike(in, ControllerProtocol.MAGIC);
    boolean maybeRaft = startsLike(in, ControllerProtocol.HTTP2_PREFACE);
    if (!maybeOurs && !maybeRaft) {
      StringBuilder seen = new StringBuilder();
      for (int i = 0; i < Math.min(8, in.readableBytes()); i++) {
        seen.append(String.format("%02x", in.getByte(in.readerIndex() + i)));
      }
      in.skipBytes(in.readableBytes());
      refuse(ctx, "bytes " + seen);
      return;
    }
    if (in.readableBytes() < ControllerProtocol.MAGIC.length) {
      return;
    }
    cancelPatience();
    if (maybeOurs) {
      in.skipBytes(ControllerProtocol.MAGIC.length);
      toOurs.accept(ctx);
    } else {
      toRaft.accept(ctx);
    }
    ctx.pipeline().remove(this); // what was read too much goes on to the next handler
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) throws Exception {
    cancelPatience();
    super.channelInactive(ctx);
  }

  private void refuse(ChannelHandlerContext ctx, String seen) {
    cancelPatience();
    refused.accept(ctx, seen);
    ctx.close();
  }

  private void cancelPatience() {
    if (patience != null) {
      patience.cancel(false);
    }
  }

  private static boolean startsLike(ByteBuf in, byte[] expected) {
    int length = Math.min(in.readableBytes(), expected.length);
    for (int i = 0; i < length; i++) {
      if (in.getByte(in.readerIndex() + i) != expected[i]) {
        return false;
      }
    }
    return true;
  }
}
