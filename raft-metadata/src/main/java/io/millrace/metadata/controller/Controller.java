package io.millrace.metadata.controller;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.ConfinedTo;
import io.millrace.concurrent.EventLoop;
import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.kv.KvView;
import io.millrace.metadata.kv.MetadataLog;
import io.millrace.metadata.kv.MetadataLogListener;
import io.millrace.metadata.kv.QuorumStatus;
import io.millrace.metadata.kv.proto.KvDelta;
import io.millrace.metadata.kv.proto.KvEntry;
import io.millrace.metadata.record.ImageReplay;
import io.millrace.metadata.record.MetadataRecord.ClusterRecord;
import io.millrace.metadata.request.ControllerRequest;
import io.millrace.metadata.request.ControllerResponse;
import io.millrace.metadata.request.Heartbeat;
import io.millrace.metadata.request.RegisterBroker;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Changes the cluster's metadata. One stands on every voter; the one whose node leads the quorum is
 * active, from the moment that it has applied all earlier terms until it is deposed. Each operation
 * is a pure decision over an image; {@link BatchWriter} writes it under the term, so that a
 * controller that does not yet know of its successor changes nothing.
 *
 * <pre>
 *   inactive --onLeaderReady(term)--> active --onNotLeader, or a write FENCED--> inactive
 * </pre>
 *
 * <p>All state is confined to the loop handed in. The public methods may be called from any thread.
 */
@ConfinedTo("the controller loop")
public final class Controller implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Controller.class);
  private static final long SESSION_CHECK_NANOS = 50_000_000;
  private static final int REBALANCE_LIMIT = 1_000;
  private static final long RETURN_SETTLE_NANOS = 10_000_000_000L;

  private final MetadataLog log;
  private final EventLoop loop;
  private final Clock clock;
  private final ControllerConfig config;
  private final SplittableRandom random;
  private final BatchWriter writer;
  private final BrokerSessions sessions;
  private final ReturnedBrokers returned;
  private final Decisions decisions;
  private final Set<Integer> fencing = new HashSet<>();

  private MetadataImage image = MetadataImage.EMPTY;
  private long guardRevision;
  private boolean active;
  private boolean closed;
  private long nextSessionCheck;
  private MetadataLog.@Nullable Subscription subscription;
  private EventLoop.@Nullable Timer sessionTimer;
  private EventLoop.@Nullable Timer rebalanceTimer;

  /**
   * @param random the seed of ids and placement
   * @param validator knows the dynamic configs
   */
  public Controller(
      MetadataLog log,
      EventLoop loop,
      Clock clock,
      SplittableRandom random,
      ControllerConfig config,
      ConfigValidator validator) {
    this.log = log;
    this.loop = loop;
    this.clock = clock;
    this.config = config;
    this.random = random.split();
    this.writer =
        new BatchWriter(
            log, loop, config.maxPendingOperations(), () -> deactivate("a write was fenced"));
    this.sessions =
        new BrokerSessions(config.sessionTimeout().toNanos(), config.connectionGrace().toNanos());
    long rebalanceNanos = config.rebalanceInterval().toNanos();
    this.returned =
        new ReturnedBrokers(Math.min(RETURN_SETTLE_NANOS, rebalanceNanos / 2), rebalanceNanos);
    this.decisions = new Decisions(config, validator, random.split(), log::status);
  }

  /** Begins to follow the log. Call once. */
  public void start() {
    MetadataLog.Subscription started = log.subscribe(-1, new Listener());
    loop.execute(
        () -> {
          subscription = started;
          if (closed) {
            started.close();
          }
        });
  }

  /** Stops; what waits for an answer fails. */
  @Override
  public void close() {
    loop.execute(
        () -> {
          closed = true;
          deactivate("closing");
          if (subscription != null) {
            subscription.close();
          }
        });
  }

  /**
   * Carries out an operation. The future fails with {@link ControllerUnavailableException} when
   * there is no answer to be had here; it completes on the controller loop.
   *
   * @param connection names the sender's connection for the life of its session; 0 when there is
   *     none
   */
  public <R extends ControllerResponse> CompletableFuture<Reply<R>> handle(
      ControllerRequest<R> request, long connection) {
    CompletableFuture<Reply<R>> answer = new CompletableFuture<>();
    boolean accepted = loop.tryExecute(() -> handleOnLoop(request, connection, answer));
    if (!accepted) {
      answer.completeExceptionally(
          new ControllerUnavailableException("the controller is overloaded or closed", -1));
    }
    return answer;
  }

  /**
   * A connection broke: the broker whose session runs over it has the grace to come back. Any
   * thread.
   */
  public void connectionLost(long connection) {
    loop.execute(() -> sessions.connectionLost(connection, clock.monotonicNanos()));
  }

  private <R extends ControllerResponse> void handleOnLoop(
      ControllerRequest<R> request, long connection, CompletableFuture<Reply<R>> answer) {
    assert loop.owns("handle");
    if (!active) {
      answer.completeExceptionally(unavailable("this node is not the active controller"));
      return;
    }
    if (request instanceof Heartbeat heartbeat) {
      heard(heartbeat, connection);
    }
    Operation<R> operation =
        decisions.operation(
            request, brokerId -> sessions.isAlive(brokerId, clock.monotonicNanos()));
    if (request instanceof RegisterBroker registration) {
      operation
          .answer()
          .thenAccept(
              reply ->
                  registered(registration, (RegisterBroker.Response) reply.response(), connection));
    }
    operation
        .answer()
        .whenComplete(
            (reply, error) -> {
              if (error == null) {
                answer.complete(reply);
              } else {
                answer.completeExceptionally(error);
              }
            });
    if (!writer.submit(operation)) {
      operation.fail(unavailable("too many operations wait"));
    }
  }

  private void heard(Heartbeat heartbeat, long connection) {
    BrokerImage broker = image.cluster().broker(heartbeat.brokerId());
    if (broker == null || broker.epoch() != heartbeat.epoch()) {
      return;
    }
    if (heartbeat.leaving()) {
      sessions.end(heartbeat.brokerId());
    } else {
      sessions.touch(heartbeat.brokerId(), heartbeat.epoch(), connection, clock.monotonicNanos());
    }
  }

  private void registered(
      RegisterBroker request, RegisterBroker.Response response, long connection) {
    if (response.result().error() == ErrorCode.NONE) {
      LOG.info(
          "Broker registered, broker={} epoch={} incarnation={}",
          request.brokerId(),
          response.epoch(),
          request.incarnation());
      sessions.touch(request.brokerId(), response.epoch(), connection, clock.monotonicNanos());
    }
  }

  private void activate(long term) {
    if (closed) {
      return;
    }
    if (active) {
      deactivate("a new term began");
    }
    active = true;
    LOG.info("Controller active, term={} revision={}", term, image.revision());
    long now = clock.monotonicNanos();
    for (BrokerImage broker : image.cluster().brokers().values()) {
      if (!broker.fenced()) {
        sessions.assume(broker.id(), broker.epoch(), config.takeoverGrace().toNanos(), now);
      }
    }
    writer.activate(term);
    nameCluster();
    scheduleSessionCheck();
    if (!config.rebalanceInterval().isZero()) {
      rebalanceTimer = loop.schedule(this::rebalance, config.rebalanceInterval().toNanos());
    }
  }

  private void deactivate(String reason) {
    if (!active) {
      return;
    }
    active = false;
    LOG.info("Controller inactive, reason={} revision={}", reason, image.revision());
    sessions.clear();
    returned.clear();
    fencing.clear();
    if (sessionTimer != null) {
      sessionTimer.cancel();
    }
    if (rebalanceTimer != null) {
      rebalanceTimer.cancel();
    }
    writer.deactivate(unavailable("the controller was deposed before the answer"));
  }

  private void nameCluster() {
    if (image.cluster().clusterId() == null) {
      String id = Uuid.random(random).toString();
      write(
          "name the cluster",
          now ->
              now.cluster().clusterId() == null
                  ? ControlDecision.write(new ClusterRecord(id), id)
                  : ControlDecision.answer(id));
    }
  }

  private void checkSessions() {
    if (!active) {
      return;
    }
    long now = clock.monotonicNanos();
    // While this loop stood still, heartbeats may have come that it has not seen yet.
    sessions.postpone(Math.max(0, now - nextSessionCheck));
    for (BrokerSessions.Owner owner : sessions.expired(now)) {
      BrokerImage broker = image.cluster().broker(owner.brokerId());
      if (broker == null || broker.fenced() || broker.epoch() != owner.epoch()) {
        sessions.end(owner.brokerId());
      } else if (fencing.add(owner.brokerId())) {
        fence(owner);
      }
    }
    if (!config.rebalanceInterval().isZero()) {
      giveBack();
    }
    scheduleSessionCheck();
  }

  private void scheduleSessionCheck() {
    nextSessionCheck = clock.monotonicNanos() + SESSION_CHECK_NANOS;
    sessionTimer = loop.schedule(this::checkSessions, SESSION_CHECK_NANOS);
  }

  private void fence(BrokerSessions.Owner owner) {
    LOG.info(
        "Broker's session is over, fencing, broker={} epoch={}", owner.brokerId(), owner.epoch());
    // Decided when its turn comes: the broker may have come back by then.
    write(
            "fence",
            now ->
                new ControlDecision<>(
                    sessions.isAlive(owner, clock.monotonicNanos())
                        ? List.of()
                        : BrokerControl.fence(now, owner.brokerId(), owner.epoch()),
                    owner))
        .whenComplete((reply, error) -> fencing.remove(owner.brokerId()));
  }

  /** Brokers that came back and are in sync everywhere lead again what they are preferred for. */
  private void giveBack() {
    returned.observe(image.cluster(), clock.monotonicNanos());
    List<Integer> whole =
        returned.due(clock.monotonicNanos()).stream()
            .filter(id -> LeaderControl.isInSync(image, id))
            .toList();
    if (whole.isEmpty()) {
      return;
    }
    write(
            "give back",
            now -> {
              var changes = LeaderControl.giveBack(now, Set.copyOf(whole), REBALANCE_LIMIT);
              if (!changes.isEmpty()) {
                LOG.info(
                    "Leadership goes back to brokers that came back, brokers={} partitions={}",
                    whole,
                    changes.size());
              }
              return new ControlDecision<>(changes, changes.size());
            })
        .thenAccept(
            reply -> {
              if (reply.response() < REBALANCE_LIMIT) {
                returned.ended(whole, reply.response() > 0, clock.monotonicNanos());
              }
            });
  }

  private void rebalance() {
    if (!active) {
      return;
    }
    write(
        "rebalance",
        now -> {
          var changes = LeaderControl.rebalance(now, REBALANCE_LIMIT);
          if (!changes.isEmpty()) {
            LOG.info("Leadership goes back to preferred replicas, partitions={}", changes.size());
          }
          return new ControlDecision<>(changes, changes.size());
        });
    rebalanceTimer = loop.schedule(this::rebalance, config.rebalanceInterval().toNanos());
  }

  private <R> CompletableFuture<Reply<R>> write(
      String name, Function<MetadataImage, ControlDecision<R>> decide) {
    Operation<R> operation = new Operation<>(name, decide);
    if (!writer.submit(operation)) {
      operation.fail(unavailable("too many operations wait"));
    }
    return operation.answer();
  }

  private ControllerUnavailableException unavailable(String why) {
    return new ControllerUnavailableException(why, leaderHint(log));
  }

  /** Who leads the quorum, or -1 when it is not known or the log is closing. */
  public static int leaderHint(MetadataLog log) {
    try {
      return log.status().leaderId();
    } catch (IllegalStateException closing) {
      return QuorumStatus.NO_LEADER;
    }
  }

  private void replayed(MetadataImage next) {
    image = next;
    writer.onImage(next, guardRevision);
  }

  /** Brings the log's calls to the loop, in their order. */
  private final class Listener implements MetadataLogListener {
    @Override
    public void onApplied(KvDelta delta) {
      loop.execute(
          () -> {
            for (KvEntry put : delta.getPutsList()) {
              if (put.getKey().equals(BatchWriter.GUARD_KEY)) {
                guardRevision = put.getModRevision();
              }
            }
            replayed(ImageReplay.step(image, delta).image());
          });
    }

    @Override
    public void onSnapshot(KvView view) {
      loop.execute(
          () -> {
            KvEntry guard = view.get(BatchWriter.GUARD_KEY);
            guardRevision = guard == null ? 0 : guard.getModRevision();
            replayed(ImageReplay.step(image, view).image());
          });
    }

    @Override
    public void onLeaderReady(long term) {
      loop.execute(() -> activate(term));
    }

    @Override
    public void onNotLeader() {
      loop.execute(() -> deactivate("the node does not lead the quorum any more"));
    }
  }
}
