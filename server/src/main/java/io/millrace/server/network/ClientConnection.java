package io.millrace.server.network;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.codec.MalformedMessageException;
import io.millrace.protocol.codec.OutboundFrame;
import io.millrace.protocol.codec.WireWriter;
import io.millrace.protocol.message.ResponseHeader;
import io.millrace.protocol.message.ResponseMessage;
import io.millrace.protocol.network.BadFrameException;
import io.millrace.server.network.ResponseSequencer.Slot;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.DecoderException;
import io.netty.handler.timeout.IdleStateEvent;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client's connection: hands its requests on as they come and sends the answers in their order.
 *
 * <p>It stops reading while too many requests wait for answers, while the node's memory for
 * requests is used up, or while the peer does not take its answers; TCP then holds the client back.
 *
 * <p>A connection that has only fetched is read even when the memory is used up: what uses it are
 * produces that wait for followers, and it is the followers' fetches that set them free.
 */
@ConfinedTo("the connection's event loop")
final class ClientConnection extends ChannelInboundHandlerAdapter {
  private static final Logger LOG = LoggerFactory.getLogger(ClientConnection.class);
  private static final int EXPECTED_RESPONSE_BYTES = 512;
  private static final int SMALL_REQUEST_BYTES = 64 << 10;
  private static final int LARGE_FETCH_BYTES = 1 << 20;

  private final ListenerContext shared;
  private final RequestDecoder decoder;
  private final IntSupplier arriving;
  private final ResponseSequencer sequencer = new ResponseSequencer();
  private final Peer peer;
  private boolean reading;
  private boolean unflushed;
  private boolean waitsForMemory;
  private boolean usesMemory;
  private boolean fetches;
  private int reserved;
  private boolean closed;

  /**
   * @param arriving the length of the frame that has begun to arrive, 0 when none has
   */
  ClientConnection(
      ListenerContext shared, Peer peer, RequestDecoder decoder, IntSupplier arriving) {
    this.shared = shared;
    this.peer = peer;
    this.decoder = decoder;
    this.arriving = arriving;
  }

  @Override
  public void channelActive(ChannelHandlerContext ctx) {
    LOG.debug("connection opened, remote={}", peer.remote());
    ctx.fireChannelActive();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    reading = true;
    ByteBuf frame = (ByteBuf) message;
    try {
      if (!closed) {
        onFrame(ctx, frame);
      }
    } finally {
      frame.release();
    }
  }

  private void onFrame(ChannelHandlerContext ctx, ByteBuf frame) {
    int bytes = frame.readableBytes();
    RequestDecoder.Decoded decoded;
    try {
      decoded = decoder.decode(frame, peer);
    } catch (MalformedMessageException e) {
      refuse(ctx, e.getMessage() + ", remote=" + peer.remote());
      return;
    }
    RequestContext context = decoded.context();
    peer.requestArrived(context.apiKey());
    shared.metrics().requestArrived(context.apiKey(), bytes);
    shared.budget().take(bytes);
    giveReservationBack(); // it is this frame's
    fetches |= context.apiKey() == ApiKey.FETCH;
    usesMemory |= bytes > LARGE_FETCH_BYTES || !onlyReads(context.apiKey());
    Slot slot = sequencer.open(context, bytes, shared.clock().monotonicNanos());
    CompletableFuture<Reply> answer;
    try {
      answer = shared.processor().process(context, decoded.request());
    } catch (RuntimeException e) {
      answer = CompletableFuture.failedFuture(e);
    }
    answer.whenComplete((reply, failure) -> onAnswer(ctx, slot, reply, failure));
    applyBackPressure(ctx);
  }

  /** What a follower sends. */
  private static boolean onlyReads(ApiKey key) {
    return key == ApiKey.FETCH
        || key == ApiKey.API_VERSIONS
        || key == ApiKey.OFFSET_FOR_LEADER_EPOCH;
  }

  /** Any thread: whoever completes the answer. */
  private void onAnswer(
      ChannelHandlerContext ctx, Slot slot, @Nullable Reply reply, @Nullable Throwable failure) {
    if (ctx.executor().inEventLoop()) {
      deliver(ctx, slot, reply, failure);
      return;
    }
    try {
      ctx.executor().execute(() -> deliver(ctx, slot, reply, failure));
    } catch (RejectedExecutionException stopping) {
      // The node's network is down; nobody is left to hear the answer.
      if (reply != null) {
        reply.release();
      }
    }
  }

  private void deliver(
      ChannelHandlerContext ctx, Slot slot, @Nullable Reply reply, @Nullable Throwable failure) {
    if (reply == null) {
      if (!closed) {
        LOG.error(
            "request failed, closing its connection: api={} version={} remote={}",
            slot.context.apiKey(),
            slot.context.version(),
            peer.remote(),
            failure);
        close(ctx);
      }
      return;
    }
    if (closed) {
      reply.release();
      return;
    }
    sequencer.complete(slot, reply);
    sequencer.drain((ready, answer) -> send(ctx, ready, answer));
    // While a read goes on, its end flushes once for all of its requests.
    if (!reading) {
      flush(ctx);
      applyBackPressure(ctx);
    }
  }

  private void send(ChannelHandlerContext ctx, Slot slot, Reply reply) {
    shared.budget().giveBack(slot.requestBytes);
    ResponseMessage message = reply.message();
    if (message == null) {
      answered(slot, 0);
      if (reply.closes()) {
        close(ctx);
      }
      return;
    }
    OutboundFrame frame;
    try {
      frame = encode(ctx, slot.context, message);
    } catch (RuntimeException e) {
      LOG.error(
          "answer cannot be encoded, closing its connection: api={} version={} remote={}",
          slot.context.apiKey(),
          slot.context.version(),
          peer.remote(),
          e);
      close(ctx);
      return;
    } finally {
      reply.release();
    }
    long bytes = frame.sizeInBytes();
    ctx.write(frame, ctx.voidPromise());
    unflushed = true;
    answered(slot, bytes);
  }

  private void answered(Slot slot, long bytes) {
    shared
        .metrics()
        .requestAnswered(
            slot.context.apiKey(), bytes, shared.clock().monotonicNanos() - slot.arrivedNanos);
  }

  private static OutboundFrame encode(
      ChannelHandlerContext ctx, RequestContext context, ResponseMessage message) {
    WireWriter out = new WireWriter(ctx.alloc(), EXPECTED_RESPONSE_BYTES);
    try {
      ResponseHeader.builder()
          .correlationId(context.correlationId())
          .build()
          .write(out, context.apiKey().responseHeaderVersion(context.version()));
      message.write(out, context.version());
    } catch (RuntimeException e) {
      out.release();
      throw e;
    }
    return out.finish();
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext ctx) {
    reading = false;
    flush(ctx);
    applyBackPressure(ctx);
  }

  private void flush(ChannelHandlerContext ctx) {
    if (unflushed) {
      unflushed = false;
      ctx.flush();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    applyBackPressure(ctx);
    ctx.fireChannelWritabilityChanged();
  }

  private void applyBackPressure(ChannelHandlerContext ctx) {
    if (closed) {
      return;
    }
    boolean memory = mustWaitForMemory();
    boolean read =
        !memory && sequencer.size() < shared.maxQueuedRequests() && ctx.channel().isWritable();
    if (ctx.channel().config().isAutoRead() != read) {
      ctx.channel().config().setAutoRead(read);
    }
    if (memory && !waitsForMemory) {
      waitsForMemory = true;
      shared.budget().whenRoom(() -> onMemoryFreed(ctx));
    }
  }

  /**
   * A large frame is paid for when it begins to arrive, or many that never end would take more than
   * there is. Once paid for it is read to its end, whatever the others use.
   */
  private boolean mustWaitForMemory() {
    if (reserved > 0) {
      return false;
    }
    boolean exhausted = shared.budget().isExhausted();
    int coming = arriving.getAsInt();
    boolean large = coming > (fetches && !usesMemory ? LARGE_FETCH_BYTES : SMALL_REQUEST_BYTES);
    if (large && !exhausted) {
      shared.budget().take(coming);
      reserved = coming;
      return false;
    }
    return exhausted && (large || usesMemory);
  }

  private void giveReservationBack() {
    shared.budget().giveBack(reserved);
    reserved = 0;
  }

  /** Any thread: whoever gave the memory back. */
  private void onMemoryFreed(ChannelHandlerContext ctx) {
    try {
      ctx.executor()
          .execute(
              () -> {
                waitsForMemory = false;
                applyBackPressure(ctx);
              });
    } catch (RejectedExecutionException stopping) {
      LOG.debug("network stopped while a connection waited for memory, remote={}", peer.remote());
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
    if (event instanceof IdleStateEvent && sequencer.size() == 0) {
      LOG.debug("closed idle connection, remote={}", peer.remote());
      close(ctx);
      return;
    }
    ctx.fireUserEventTriggered(event);
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    closed = true;
    peer.gone();
    giveReservationBack();
    sequencer.clear(slot -> shared.budget().giveBack(slot.requestBytes));
    LOG.debug("connection closed, remote={}", peer.remote());
    ctx.fireChannelInactive();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    Throwable reason =
        cause instanceof DecoderException && cause.getCause() != null ? cause.getCause() : cause;
    if (reason instanceof IOException) {
      // The peer went away.
      LOG.debug("connection broke, remote={} reason={}", peer.remote(), reason.toString());
      ctx.close();
    } else if (reason instanceof BadFrameException) {
      refuse(ctx, String.valueOf(reason.getMessage())); // names the peer itself
    } else {
      LOG.error("connection failed, remote={}", peer.remote(), reason);
      close(ctx);
    }
  }

  private void refuse(ChannelHandlerContext ctx, String reason) {
    if (!closed) {
      closed = true;
      shared.strangers().warn("closed connection: " + reason);
      sequencer.clear(slot -> shared.budget().giveBack(slot.requestBytes));
      close(ctx);
    }
  }

  /** Closed from this side: it says nothing about the peer. */
  private void close(ChannelHandlerContext ctx) {
    peer.forget();
    ctx.close();
  }
}
