package io.millrace.metadata.network;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * One end of two connections joined into one: what arrives at an end leaves at the other. An end is
 * not read while the other cannot be written, so that a slow side slows the other down instead of
 * filling memory. Both run on one loop.
 *
 * <p>Confined to the channels' loop.
 */
final class Splice extends ChannelInboundHandlerAdapter {

  private final Deque<Object> early = new ArrayDeque<>();
  private @Nullable Channel other;

  /** Joins the channel of the context with a new connection to the target. */
  static void join(
      ChannelHandlerContext ctx, Class<? extends Channel> channelType, InetSocketAddress target) {
    Channel incoming = ctx.channel();
    incoming.config().setAutoRead(false);
    Splice incomingEnd = new Splice();
    Splice outgoingEnd = new Splice();
    outgoingEnd.other = incoming;
    ctx.pipeline().addLast(incomingEnd);
    new Bootstrap()
        .group(incoming.eventLoop())
        .channel(channelType)
        .option(ChannelOption.TCP_NODELAY, true)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, 2_000)
        .handler(outgoingEnd)
        .connect(target)
        .addListener(
            (ChannelFutureListener)
                done -> {
                  if (done.isSuccess() && incoming.isActive()) {
                    incomingEnd.connected(done.channel());
                    incoming.config().setAutoRead(true);
                  } else {
                    done.channel().close();
                    incomingEnd.dropEarly();
                    incoming.close();
                  }
                });
  }

  private void connected(Channel channel) {
    other = channel;
    while (!early.isEmpty()) {
      channel.write(early.remove());
    }
    channel.flush();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    if (other == null) {
      early.add(message);
    } else {
      other.write(message);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    if (other != null) {
      other.flush();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (other != null) {
      other.config().setAutoRead(ctx.channel().isWritable());
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    dropEarly();
    if (other != null) {
      other.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
    }
  }

  @Override
  @SuppressWarnings("deprecation") // inherited as an inbound event, which it still is
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    ctx.close();
  }

  private void dropEarly() {
    early.forEach(ReferenceCountUtil::release);
    early.clear();
  }
}
