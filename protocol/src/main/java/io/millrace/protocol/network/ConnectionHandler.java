package io.millrace.protocol.network;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.codec.FrameLimits;
import io.millrace.protocol.codec.MalformedMessageException;
import io.millrace.protocol.codec.OutboundFrame;
import io.millrace.protocol.codec.WireReader;
import io.millrace.protocol.message.MessageRegistry;
import io.millrace.protocol.message.ProduceResponse;
import io.millrace.protocol.message.ResponseHeader;
import io.millrace.protocol.message.ResponseMessage;
import io.millrace.protocol.network.ConnectionException.Kind;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Pairs answers with requests. A peer answers in the order of the requests, so the answer that
 * comes belongs to the request that has waited longest; its correlation id must say the same, or
 * the stream is not what we think it is and ends.
 *
 * <pre>
 *   active --peer closes | we close | timeout | bad answer--> inactive: every request that waits fails with the reason
 * </pre>
 */
@ConfinedTo("the channel's loop")
final class ConnectionHandler extends ChannelInboundHandlerAdapter {

  private final String peer;
  private final FrameLimits limits;
  private final boolean shareFrames;
  private final InFlightPlaces inFlight; // shared with the senders
  private final Deque<PendingRequest> pending = new ArrayDeque<>();
  private final CompletableFuture<ConnectionException> closed = new CompletableFuture<>();

  private @Nullable ChannelHandlerContext context;
  private @Nullable ConnectionException reason;
  private boolean flushScheduled;

  ConnectionHandler(String peer, ConnectionConfig config, InFlightPlaces inFlight) {
    this.peer = peer;
    this.limits = config.limits();
    this.shareFrames = config.shareFrames();
    this.inFlight = inFlight;
  }

  /** Completes with the reason when the connection has ended. Any thread. */
  CompletableFuture<ConnectionException> closed() {
    return closed;
  }

  @Override
  public void handlerAdded(ChannelHandlerContext ctx) {
    context = ctx;
  }

  /** Sends a frame that the caller gives up, and waits for its answer. Any thread. */
  void send(PendingRequest request, OutboundFrame frame, long timeoutNanos) {
    ChannelHandlerContext ctx = context();
    if (ctx.executor().inEventLoop()) {
      sendNow(ctx, request, frame, timeoutNanos);
      return;
    }
    try {
      ctx.executor().execute(() -> sendNow(ctx, request, frame, timeoutNanos));
    } catch (RejectedExecutionException e) {
      frame.release();
      fail(
          request,
          new ConnectionException(Kind.CLOSED, "network loops are shut down, peer=" + peer, e));
    }
  }

  private void sendNow(
      ChannelHandlerContext ctx, PendingRequest request, OutboundFrame frame, long timeoutNanos) {
    if (reason != null || !ctx.channel().isActive()) {
      frame.release();
      fail(
          request,
          new ConnectionException(Kind.CLOSED, "connection is closed, peer=" + peer, reason));
      return;
    }
    // Before the write: a peer on the same machine may answer within it.
    pending.add(request);
    request.timeout(
        ctx.executor()
            .schedule(() -> timedOut(request, timeoutNanos), timeoutNanos, TimeUnit.NANOSECONDS));
    ctx.write(frame)
        .addListener(
            written -> {
              if (!written.isSuccess()) {
                end(
                    new ConnectionException(
                        Kind.CLOSED, "write failed, peer=" + peer, written.cause()));
              } else if (!request.expectsAnswer) {
                if (pending.remove(request)) {
                  settle(request);
                  request.complete(ProduceResponse.builder().build());
                }
              }
            });
    if (!flushScheduled) { // one flush for all that is sent in this turn of the loop
      flushScheduled = true;
      ctx.executor().execute(this::flush);
    }
  }

  private void flush() {
    flushScheduled = false;
    context().flush();
  }

  @Override
  public void channelRead(ChannelHandlerContext ctx, Object message) {
    ByteBuf frame = (ByteBuf) message;
    try {
      if (reason == null) {
        onAnswer(frame);
      }
    } finally {
      frame.release();
    }
  }

  private void onAnswer(ByteBuf frame) {
    PendingRequest request = firstWithAnswer();
    if (request == null) {
      end(malformed("answer of " + frame.readableBytes() + " bytes to no request", null));
      return;
    }
    if (frame.readableBytes() < 4 || frame.getInt(frame.readerIndex()) != request.correlationId) {
      end(malformed("answer does not carry the correlation id of " + request, null));
      return;
    }
    ResponseMessage response;
    try {
      response = read(request, frame);
    } catch (MalformedMessageException e) {
      end(malformed("answer to " + request + " cannot be read: " + e.getMessage(), e));
      return;
    }
    pending.remove(request);
    settle(request);
    request.complete(response);
  }

  /** Requests without an answer (acks=0) may stand before it until their bytes are flushed. */
  private @Nullable PendingRequest firstWithAnswer() {
    for (PendingRequest request : pending) {
      if (request.expectsAnswer) {
        return request;
      }
    }
    return null;
  }

  private ResponseMessage read(PendingRequest request, ByteBuf frame) {
    boolean copy = !shareFrames && carriesRecords(request.key);
    WireReader in =
        new WireReader(copy ? Unpooled.wrappedBuffer(ByteBufUtil.getBytes(frame)) : frame, limits);
    try {
      ResponseHeader.read(in, request.key.responseHeaderVersion(request.version));
      short version = request.version;
      if (request.key == ApiKey.API_VERSIONS && startsWithUnsupportedVersion(frame)) {
        version = 0; // KIP-511: who does not know the version asked for answers in version 0
      }
      ResponseMessage response = MessageRegistry.readResponse(request.key, in, version);
      if (in.remaining() != 0) {
        throw new MalformedMessageException(in.remaining() + " bytes follow the message");
      }
      return response;
    } catch (RuntimeException e) {
      in.releaseSlices();
      throw e instanceof MalformedMessageException malformed
          ? malformed
          : new MalformedMessageException(String.valueOf(e)); // a value's own check refused it
    }
  }

  private static boolean startsWithUnsupportedVersion(ByteBuf frame) {
    return frame.readableBytes() >= 2
        && frame.getShort(frame.readerIndex()) == ErrorCode.UNSUPPORTED_VERSION.code();
  }

  private static boolean carriesRecords(ApiKey key) {
    return key == ApiKey.FETCH || key == ApiKey.SHARE_FETCH || key == ApiKey.FETCH_SNAPSHOT;
  }

  private void timedOut(PendingRequest request, long timeoutNanos) {
    if (pending.remove(request)) {
      // The answers behind it wait for it too, and an answer that still comes would be taken for
      // the next one's.
      ConnectionException timeout =
          new ConnectionException(
              Kind.TIMED_OUT,
              "no answer to "
                  + request
                  + " within "
                  + TimeUnit.NANOSECONDS.toMillis(timeoutNanos)
                  + " ms, peer="
                  + peer);
      settle(request);
      end(
          new ConnectionException(
              Kind.CLOSED, "closed because an earlier request timed out, peer=" + peer, timeout));
      request.future.completeExceptionally(timeout);
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    end(new ConnectionException(Kind.CLOSED, "peer closed the connection, peer=" + peer));
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    end(
        cause instanceof BadFrameException
            ? malformed(String.valueOf(cause.getMessage()), cause)
            : new ConnectionException(
                Kind.CLOSED, "connection failed: " + cause.getMessage() + ", peer=" + peer, cause));
  }

  /** Closes, and fails all that waits. Any thread. */
  void close(String why) {
    ChannelHandlerContext ctx = context();
    ConnectionException end = new ConnectionException(Kind.CLOSED, why + ", peer=" + peer);
    if (ctx.executor().inEventLoop()) {
      end(end);
    } else {
      try {
        ctx.executor().execute(() -> end(end));
      } catch (RejectedExecutionException e) {
        closed.complete(end); // the loops are gone, and closed the channel when they went
      }
    }
  }

  private void end(ConnectionException why) {
    if (reason != null) {
      return;
    }
    reason = why;
    context().close();
    while (!pending.isEmpty()) {
      PendingRequest request = pending.remove();
      request.cancelTimeout();
      fail(
          request,
          new ConnectionException(why.kind(), why.getMessage() + ", request=" + request, why));
    }
    closed.complete(why);
  }

  private void settle(PendingRequest request) {
    request.cancelTimeout();
    inFlight.giveBack(); // before the future: its callbacks may send again
  }

  private void fail(PendingRequest request, ConnectionException failure) {
    inFlight.giveBack();
    request.future.completeExceptionally(failure);
  }

  private ConnectionException malformed(String what, @Nullable Throwable cause) {
    return new ConnectionException(Kind.MALFORMED_ANSWER, what + ", peer=" + peer, cause);
  }

  private ChannelHandlerContext context() {
    ChannelHandlerContext ctx = context;
    if (ctx == null) {
      throw new IllegalStateException("not in a pipeline yet");
    }
    return ctx;
  }
}
