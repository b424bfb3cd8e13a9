package io.millrace.client.network;

import io.millrace.client.BrokerInfo;
import io.millrace.client.MillraceException;
import io.millrace.concurrent.Clock;
import io.millrace.concurrent.ConfinedTo;
import io.millrace.concurrent.EventLoop;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.protocol.message.ResponseMessage;
import io.millrace.protocol.network.ConnectionException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The client's connections: at most one per broker address and use, made when first needed and
 * again after a failure, but not before the backoff is over; until then requests to that broker
 * fail at once. All futures complete on the client's loop, and fail with {@link MillraceException}
 * alone.
 */
@ConfinedTo("the client's loop")
public final class BrokerPool {

  private static final Logger LOG = LoggerFactory.getLogger(BrokerPool.class);

  private final EventLoop loop;
  private final Clock clock;
  private final BrokerLinks links;
  private final Backoff reconnectBackoff;
  private final Map<Slot.Key, Slot> slots = new HashMap<>();
  private boolean closed;

  public BrokerPool(EventLoop loop, Clock clock, BrokerLinks links, Backoff reconnectBackoff) {
    this.loop = loop;
    this.clock = clock;
    this.links = links;
    this.reconnectBackoff = reconnectBackoff;
  }

  /** Whether a request would fail at once because the broker failed a moment ago. */
  public boolean isBackingOff(BrokerInfo broker, LinkUse use) {
    Slot slot = slots.get(new Slot.Key(broker.host(), broker.port(), use));
    return slot != null && slot.isBackingOff(clock.monotonicNanos());
  }

  /** Sends a request over the broker's connection, which is made if need be. */
  public CompletableFuture<ResponseMessage> send(
      BrokerInfo broker, LinkUse use, RequestMessage request, long timeoutNanos) {
    return send(broker, use, request, Short.MAX_VALUE, timeoutNanos);
  }

  /**
   * The same in the highest version that both sides speak, at most {@code maxVersion}. Making the
   * connection counts against the time.
   */
  public CompletableFuture<ResponseMessage> send(
      BrokerInfo broker, LinkUse use, RequestMessage request, short maxVersion, long timeoutNanos) {
    assert loop.owns("send");
    CompletableFuture<ResponseMessage> answer = new CompletableFuture<>();
    if (closed) {
      answer.completeExceptionally(Failures.closed());
      return answer;
    }
    Slot slot =
        slots.computeIfAbsent(new Slot.Key(broker.host(), broker.port(), use), key -> new Slot());
    CompletableFuture<BrokerLink> connecting = slot.link(broker);
    long deadline = clock.monotonicNanos() + timeoutNanos;
    if (!connecting.isDone()) {
      EventLoop.Timer patience =
          loop.schedule(
              () -> answer.completeExceptionally(notConnected(broker, request, timeoutNanos)),
              timeoutNanos);
      connecting.whenComplete((link, failure) -> patience.cancel());
    }
    onLoop(
        connecting,
        (link, connectFailure) -> {
          if (answer.isDone()) {
            return; // it took too long
          }
          if (link == null) {
            answer.completeExceptionally(Failures.of(connectFailure, broker, request));
            return;
          }
          long left = Math.max(1, deadline - clock.monotonicNanos());
          onLoop(
              sendOver(link, request, maxVersion, left),
              (response, failure) -> {
                if (failure != null) {
                  slot.noteFailure(link);
                  answer.completeExceptionally(Failures.of(failure, broker, request));
                } else {
                  answer.complete(response);
                }
              });
        });
    return answer;
  }

  private static MillraceException notConnected(
      BrokerInfo broker, RequestMessage request, long timeoutNanos) {
    return Failures.of(
        new ConnectionException(
            ConnectionException.Kind.NOT_CONNECTED,
            "no connection within " + timeoutNanos / 1_000_000 + " ms"),
        broker,
        request);
  }

  /** A request that cannot even be encoded has failed for good; nobody may wait or ask again. */
  private static CompletableFuture<ResponseMessage> sendOver(
      BrokerLink link, RequestMessage request, short maxVersion, long timeoutNanos) {
    try {
      return link.send(request, maxVersion, timeoutNanos);
    } catch (RuntimeException broken) {
      return CompletableFuture.failedFuture(
          new MillraceException(
              ErrorCode.INVALID_REQUEST, request.apiKey() + " cannot be sent: " + broken, broken));
    } catch (Error shortage) {
      return CompletableFuture.failedFuture(shortage);
    }
  }

  /** Closes all connections; requests under way fail. */
  public void close() {
    assert loop.owns("close");
    closed = true;
    slots.values().forEach(Slot::close);
    slots.clear();
    links.close();
  }

  private <T> void onLoop(
      CompletableFuture<T> future, BiConsumer<@Nullable T, @Nullable Throwable> then) {
    future.whenComplete(
        (result, failure) -> {
          if (loop.inEventLoop()) {
            then.accept(result, failure);
            return;
          }
          try {
            loop.execute(() -> then.accept(result, failure));
          } catch (RejectedExecutionException ended) {
            LOG.debug("answer after the end of the client loop={}", loop.name());
          }
        });
  }

  /** One connection of the pool: absent, coming up, or up. */
  private final class Slot {

    private record Key(String host, int port, LinkUse use) {}

    private @Nullable CompletableFuture<BrokerLink> current;
    private int failures;
    private long notBeforeNanos;

    boolean isBackingOff(long nowNanos) {
      return current == null && failures > 0 && notBeforeNanos - nowNanos > 0;
    }

    CompletableFuture<BrokerLink> link(BrokerInfo broker) {
      CompletableFuture<BrokerLink> existing = current;
      if (existing != null && isUsable(existing)) {
        return existing;
      }
      current = null;
      if (isBackingOff(clock.monotonicNanos())) {
        return CompletableFuture.failedFuture(
            new ConnectionException(
                ConnectionException.Kind.NOT_CONNECTED,
                "it failed " + failures + " times; waiting before the next attempt"));
      }
      CompletableFuture<BrokerLink> connecting = new CompletableFuture<>();
      current = connecting;
      onLoop(
          links.connect(broker.host(), broker.port()),
          (link, failure) -> connected(broker, connecting, link, failure));
      return connecting;
    }

    private void connected(
        BrokerInfo broker,
        CompletableFuture<BrokerLink> connecting,
        @Nullable BrokerLink link,
        @Nullable Throwable failure) {
      if (link != null) {
        if (closed) {
          link.close();
          connecting.completeExceptionally(Failures.closed());
          return;
        }
        LOG.debug("connected broker={}", broker);
        failures = 0;
        connecting.complete(link);
        return;
      }
      failures++;
      notBeforeNanos = clock.monotonicNanos() + reconnectBackoff.nanosAfter(failures);
      current = null;
      LOG.debug("cannot connect broker={} failures={}", broker, failures, failure);
      connecting.completeExceptionally(failure == null ? Failures.closed() : failure);
    }

    private boolean isUsable(CompletableFuture<BrokerLink> candidate) {
      return !candidate.isDone()
          || (!candidate.isCompletedExceptionally() && candidate.join().isOpen());
    }

    /**
     * A link that is lost at its first request backs off too: a listener that accepts and drops.
     */
    void noteFailure(BrokerLink link) {
      CompletableFuture<BrokerLink> now = current;
      boolean isCurrent =
          now != null && now.isDone() && !now.isCompletedExceptionally() && now.join() == link;
      if (isCurrent && !link.isOpen()) {
        current = null;
        failures++;
        notBeforeNanos = clock.monotonicNanos() + reconnectBackoff.nanosAfter(failures);
      }
    }

    void close() {
      CompletableFuture<BrokerLink> now = current;
      current = null;
      if (now != null) {
        now.whenComplete(
            (link, failure) -> {
              if (link != null) {
                link.close();
              }
            });
      }
    }
  }
}
