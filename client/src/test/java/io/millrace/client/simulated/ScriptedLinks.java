package io.millrace.client.simulated;

import io.millrace.client.network.BrokerLink;
import io.millrace.client.network.BrokerLinks;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.protocol.message.ResponseMessage;
import io.millrace.protocol.network.ConnectionException;
import io.millrace.protocol.network.ConnectionException.Kind;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * A network without sockets: each request takes the latency there and back, and the brokers are one
 * function. A broker that is down refuses connections and drops the links that it has.
 */
public final class ScriptedLinks implements BrokerLinks {

  /** What the brokers do. */
  public interface Brokers {
    /**
     * Handles a request; completes with the answer, fails to break the connection, or never
     * completes to be silent.
     */
    CompletableFuture<ResponseMessage> handle(int port, RequestMessage request, short maxVersion);
  }

  private final ManualLoop loop;
  private final Brokers brokers;
  private final Set<Integer> down = new HashSet<>();
  private final List<Link> links = new ArrayList<>();
  private long latencyNanos = 1_000_000;
  private int connects;

  public ScriptedLinks(ManualLoop loop, Brokers brokers) {
    this.loop = loop;
    this.brokers = brokers;
  }

  /** How often somebody has tried to connect. */
  public int connects() {
    return connects;
  }

  /** The same network for one of several clients, whose end leaves the others their links. */
  public BrokerLinks forOneClient() {
    List<BrokerLink> own = new ArrayList<>();
    return new BrokerLinks() {
      @Override
      public CompletableFuture<BrokerLink> connect(String host, int port) {
        return ScriptedLinks.this
            .connect(host, port)
            .whenComplete(
                (link, failure) -> {
                  if (link != null) {
                    own.add(link);
                  }
                });
      }

      @Override
      public void close() {
        List.copyOf(own).forEach(BrokerLink::close);
      }
    };
  }

  public void latencyNanos(long nanos) {
    latencyNanos = nanos;
  }

  public void down(int port) {
    down.add(port);
    List.copyOf(links).stream().filter(link -> link.port == port).forEach(Link::breakOff);
  }

  public void up(int port) {
    down.remove(port);
  }

  @Override
  public CompletableFuture<BrokerLink> connect(String host, int port) {
    connects++;
    CompletableFuture<BrokerLink> result = new CompletableFuture<>();
    loop.schedule(
        () -> {
          if (down.contains(port)) {
            result.completeExceptionally(
                new ConnectionException(Kind.NOT_CONNECTED, "refused port=" + port));
          } else {
            Link link = new Link(port);
            links.add(link);
            result.complete(link);
          }
        },
        latencyNanos);
    return result;
  }

  @Override
  public void close() {
    List.copyOf(links).forEach(Link::close);
  }

  private final class Link implements BrokerLink {
    private final int port;
    private final List<CompletableFuture<ResponseMessage>> waiting = new ArrayList<>();
    private boolean open = true;

    Link(int port) {
      this.port = port;
    }

    @Override
    public boolean isOpen() {
      return open;
    }

    @Override
    public CompletableFuture<ResponseMessage> send(
        RequestMessage request, short maxVersion, long timeoutNanos) {
      CompletableFuture<ResponseMessage> result = new CompletableFuture<>();
      if (!open) {
        result.completeExceptionally(new ConnectionException(Kind.CLOSED, "port=" + port));
        return result;
      }
      waiting.add(result);
      loop.schedule(
          () -> {
            if (open) {
              brokers
                  .handle(port, request, maxVersion)
                  .whenComplete(
                      (answer, failure) ->
                          loop.schedule(() -> answered(result, answer, failure), latencyNanos));
            }
          },
          latencyNanos);
      loop.schedule(
          () -> {
            if (!result.isDone()) {
              result.completeExceptionally(
                  new ConnectionException(Kind.TIMED_OUT, "no answer port=" + port));
              breakOff();
            }
          },
          timeoutNanos);
      return result;
    }

    private void answered(
        CompletableFuture<ResponseMessage> result,
        @Nullable ResponseMessage answer,
        @Nullable Throwable failure) {
      if (answer != null && open) {
        result.complete(answer);
      } else if (failure instanceof ConnectionException known
          && known.kind() == Kind.UNSUPPORTED_VERSION) {
        result.completeExceptionally(known); // found out before anything was sent
      } else if (failure != null) {
        breakOff();
      }
    }

    @Override
    public void close() {
      breakOff();
    }

    private void breakOff() {
      open = false;
      links.remove(this);
      List<CompletableFuture<ResponseMessage>> left = List.copyOf(waiting);
      waiting.clear();
      left.forEach(
          each ->
              each.completeExceptionally(
                  new ConnectionException(Kind.CLOSED, "the connection ended port=" + port)));
    }
  }
}
