package io.millrace.server.network;

import io.millrace.concurrent.Clock;
import io.millrace.protocol.codec.FrameLimits;
import io.millrace.protocol.network.FrameDecoder;
import io.millrace.protocol.network.NetworkLoops;
import io.millrace.protocol.network.OutboundFrameWriter;
import io.millrace.server.config.Endpoint;
import io.millrace.server.config.NetworkConfig;
import io.millrace.server.metrics.ServerMetrics;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The client listeners of one node. Life: {@link #bind} takes the ports, so that a taken one is
 * known at once; {@link #open} begins to accept; {@link #stopAccepting} and {@link #close} end it.
 * Called from the thread that starts and stops the node.
 */
public final class NettyServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NettyServer.class);
  private static final long STOP_MILLIS = 2000;

  private final NetworkConfig config;
  private final ListenerContext shared;
  private final NetworkLoops loops;
  private final List<Channel> listeners = new ArrayList<>();
  private final ChannelGroup connections = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE);
  private final AtomicInteger connectionCount = new AtomicInteger();

  /**
   * @param nodeId for the threads' names
   */
  public NettyServer(
      int nodeId,
      NetworkConfig config,
      RequestProcessor processor,
      ServerMetrics metrics,
      Clock clock) {
    this.config = config;
    this.shared =
        new ListenerContext(
            processor,
            new MemoryBudget(config.maxQueuedBytes()),
            config.maxQueuedRequestsPerConnection(),
            new RateLimitedLog(LOG, clock),
            metrics,
            clock);
    this.loops = new NetworkLoops("network@" + nodeId, config.networkThreads());
    metrics.gauge("request-bytes-in-memory", shared.budget()::used);
  }

  /**
   * Takes a listener's port without accepting connections yet.
   *
   * @return the address with the port that the system chose, where the configured one is 0
   * @throws PortTakenException naming the listener, when the address cannot be bound
   */
  public Endpoint bind(Endpoint endpoint) {
    ServerBootstrap bootstrap =
        new ServerBootstrap()
            .group(loops.group())
            .channel(loops.serverChannelType())
            .option(ChannelOption.SO_BACKLOG, config.backlog())
            .option(ChannelOption.SO_REUSEADDR, true)
            .option(ChannelOption.AUTO_READ, false)
            .childOption(ChannelOption.TCP_NODELAY, true)
            .childOption(ChannelOption.SO_KEEPALIVE, true)
            .childHandler(new Connections(endpoint.listener()));
    if (config.sendBufferBytes() > 0) {
      bootstrap.childOption(ChannelOption.SO_SNDBUF, config.sendBufferBytes());
    }
    if (config.receiveBufferBytes() > 0) {
      bootstrap.childOption(ChannelOption.SO_RCVBUF, config.receiveBufferBytes());
    }
    Channel channel;
    try {
      channel =
          bootstrap.bind(endpoint.bindHost(), endpoint.port()).syncUninterruptibly().channel();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Exception e) {
      // Netty throws the checked BindException without declaring it.
      throw new PortTakenException("cannot listen on " + endpoint + ": " + e.getMessage(), e);
    }
    listeners.add(channel);
    int port = ((InetSocketAddress) channel.localAddress()).getPort();
    return new Endpoint(endpoint.listener(), endpoint.host(), port);
  }

  /** Begins to accept connections on every bound listener. */
  public void open() {
    listeners.forEach(channel -> channel.config().setAutoRead(true));
  }

  /** Closes the ports; connections stay. */
  public void stopAccepting() {
    listeners.forEach(channel -> channel.close().syncUninterruptibly());
    listeners.clear();
  }

  /** Closes every connection and ends the event loops; answers not sent by now are lost. */
  @Override
  public void close() {
    stopAccepting();
    connections.close().awaitUninterruptibly(STOP_MILLIS);
    loops
        .shutdown()
        .orTimeout(STOP_MILLIS, TimeUnit.MILLISECONDS)
        .exceptionally(late -> null)
        .join();
  }

  /** Builds the pipeline of each connection, or turns it away when there are too many. */
  private final class Connections extends ChannelInitializer<Channel> {
    private final RequestDecoder decoder;

    Connections(String listener) {
      this.decoder =
          new RequestDecoder(
              shared.processor(),
              FrameLimits.DEFAULT.withMaxFrameBytes(config.maxRequestBytes()),
              listener);
    }

    @Override
    protected void initChannel(Channel channel) {
      if (connectionCount.incrementAndGet() > config.maxConnections()) {
        connectionCount.decrementAndGet();
        shared.metrics().connectionRefused();
        shared
            .strangers()
            .warn("refused connection: max.connections=" + config.maxConnections() + " reached");
        channel.close();
        return;
      }
      shared.metrics().connectionOpened();
      connections.add(channel);
      channel
          .closeFuture()
          .addListener(
              closed -> {
                connectionCount.decrementAndGet();
                shared.metrics().connectionClosed();
              });
      FrameDecoder frames = new FrameDecoder(config.maxRequestBytes());
      channel
          .pipeline()
          .addLast(new IdleStateHandler(0, 0, config.idleTimeoutMs(), TimeUnit.MILLISECONDS))
          .addLast(frames)
          .addLast(OutboundFrameWriter.INSTANCE)
          .addLast(
              new ClientConnection(
                  shared,
                  new Peer(String.valueOf(channel.remoteAddress()), channel.eventLoop()),
                  decoder,
                  frames::arrivingFrameBytes));
    }
  }
}
