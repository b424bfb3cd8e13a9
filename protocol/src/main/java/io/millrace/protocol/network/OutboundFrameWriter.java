package io.millrace.protocol.network;

import io.millrace.protocol.codec.OutboundFrame;
import io.netty.channel.ChannelHandler.Sharable;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOutboundHandlerAdapter;
import io.netty.channel.ChannelPromise;
import io.netty.util.ReferenceCounted;
import java.util.List;

/**
 * Writes an {@link OutboundFrame} as its pieces: buffers are gathered into one system call, file
 * regions are sent by the kernel. The write's promise is the last piece's: Netty writes in order
 * and fails all that follows a failure.
 *
 * <p>Shared by all channels; anything else passes through.
 */
@Sharable
public final class OutboundFrameWriter extends ChannelOutboundHandlerAdapter {

  public static final OutboundFrameWriter INSTANCE = new OutboundFrameWriter();

  private OutboundFrameWriter() {}

  @Override
  public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
    if (!(message instanceof OutboundFrame frame)) {
      ctx.write(message, promise);
      return;
    }
    List<ReferenceCounted> pieces = frame.pieces();
    int last = pieces.size() - 1;
    for (int i = 0; i < last; i++) {
      ctx.write(pieces.get(i), ctx.voidPromise());
    }
    ctx.write(pieces.get(last), promise);
  }
}
