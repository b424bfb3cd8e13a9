package io.millrace.metadata.network;

import io.millrace.metadata.network.proto.Request;
import io.millrace.metadata.network.proto.Response;
import io.millrace.metadata.network.proto.WatchCall;
import io.millrace.metadata.network.proto.WatchEvent;
import io.millrace.metadata.quorum.VoterAddress;
import io.millrace.protocol.network.FrameDecoder;
import io.millrace.protocol.network.NetworkLoops;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.SimpleChannelInboundHandler;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection to a voter's controller port. Requests are pipelined; what is open when it breaks
 * fails.
 *
 * <p>Thread-safe. Futures and events complete on the network loop: hand over and return.
 */
public final class VoterConnection implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(VoterConnection.class);

  private final VoterAddress voter;
  private final Channel channel;
  private final Answers answers;
  private final CompletableFuture<Void> closed = new CompletableFuture<>();

  private VoterConnection(VoterAddress voter, Channel channel, Answers answers) {
    this.voter = voter;
    this.channel = channel;
    this.answers = answers;
    channel.closeFuture().addListener(done -> closed.complete(null));
  }

  /** Connects. */
  public static CompletableFuture<VoterConnection> connect(
      NetworkLoops loops, VoterAddress voter, Duration connectTimeout) {
    CompletableFuture<VoterConnection> connected = new CompletableFuture<>();
    Answers answers = new Answers(voter);
    new Bootstrap()
        .group(loops.group())
        .channel(loops.channelType())
        .option(ChannelOption.TCP_NODELAY, true)
        .option(ChannelOption.SO_KEEPALIVE, true)
        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, (int) connectTimeout.toMillis())
        .handler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                channel
                    .pipeline()
                    .addLast(new FrameDecoder(ControllerProtocol.MAX_RESPONSE_BYTES), answers);
              }
            })
        .connect(voter.host(), voter.port())
        .addListener(
            (ChannelFutureListener)
                done -> {
                  if (!done.isSuccess()) {
                    connected.completeExceptionally(
                        new IOException(
                            "cannot connect to voter " + voter + ": " + done.cause().getMessage(),
                            done.cause()));
                    return;
                  }
                  done.channel().writeAndFlush(Unpooled.wrappedBuffer(ControllerProtocol.MAGIC));
                  connected.complete(new VoterConnection(voter, done.channel(), answers));
                });
    return connected;
  }

  public VoterAddress voter() {
    return voter;
  }

  public boolean isOpen() {
    return channel.isActive();
  }

  /** Completes when the connection is over, never exceptionally. */
  public CompletableFuture<Void> closed() {
    return closed;
  }

  /** Sends a request. The future fails when the connection breaks, or with TimeoutException. */
  public CompletableFuture<Response> call(Request.Builder request, long timeoutNanos) {
    CompletableFuture<Response> answer = new CompletableFuture<>();
    onLoop(
        answer,
        () -> {
          long id = answers.nextId++;
          Future<?> timeout =
              channel
                  .eventLoop()
                  .schedule(() -> answers.timedOut(id), timeoutNanos, TimeUnit.NANOSECONDS);
          answers.pending.put(id, new Pending(answer, timeout));
          channel.writeAndFlush(
              ControllerProtocol.frame(channel.alloc(), request.setId(id).build()));
        });
    return answer;
  }

  /** Follows the metadata; one watch for a connection. Ends with the connection. */
  public void watch(long afterRevision, Consumer<WatchEvent> events) {
    CompletableFuture<Response> unanswered = new CompletableFuture<>();
    onLoop(
        unanswered,
        () -> {
          answers.watchId = answers.nextId++;
          answers.watcher = events;
          Request request =
              Request.newBuilder()
                  .setId(answers.watchId)
                  .setWatch(WatchCall.newBuilder().setAfterRevision(afterRevision))
                  .build();
          channel.writeAndFlush(ControllerProtocol.frame(channel.alloc(), request));
        });
  }

  @Override
  public void close() {
    channel.close();
  }

  private void onLoop(CompletableFuture<Response> answer, Runnable action) {
    try {
      channel
          .eventLoop()
          .execute(
              () -> {
                if (channel.isActive()) {
                  action.run();
                } else {
                  answer.completeExceptionally(
                      new IOException("connection to voter " + voter + " is closed"));
                }
              });
    } catch (RuntimeException shutDown) {
      answer.completeExceptionally(shutDown);
    }
  }

  private record Pending(CompletableFuture<Response> answer, Future<?> timeout) {}

  /** Matches answers with requests. Confined to the channel's loop. */
  private static final class Answers extends SimpleChannelInboundHandler<ByteBuf> {
    private final VoterAddress voter;
    private final Map<Long, Pending> pending = new HashMap<>();
    private long nextId = 1;
    private long watchId;
    private @Nullable Consumer<WatchEvent> watcher;

    Answers(VoterAddress voter) {
      this.voter = voter;
    }

    void timedOut(long id) {
      Pending late = pending.remove(id);
      if (late != null) {
        late.answer.completeExceptionally(
            new TimeoutException("voter " + voter + " did not answer in time"));
      }
    }

    @Override
    protected void channelRead0(ChannelHandlerContext ctx, ByteBuf frame) throws IOException {
      Response response = Response.parseFrom(frame.nioBuffer());
      if (response.hasWatch()) {
        if (response.getId() == watchId && watcher != null) {
          watcher.accept(response.getWatch());
        }
        return;
      }
      Pending asked = pending.remove(response.getId());
      if (asked != null) {
        asked.timeout.cancel(false);
        asked.answer.complete(response);
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
      IOException broken = new IOException("connection to voter " + voter + " broke");
      Map<Long, Pending> open = new HashMap<>(pending);
      pending.clear();
      open.values()
          .forEach(
              one -> {
                one.timeout.cancel(false);
                one.answer.completeExceptionally(broken);
              });
    }

    @Override
    @SuppressWarnings("deprecation") // inherited as an inbound event, which it still is
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
      LOG.debug("Connection to voter ends, voter={} cause={}", voter, cause.toString());
      ctx.close();
    }
  }
}
