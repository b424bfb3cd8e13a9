package io.millrace.client.network;

import io.millrace.client.ClientConfig;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.protocol.message.ResponseMessage;
import io.millrace.protocol.network.Connection;
import io.millrace.protocol.network.ConnectionConfig;
import io.millrace.protocol.network.NetworkLoops;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * Links over TCP. All clients of a process share one network thread, which starts with the first
 * client and ends with the last. Thread-safe.
 */
public final class NettyLinks implements BrokerLinks {

  /** Requests of one connection; the producer keeps well below, the rest send one at a time. */
  private static final int MAX_IN_FLIGHT = 1024;

  private static final Object LOCK = new Object();
  private static @Nullable NetworkLoops shared; // guarded by LOCK
  private static int users; // guarded by LOCK

  private final NetworkLoops loops;
  private final ConnectionConfig config;
  private final AtomicBoolean closed = new AtomicBoolean();

  private NettyLinks(NetworkLoops loops, ConnectionConfig config) {
    this.loops = loops;
    this.config = config;
  }

  /** Links on the shared thread; {@link #close} them. */
  public static BrokerLinks shared(ClientConfig config) {
    synchronized (LOCK) {
      NetworkLoops loops = shared;
      if (loops == null) {
        loops = new NetworkLoops("millrace-client-network", 1);
        shared = loops;
      }
      users++;
      return new NettyLinks(
          loops,
          ConnectionConfig.withClientId(config.clientId())
              .withConnectTimeout(config.connectTimeout())
              .withMaxInFlight(MAX_IN_FLIGHT));
    }
  }

  @Override
  public CompletableFuture<BrokerLink> connect(String host, int port) {
    return Connection.connect(loops, host, port, config).thenApply(Link::new);
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    synchronized (LOCK) {
      users--;
      if (users == 0 && shared != null) {
        shared.close();
        shared = null;
      }
    }
  }

  private record Link(Connection connection) implements BrokerLink {
    @Override
    public boolean isOpen() {
      return connection.isOpen();
    }

    @Override
    public CompletableFuture<ResponseMessage> send(
        RequestMessage request, short maxVersion, long timeoutNanos) {
      return connection.send(request, maxVersion, Duration.ofNanos(timeoutNanos));
    }

    @Override
    public void close() {
      connection.close();
    }
  }
}
