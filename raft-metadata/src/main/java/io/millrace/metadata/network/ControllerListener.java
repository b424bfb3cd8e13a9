package io.millrace.metadata.network;

import io.millrace.concurrent.Clock;
import io.millrace.protocol.network.FrameDecoder;
import io.millrace.protocol.network.NetworkLoops;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetSocketAddress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A voter's one port: for brokers and voters of ours, and for Ratis, told apart by their first
 * bytes. Bound before the quorum forms, because forming it needs the port.
 *
 * <p>Thread-safe.
 */
public final class ControllerListener implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ControllerListener.class);
  private static final long WARN_EVERY_NANOS = 10_000_000_000L;

  private final NetworkLoops loops;
  private final VoterService service;
  private final Clock clock;
  private final int maxConnections;
  private final ChannelGroup connections =
      new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
  private final AtomicLong connectionIds = new AtomicLong();
  private final AtomicLong nextWarning;
  private volatile @Nullable Channel listening;

  /**
   * @param maxConnections one more is closed as it comes
   */
  public ControllerListener(
      NetworkLoops loops, VoterService service, Clock clock, int maxConnections) {
    this.loops = loops;
    this.service = service;
    this.clock = clock;
    this.maxConnections = maxConnections;
    this.nextWarning = new AtomicLong(clock.monotonicNanos());
  }

  /** Binds the port. Fails when it is taken. */
  public CompletableFuture<InetSocketAddress> bind(InetSocketAddress address) {
    CompletableFuture<InetSocketAddress> bound = new CompletableFuture<>();
    new ServerBootstrap()
        .group(loops.group())
        .channel(loops.serverChannelType())
        .option(ChannelOption.SO_REUSEADDR, true)
        .option(ChannelOption.SO_BACKLOG, 256)
        .childOption(ChannelOption.TCP_NODELAY, true)
        .childOption(ChannelOption.SO_KEEPALIVE, true)
        .childHandler(
            new ChannelInitializer<Channel>() {
              @Override
              protected void initChannel(Channel channel) {
                accept(channel);
              }
            })
        .bind(address)
        .addListener(
            (ChannelFutureListener)
                done -> {
                  if (done.isSuccess()) {
                    listening = done.channel();
                    bound.complete((InetSocketAddress) done.channel().localAddress());
                  } else {
                    bound.completeExceptionally(done.cause());
                  }
                });
    return bound;
  }

  /** Stops listening and closes every connection. */
  @Override
  public void close() {
    Channel channel = listening;
    if (channel != null) {
      channel.close();
    }
    connections.close();
  }

  private void accept(Channel channel) {
    if (connections.size() >= maxConnections) {
      warn(
          "Controller connection refused, remote="
              + channel.remoteAddress()
              + " maximum="
              + maxConnections);
      channel.close();
      return;
    }
    connections.add(channel);
    channel.pipeline().addLast(new FirstBytes(this::toOurs, this::toRaft, this::refused));
  }

  private void toOurs(ChannelHandlerContext ctx) {
    ctx.pipeline()
        .addLast(
            new FrameDecoder(ControllerProtocol.MAX_REQUEST_BYTES),
            new VoterSession(service, connectionIds.incrementAndGet()));
  }

  private void toRaft(ChannelHandlerContext ctx) {
    InetSocketAddress target = service.raftAddress();
    if (target == null) {
      ctx.close(); // the peer tries again; by then the quorum may run here
    } else {
      Splice.join(ctx, loops.channelType(), target);
    }
  }

  private void refused(ChannelHandlerContext ctx, String seen) {
    warn(
        "Controller port met something else than a broker or a voter, remote="
            + ctx.channel().remoteAddress()
            + " sent="
            + seen);
  }

  /** One line in ten seconds at WARN, the others at DEBUG: a port scan must not fill the log. */
  private void warn(String message) {
    long now = clock.monotonicNanos();
    long next = nextWarning.get();
    if (now - next >= 0 && nextWarning.compareAndSet(next, now + WARN_EVERY_NANOS)) {
      LOG.warn(message);
    } else {
      LOG.debug(message);
    }
  }
}
