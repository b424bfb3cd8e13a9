package io.millrace.client.cluster;

import io.millrace.client.BrokerInfo;
import io.millrace.client.ClientConfig;
import io.millrace.client.MillraceException;
import io.millrace.client.network.Backoff;
import io.millrace.client.network.BrokerLinks;
import io.millrace.client.network.BrokerPool;
import io.millrace.client.network.Failures;
import io.millrace.client.network.LinkUse;
import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import io.millrace.concurrent.SingleWriter;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.MetadataResponse;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.protocol.message.ResponseMessage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The client's picture of the cluster and its way to send requests to it. Asks for metadata when
 * somebody finds the picture wrong ({@link #refresh}), and every {@code metadata.max.age.ms} while
 * it tracks topics; one question at a time, and not more often than the retry backoff allows.
 *
 * <p>Runs on the client's loop, which is the single writer; {@link #view} may be read by any
 * thread.
 */
@SingleWriter
public final class ClusterClient {

  private static final Logger LOG = LoggerFactory.getLogger(ClusterClient.class);

  private static final long FULL_PAUSE_NANOS = 100_000;

  private final ClientConfig config;
  private final EventLoop loop;
  private final Clock clock;
  private final BrokerPool pool;
  private final Backoff retryBackoff;
  private final boolean autoCreateTopics;
  private final AnyBroker anyBroker;
  private final Set<String> tracked = new TreeSet<>();
  private final List<Consumer<ClusterView>> listeners = new ArrayList<>();
  private final Set<CompletableFuture<?>> unfinished = new LinkedHashSet<>();
  private volatile ClusterView view = ClusterView.UNKNOWN;

  private boolean asking;
  private boolean askAgain;
  private int failures;
  private long lastAskedNanos;
  private boolean everAsked;
  private EventLoop.@Nullable Timer timer;
  private volatile boolean closed; // written on the loop

  public ClusterClient(
      ClientConfig config,
      EventLoop loop,
      Clock clock,
      BrokerLinks links,
      SplittableRandom random,
      boolean autoCreateTopics) {
    this.config = config;
    this.loop = loop;
    this.clock = clock;
    this.autoCreateTopics = autoCreateTopics;
    this.pool =
        new BrokerPool(
            loop,
            clock,
            links,
            new Backoff(config.reconnectBackoff(), config.reconnectBackoffMax(), random.split()));
    this.retryBackoff =
        new Backoff(config.retryBackoff(), config.retryBackoffMax(), random.split());
    this.anyBroker = new AnyBroker(config, loop, clock, pool, random, this::view);
  }

  /** The newest picture. Any thread; a volatile read. */
  public ClusterView view() {
    return view;
  }

  public EventLoop loop() {
    return loop;
  }

  public Clock clock() {
    return clock;
  }

  public ClientConfig config() {
    return config;
  }

  /**
   * Runs a task on the loop; false when this client is closed. Any thread; one that hands over more
   * than the loop can do waits here, so that answers and timers always find room.
   */
  public boolean runOnLoop(Runnable task) {
    while (!closed) {
      if (loop.tryExecute(task)) {
        return true;
      }
      if (loop.inEventLoop()) {
        loop.schedule(
            task, 0); // it cannot wait for itself, and a timer takes no place in the queue
        return true;
      }
      LockSupport.parkNanos(FULL_PAUSE_NANOS);
    }
    return false;
  }

  /** The pause before a request is repeated. */
  public long backoffNanos(int attempts) {
    return retryBackoff.nanosAfter(attempts);
  }

  /** Calls back, on the loop, with each new picture. */
  public void addListener(Consumer<ClusterView> listener) {
    assert loop.owns("addListener");
    listeners.add(listener);
  }

  /** Keeps the picture of this topic up to date from now on. */
  public void track(String topic) {
    assert loop.owns("track");
    if (tracked.add(topic)) {
      refresh();
    }
  }

  /** Tracks exactly these topics. */
  public void trackOnly(Collection<String> topics) {
    assert loop.owns("trackOnly");
    tracked.retainAll(topics);
    topics.forEach(this::track);
  }

  /** The picture is wrong: asks, as soon as the backoff allows. */
  public void refresh() {
    assert loop.owns("refresh");
    if (closed) {
      return;
    }
    if (asking) {
      askAgain = true;
      return;
    }
    long earliest =
        everAsked
            ? lastAskedNanos + retryBackoff.nanosAfter(Math.max(1, failures))
            : Long.MIN_VALUE;
    long wait = everAsked ? earliest - clock.monotonicNanos() : 0;
    if (wait <= 0) {
      ask();
    } else if (!askAgain) {
      askAgain = true;
      schedule(wait);
    }
  }

  /**
   * Sends a request to a broker by its id; fails with {@code BROKER_NOT_AVAILABLE} when the picture
   * has no such broker.
   */
  public CompletableFuture<ResponseMessage> send(
      int brokerId, LinkUse use, RequestMessage request, long timeoutNanos) {
    BrokerInfo broker = view.brokers().get(brokerId);
    if (broker == null) {
      refresh();
      return CompletableFuture.failedFuture(
          new MillraceException(
              ErrorCode.LEADER_NOT_AVAILABLE,
              request.apiKey() + ": broker " + brokerId + " is not known or not alive"));
    }
    return pool.send(broker, use, request, timeoutNanos);
  }

  /** Sends a request to this broker, in a version of at most {@code maxVersion}. */
  public CompletableFuture<ResponseMessage> sendTo(
      BrokerInfo broker, LinkUse use, RequestMessage request, short maxVersion, long timeoutNanos) {
    return pool.send(broker, use, request, maxVersion, timeoutNanos);
  }

  /** Sends a request to any broker; one that did not fail a moment ago, if there is one. */
  public CompletableFuture<ResponseMessage> sendToAny(RequestMessage request, long timeoutNanos) {
    return pool.send(anyBroker.choose(), LinkUse.REQUESTS, request, timeoutNanos);
  }

  /**
   * Asks any broker something that may be asked twice. When the one asked says nothing for a
   * second, another one is asked as well, and so on; the first answer counts.
   */
  public CompletableFuture<ResponseMessage> askAny(RequestMessage question, long timeoutNanos) {
    assert loop.owns("askAny");
    return anyBroker.ask(question, timeoutNanos);
  }

  /** Sends a request to the controller, or to any broker while none is known. */
  public CompletableFuture<ResponseMessage> sendToController(
      RequestMessage request, long timeoutNanos) {
    BrokerInfo controller = view.brokers().get(view.controllerId());
    boolean isUsable = controller != null && !pool.isBackingOff(controller, LinkUse.REQUESTS);
    return pool.send(
        controller != null && isUsable ? controller : anyBroker.choose(),
        LinkUse.REQUESTS,
        request,
        timeoutNanos);
  }

  /** Whether {@link #close} was called. */
  public boolean isClosed() {
    return closed;
  }

  /** Fails the future when the client is closed before it is done. */
  @SuppressWarnings("CollectionUndefinedEquality") // a future equals only itself, as is meant here
  public void failOnClose(CompletableFuture<?> future) {
    assert loop.owns("failOnClose");
    if (closed) {
      future.completeExceptionally(Failures.closed());
    } else {
      unfinished.add(future);
      future.whenComplete(
          (value, failure) -> {
            if (loop.inEventLoop()) {
              unfinished.remove(future);
            }
          });
    }
  }

  /** Closes all connections; whatever is under way fails. */
  public void close() {
    assert loop.owns("close");
    closed = true;
    cancelTimer();
    pool.close();
    List<CompletableFuture<?>> left = List.copyOf(unfinished);
    unfinished.clear();
    left.forEach(future -> future.completeExceptionally(Failures.closed()));
  }

  private void ask() {
    cancelTimer();
    asking = true;
    askAgain = false;
    everAsked = true;
    lastAskedNanos = clock.monotonicNanos();
    askAny(MetadataCodec.request(tracked, autoCreateTopics), config.requestTimeout().toNanos())
        .whenComplete(this::answered);
  }

  private void answered(@Nullable ResponseMessage answer, @Nullable Throwable failure) {
    asking = false;
    if (closed) {
      return;
    }
    if (answer instanceof MetadataResponse metadata && !metadata.brokers().isEmpty()) {
      failures = 0;
      publish(view.with(MetadataCodec.view(metadata)));
    } else {
      failures++;
      if (failures == 1 || failures % 20 == 0) {
        LOG.warn(
            "no metadata yet attempts={} reason={}",
            failures,
            failure == null ? "an answer without brokers" : failure.getMessage());
      }
      askAgain = true;
    }
    if (askAgain) {
      askAgain = false;
      refresh();
    } else if (timer == null && !asking) {
      schedule(config.metadataMaxAge().toNanos());
    }
  }

  private void publish(ClusterView next) {
    view = next;
    for (Consumer<ClusterView> listener : List.copyOf(listeners)) {
      listener.accept(next);
    }
  }

  private void schedule(long nanos) {
    cancelTimer();
    timer =
        loop.schedule(
            () -> {
              timer = null;
              askAgain = false;
              if (!asking && !closed) {
                ask();
              }
            },
            nanos);
  }

  private void cancelTimer() {
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
  }
}
