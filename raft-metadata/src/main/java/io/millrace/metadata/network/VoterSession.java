package io.millrace.metadata.network;

import com.google.protobuf.InvalidProtocolBufferException;
import io.millrace.metadata.controller.ControllerUnavailableException;
import io.millrace.metadata.network.proto.Request;
import io.millrace.metadata.network.proto.Response;
import io.millrace.metadata.network.proto.Unavailable;
import io.millrace.metadata.request.ControllerRequest;
import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.SimpleChannelInboundHandler;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection of a broker or a voter. When too many of its requests wait for an answer it is not
 * read until some have one. When it ends, the controller learns it: the session of the broker
 * behind it has the grace left.
 *
 * <p>Confined to the channel's loop.
 */
final class VoterSession extends SimpleChannelInboundHandler<ByteBuf> {

  private static final Logger LOG = LoggerFactory.getLogger(VoterSession.class);
  private static final int MAX_IN_FLIGHT = 1_024;

  private final VoterService service;
  private final long connection;
  private @Nullable WatchStream watch;
  private int inFlight;

  /**
   * @param connection this connection's number, never 0
   */
  VoterSession(VoterService service, long connection) {
    this.service = service;
    this.connection = connection;
  }

  @Override
  protected void channelRead0(ChannelHandlerContext ctx, ByteBuf frame)
      throws InvalidProtocolBufferException {
    Request request = Request.parseFrom(frame.nioBuffer());
    switch (request.getKindCase()) {
      case PROBE ->
          answer(ctx, request.getId(), Response.newBuilder().setProbe(service.voterStatus()));
      case JOIN ->
          answerLater(
              ctx,
              request.getId(),
              service
                  .admit(request.getJoin())
                  .thenApply(one -> Response.newBuilder().setJoin(one)));
      case WATCH -> {
        if (watch != null) {
          watch.close();
        }
        watch =
            new WatchStream(
                ctx, service.log(), request.getId(), request.getWatch().getAfterRevision());
      }
      default -> answerLater(ctx, request.getId(), control(RequestReader.decode(request)));
    }
  }

  private CompletableFuture<Response.Builder> control(ControllerRequest<?> request) {
    return service
        .controller()
        .handle(request, connection)
        .thenApply(reply -> ResponseCodec.encode(reply.response()).setRevision(reply.revision()));
  }

  private void answerLater(
      ChannelHandlerContext ctx, long id, CompletableFuture<Response.Builder> later) {
    if (++inFlight >= MAX_IN_FLIGHT) {
      ctx.channel().config().setAutoRead(false);
    }
    later.whenComplete(
        (response, error) ->
            ctx.executor()
                .execute(
                    () -> {
                      if (--inFlight == MAX_IN_FLIGHT / 2) {
                        ctx.channel().config().setAutoRead(true);
                      }
                      answer(ctx, id, response != null ? response : unavailable(error));
                    }));
  }

  private static Response.Builder unavailable(@Nullable Throwable error) {
    Throwable cause =
        error instanceof CompletionException && error.getCause() != null ? error.getCause() : error;
    int leader = cause instanceof ControllerUnavailableException known ? known.leaderId() : -1;
    return Response.newBuilder()
        .setUnavailable(
            Unavailable.newBuilder().setLeaderId(leader).setReason(String.valueOf(cause)));
  }

  private static void answer(ChannelHandlerContext ctx, long id, Response.Builder response) {
    ctx.writeAndFlush(ControllerProtocol.frame(ctx.alloc(), response.setId(id).build()));
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext ctx) {
    if (watch != null) {
      watch.writabilityChanged();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext ctx) {
    if (watch != null) {
      watch.close();
    }
    service.controller().connectionLost(connection);
  }

  @Override
  @SuppressWarnings("deprecation") // inherited as an inbound event, which it still is
  public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
    // Malformed bytes, or the peer is gone: nothing that an operator has to act on.
    LOG.debug(
        "Controller connection ends, remote={} cause={}",
        ctx.channel().remoteAddress(),
        cause.toString());
    ctx.close();
  }
}
