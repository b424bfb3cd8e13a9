package io.millrace.protocol.network;

import io.millrace.concurrent.IdleThreadExecutor;
import io.netty.channel.Channel;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;

/**
 * The network threads that connections share: epoll when its native library is on the class path,
 * NIO otherwise. Daemon threads, started when first used. Any thread.
 */
public final class NetworkLoops implements AutoCloseable {

  private static final boolean EPOLL = epollIsThere();

  private final EventLoopGroup group;
  private final IdleThreadExecutor resolver;

  /**
   * @param name in front of the threads' numbers
   * @param threads one serves a client well, two a broker's fetchers
   */
  public NetworkLoops(String name, int threads) {
    IoHandlerFactory handlers = EPOLL ? EpollIoHandler.newFactory() : NioIoHandler.newFactory();
    this.group =
        new MultiThreadIoEventLoopGroup(threads, new DefaultThreadFactory(name, true), handlers);
    this.resolver = new IdleThreadExecutor(name + "-resolver");
  }

  public EventLoopGroup group() {
    return group;
  }

  /** The class of outgoing connections on these loops. */
  public Class<? extends Channel> channelType() {
    return EPOLL ? EpollSocketChannel.class : NioSocketChannel.class;
  }

  /** The class of listeners on these loops. */
  public Class<? extends ServerChannel> serverChannelType() {
    return EPOLL ? EpollServerSocketChannel.class : NioServerSocketChannel.class;
  }

  /** {@code "epoll"} or {@code "nio"}. */
  public String transport() {
    return EPOLL ? "epoll" : "nio";
  }

  /** Where names are looked up, which blocks. */
  Executor resolver() {
    return resolver;
  }

  /** Closes every connection on these loops and ends the threads. */
  public CompletableFuture<Void> shutdown() {
    CompletableFuture<Void> done = new CompletableFuture<>();
    group.shutdownGracefully(0, 5, TimeUnit.SECONDS).addListener(ended -> done.complete(null));
    return done;
  }

  @Override
  public void close() {
    shutdown();
  }

  /**
   * Looks for the library before Netty does: its own search fails slowly, with a stack trace per
   * name that it tries.
   */
  private static boolean epollIsThere() {
    if (!System.getProperty("os.name", "").toLowerCase(Locale.ROOT).contains("linux")) {
      return false;
    }
    String architecture =
        System.getProperty("os.arch", "").equals("aarch64") ? "aarch_64" : "x86_64";
    String library = "META-INF/native/libnetty_transport_native_epoll_" + architecture + ".so";
    return NetworkLoops.class.getClassLoader().getResource(library) != null && Epoll.isAvailable();
  }
}
