package io.millrace.server;

import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.Endpoint;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.protocol.message.FetchRequest;
import io.millrace.protocol.message.FetchResponse;
import io.millrace.protocol.network.Connection;
import io.millrace.protocol.network.ConnectionConfig;
import io.millrace.protocol.network.NetworkLoops;
import io.millrace.replication.follower.LeaderEndpoint;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The way to one other broker for a fetcher. A broker answers a connection's requests in order, so
 * a fetch that waits there would hold up the one behind it: each fetch in flight has a connection
 * of its own.
 *
 * <p>Any thread; the lock is held for a few instructions.
 */
final class BrokerEndpoint implements LeaderEndpoint {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

  /** One connection, used by one fetch at a time. */
  private static final class Line {
    private CompletableFuture<Connection> connection;
    private boolean busy = true;

    Line(CompletableFuture<Connection> connection) {
      this.connection = connection;
    }

    boolean isBroken() {
      return connection.isCompletedExceptionally()
          || (connection.isDone() && !connection.join().isOpen());
    }
  }

  private final int leaderId;
  private final String listener;
  private final Supplier<MetadataImage> image;
  private final NetworkLoops loops;
  private final ConnectionConfig config;
  private final Duration timeout;
  private final List<Line> lines = new ArrayList<>();
  private boolean closed;

  BrokerEndpoint(
      int nodeId,
      int leaderId,
      String listener,
      Supplier<MetadataImage> image,
      NetworkLoops loops,
      Duration timeout) {
    this.leaderId = leaderId;
    this.listener = listener;
    this.image = image;
    this.loops = loops;
    this.timeout = timeout;
    this.config =
        ConnectionConfig.withClientId("broker-" + nodeId + "-fetcher")
            .withConnectTimeout(CONNECT_TIMEOUT)
            .withMaxInFlight(1)
            .withSharedFrames();
  }

  @Override
  public CompletableFuture<FetchResponse> fetch(FetchRequest request) {
    Line line = take();
    if (line == null) {
      return CompletableFuture.failedFuture(new IllegalStateException("closed"));
    }
    return line.connection
        .thenCompose(connection -> connection.send(request, timeout))
        .thenApply(FetchResponse.class::cast)
        .whenComplete((response, failure) -> giveBack(line, failure != null));
  }

  private synchronized @Nullable Line take() {
    if (closed) {
      return null;
    }
    lines.removeIf(line -> !line.busy && line.isBroken());
    for (Line line : lines) {
      if (!line.busy) {
        line.busy = true;
        return line;
      }
    }
    Line line = new Line(connect());
    lines.add(line);
    return line;
  }

  private synchronized void giveBack(Line line, boolean failed) {
    line.busy = false;
    if (failed || closed) {
      lines.remove(line);
      line.connection.thenAccept(Connection::close);
    }
  }

  private CompletableFuture<Connection> connect() {
    BrokerImage broker = image.get().cluster().broker(leaderId);
    Endpoint endpoint = broker == null ? null : broker.endpoint(listener);
    return endpoint == null
        ? CompletableFuture.failedFuture(
            new IllegalStateException("broker " + leaderId + " has no listener " + listener))
        : Connection.connect(loops, endpoint.host(), endpoint.port(), config);
  }

  @Override
  public synchronized void close() {
    closed = true;
    // A fetch in flight fails by this, and its line is given back.
    lines.forEach(line -> line.connection.thenAccept(Connection::close));
    lines.removeIf(line -> !line.busy);
  }
}
