package io.millrace.metadata.publish;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import io.millrace.concurrent.SingleWriter;
import io.millrace.metadata.request.Heartbeat;
import io.millrace.metadata.request.RegisterBroker;
import io.millrace.metadata.request.Result;
import io.millrace.protocol.ErrorCode;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registers the broker and keeps its session alive: several heartbeats in the time that a new
 * controller gives, at once when the connection to the controller broke, and often while the broker
 * is fenced.
 *
 * <p>Runs on the client's loop; epoch and lease may be read from any thread.
 */
@SingleWriter
final class SessionKeeper {

  private static final Logger LOG = LoggerFactory.getLogger(SessionKeeper.class);
  private static final long BEAT_NANOS = 400_000_000L;
  private static final long FENCED_BEAT_NANOS = 50_000_000L;
  private static final long LEAVE_TIMEOUT_NANOS = 1_000_000_000L;
  private static final long BEAT_TIMEOUT_NANOS = 2_000_000_000L;
  private static final long REGISTER_TIMEOUT_NANOS = 10_000_000_000L;
  private static final long REFUSED_RETRY_NANOS = 500_000_000L;

  private final ControllerCalls calls;
  private final EventLoop loop;
  private final Clock clock;
  private final LongSupplier imageRevision;
  private final long duplicatePatienceNanos;
  private final CompletableFuture<Long> registered = new CompletableFuture<>();

  private final BrokerLease lease;
  private @Nullable RegisterBroker registration;
  private long firstRefusal = -1;
  private boolean beating;
  private boolean closed;
  private EventLoop.@Nullable Timer timer;

  /**
   * @param sessionTimeout the controller's; the lease is two thirds of it
   */
  SessionKeeper(
      ControllerCalls calls,
      EventLoop loop,
      Clock clock,
      LongSupplier imageRevision,
      Duration sessionTimeout) {
    this.calls = calls;
    this.loop = loop;
    this.clock = clock;
    this.imageRevision = imageRevision;
    this.lease = new BrokerLease(sessionTimeout.toNanos() / 100 * 66);
    this.duplicatePatienceNanos = sessionTimeout.toNanos() * 2;
  }

  CompletableFuture<Long> register(RegisterBroker request) {
    if (registration == null) {
      registration = request;
      sendRegistration(request);
    }
    return registered;
  }

  /** Any thread. */
  long epoch() {
    return lease.epoch();
  }

  /** Any thread. */
  boolean leaseValid() {
    return lease.isValid(clock.monotonicNanos());
  }

  /** The connection to the controller broke: the grace runs. */
  void controllerLost() {
    if (epoch() >= 0 && !beating) {
      beat();
    }
  }

  /**
   * Tells the controller that this broker leaves; completes when it knows, or exceptionally when it
   * could not be told.
   */
  CompletableFuture<Void> leave() {
    closed = true;
    if (timer != null) {
      timer.cancel();
    }
    RegisterBroker own = registration;
    if (own == null || epoch() < 0) {
      return CompletableFuture.completedFuture(null);
    }
    long leaving = epoch();
    lease.lost();
    return calls
        .ask(
            new Heartbeat(own.brokerId(), leaving, imageRevision.getAsLong(), true),
            LEAVE_TIMEOUT_NANOS)
        .thenApply(answer -> null);
  }

  private void sendRegistration(RegisterBroker request) {
    if (closed) {
      return;
    }
    long sentAt = clock.monotonicNanos();
    calls
        .ask(request, REGISTER_TIMEOUT_NANOS)
        .whenComplete(
            (answer, error) -> {
              if (closed) {
                registered.completeExceptionally(
                    new IllegalStateException("the metadata client is closed"));
              } else if (answer == null) {
                LOG.warn(
                    "No controller registers this broker yet, broker={} cause={}",
                    request.brokerId(),
                    String.valueOf(error));
                sendRegistration(request);
              } else {
                onRegistered(request, answer.response(), sentAt);
              }
            });
  }

  private void onRegistered(RegisterBroker request, RegisterBroker.Response response, long sentAt) {
    Result result = response.result();
    if (result.isOk()) {
      firstRefusal = -1;
      lease.registered(response.epoch(), sentAt);
      LOG.info("Registered, broker={} epoch={}", request.brokerId(), response.epoch());
      registered.complete(response.epoch());
      beat();
      return;
    }
    long now = clock.monotonicNanos();
    firstRefusal = firstRefusal < 0 ? now : firstRefusal;
    boolean mayPass = result.error() == ErrorCode.DUPLICATE_BROKER_REGISTRATION;
    LOG.warn(
        "Registration refused, broker={} error={} reason={}",
        request.brokerId(),
        result.error(),
        result.message());
    if (mayPass && now - firstRefusal < duplicatePatienceNanos) {
      loop.schedule(() -> sendRegistration(request), REFUSED_RETRY_NANOS);
    } else {
      registered.completeExceptionally(new RegistrationRefusedException(result));
    }
  }

  private void beat() {
    RegisterBroker own = registration;
    if (closed || beating || own == null || epoch() < 0) {
      return;
    }
    beating = true;
    if (timer != null) {
      timer.cancel();
    }
    long sentAt = clock.monotonicNanos();
    calls
        .ask(
            new Heartbeat(own.brokerId(), epoch(), imageRevision.getAsLong(), false),
            BEAT_TIMEOUT_NANOS)
        .whenComplete(
            (answer, error) -> {
              beating = false;
              if (closed) {
                return;
              }
              if (answer == null) {
                LOG.warn(
                    "No answer to a heartbeat, broker={} cause={}",
                    own.brokerId(),
                    String.valueOf(error));
                beat();
              } else {
                onBeat(own, answer.response(), sentAt);
              }
            });
  }

  private void onBeat(RegisterBroker own, Heartbeat.Response response, long sentAt) {
    ErrorCode error = response.result().error();
    if (error == ErrorCode.BROKER_ID_NOT_REGISTERED || error == ErrorCode.STALE_BROKER_EPOCH) {
      LOG.warn(
          "Registration lost, registering again, broker={} reason={}",
          own.brokerId(),
          response.result().message());
      lease.lost();
      sendRegistration(own);
      return;
    }
    boolean changes = lease.isFenced() != response.fenced();
    lease.confirmed(response.fenced(), sentAt);
    if (changes) {
      LOG.info(
          "Broker is {}, broker={} epoch={}",
          response.fenced() ? "fenced" : "unfenced",
          own.brokerId(),
          epoch());
    }
    timer = loop.schedule(this::beat, response.fenced() ? FENCED_BEAT_NANOS : BEAT_NANOS);
  }
}
