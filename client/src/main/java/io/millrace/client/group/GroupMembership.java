package io.millrace.client.group;

import io.millrace.client.GroupConfig;
import io.millrace.client.MillraceException;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.Attempts;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.cluster.CoordinatorLookup;
import io.millrace.client.network.Failures;
import io.millrace.concurrent.ConfinedTo;
import io.millrace.concurrent.EventLoop;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.message.ConsumerGroupHeartbeatResponse;
import io.millrace.protocol.message.ResponseMessage;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps this member in its group: one heartbeat under way at most, the next one when the
 * coordinator's interval is over or there is something to say, and after a failure as the backoff
 * allows. What it says is {@link MemberState}'s business; what the application has to do goes out
 * as {@link GroupEvent}s, one change at a time.
 *
 * <p>A coordinator that is gone is looked for at once, then five times a second for about two
 * seconds, then less and less often: so long as a failover usually takes, nobody should wait for
 * us.
 */
@ConfinedTo("the consumer's loop")
final class GroupMembership {

  private static final Logger LOG = LoggerFactory.getLogger(GroupMembership.class);

  /** A coordinator that says nothing for so long is given up; the session lasts longer. */
  private static final long MOST_HEARTBEAT_NANOS = TimeUnit.SECONDS.toNanos(10);

  private static final int QUICK_ATTEMPTS = 12;
  private static final int QUICK_BACKOFF = 3;

  private final GroupConfig config;
  private final ClusterClient cluster;
  private final CoordinatorLookup coordinators;
  private final Consumer<GroupEvent> events;
  private final LongSupplier awayNanos;
  private final Runnable onLost;
  private final MemberState state;
  private final TopicNames names;
  private Set<GroupPartition> afterRound = Set.of();
  private long round;
  private boolean roundOpen;
  private long intervalNanos;
  private long lastBeatNanos;
  private long dueNanos;
  private boolean underWay;
  private long incarnation;
  private int failures;
  private long unreleasedSinceNanos;
  private boolean waitsForInstance;
  private EventLoop.@Nullable Timer timer;

  /**
   * @param events where changes go; called on the loop
   * @param awayNanos for how long the application has not come back for records
   * @param onLost runs before the application hears that everything is gone
   */
  GroupMembership(
      GroupConfig config,
      MemberState state,
      ClusterClient cluster,
      CoordinatorLookup coordinators,
      Consumer<GroupEvent> events,
      LongSupplier awayNanos,
      Runnable onLost) {
    this.config = config;
    this.state = state;
    this.cluster = cluster;
    this.coordinators = coordinators;
    this.events = events;
    this.awayNanos = awayNanos;
    this.onLost = onLost;
    this.names = new TopicNames(cluster, this::reconcile);
  }

  MemberState state() {
    return state;
  }

  /** Joins, or says in the next heartbeat what is wanted instead. */
  void subscribe(Subscription subscription) {
    assert cluster.loop().owns("subscribe");
    boolean begins = !state.isBeating();
    state.subscribe(subscription);
    if (begins) {
      failures = 0;
    }
    beatIfUrgent();
  }

  /** The application has carried out the round. */
  void reconciled(long ofRound) {
    assert cluster.loop().owns("reconciled");
    if (roundOpen && ofRound == round) {
      roundOpen = false;
      state.nowOwns(afterRound);
      LOG.info(
          "owns {} partitions group={} member={} epoch={}",
          afterRound.size(),
          config.groupId(),
          state.memberId(),
          state.epoch());
      reconcile();
      beatIfUrgent();
    }
  }

  /** The application knows that everything is gone. */
  void told() {
    assert cluster.loop().owns("told");
    state.told();
    beatIfUrgent();
  }

  /**
   * Leaves: no more heartbeats, and the coordinator is told, if it can be within the time. The
   * future never fails.
   */
  CompletableFuture<Void> leave(long timeoutNanos) {
    assert cluster.loop().owns("leave");
    boolean isMember = state.epoch() > MemberState.JOIN_EPOCH || underWay;
    ConsumerGroupHeartbeatRequest farewell = state.farewell();
    stopBeating();
    state.left();
    if (!isMember || timeoutNanos <= 0) {
      return CompletableFuture.completedFuture(null);
    }
    return sayFarewell(farewell, timeoutNanos);
  }

  private CompletableFuture<Void> sayFarewell(
      ConsumerGroupHeartbeatRequest farewell, long timeoutNanos) {
    return Attempts.run(
            cluster,
            "leave group '" + config.groupId() + "'",
            timeoutNanos,
            () ->
                coordinators
                    .send(
                        config.groupId(),
                        farewell,
                        Short.MAX_VALUE,
                        Math.min(timeoutNanos, heartbeatTimeout()))
                    .thenAccept(
                        answer -> {
                          ErrorCode error = errorOf(answer);
                          coordinators.note(config.groupId(), error);
                          if (error.isRetriable()) {
                            throw new MillraceException(error, error.message());
                          }
                        }))
        .handle(
            (done, failure) -> {
              LOG.info(
                  "left group={} member={} told={}",
                  config.groupId(),
                  state.memberId(),
                  failure == null ? "yes" : failure.getMessage());
              return null;
            });
  }

  /** Something says that this member may be out: asks. */
  void beatNow() {
    if (state.isBeating() && !underWay && failures == 0) {
      schedule(0);
    }
  }

  private void beatIfUrgent() {
    if (!underWay && failures == 0 && state.isUrgent()) {
      beat();
    }
  }

  private long heartbeatTimeout() {
    return Math.min(cluster.config().requestTimeout().toNanos(), MOST_HEARTBEAT_NANOS);
  }

  private void beat() {
    cancelTimer();
    if (underWay || !state.isBeating() || cluster.isClosed()) {
      return;
    }
    if (awayNanos.getAsLong() >= config.maxPollInterval().toNanos()) {
      applicationIsAway();
      return;
    }
    underWay = true;
    lastBeatNanos = cluster.clock().monotonicNanos();
    long sentAs = incarnation;
    coordinators
        .send(config.groupId(), state.heartbeat(), Short.MAX_VALUE, heartbeatTimeout())
        .whenComplete(
            (answer, failure) -> {
              if (sentAs == incarnation && !cluster.isClosed()) {
                underWay = false;
                answered(answer, failure);
              }
            });
  }

  private void applicationIsAway() {
    LOG.warn(
        "nobody has polled for max.poll.interval.ms={}: leaving until somebody does group={}"
            + " member={}",
        config.maxPollInterval().toMillis(),
        config.groupId(),
        state.memberId());
    if (state.epoch() > MemberState.JOIN_EPOCH) {
      sayFarewell(state.farewell(), heartbeatTimeout());
    }
    lose("nobody polled for max.poll.interval.ms=" + config.maxPollInterval().toMillis(), true);
  }

  private static ErrorCode errorOf(ResponseMessage answer) {
    return answer instanceof ConsumerGroupHeartbeatResponse response
        ? ErrorCode.forCode(response.errorCode())
        : ErrorCode.UNKNOWN_SERVER_ERROR;
  }

  private void answered(@Nullable ResponseMessage answer, @Nullable Throwable failure) {
    if (!(answer instanceof ConsumerGroupHeartbeatResponse response)) {
      MillraceException reason = failure == null ? Failures.closed() : Failures.of(failure);
      if (reason.error() == ErrorCode.UNSUPPORTED_VERSION) {
        fail(unsupported(reason));
      } else {
        again(reason.error(), reason.getMessage());
      }
      return;
    }
    ErrorCode error = ErrorCode.forCode(response.errorCode());
    coordinators.note(config.groupId(), error);
    if (error == ErrorCode.NONE) {
      failures = 0;
      waitsForInstance = false;
      intervalNanos = TimeUnit.MILLISECONDS.toNanos(Math.max(1, response.heartbeatIntervalMs()));
      state.answered(response);
      reconcile();
      next();
    } else if (error == ErrorCode.UNKNOWN_MEMBER_ID || error == ErrorCode.FENCED_MEMBER_EPOCH) {
      lose(error + ": " + response.errorMessage(), false);
    } else if (error == ErrorCode.UNRELEASED_INSTANCE_ID && mayStillBeReleased()) {
      again(error, response.errorMessage());
    } else if (error.isRetriable() || CoordinatorLookup.isElsewhere(error)) {
      again(error, response.errorMessage());
    } else {
      String why = response.errorMessage();
      fail(
          new MillraceException(
              error,
              "group '"
                  + config.groupId()
                  + "' refuses this member: "
                  + error
                  + ": "
                  + (why == null ? error.message() : why)));
    }
  }

  private MillraceException unsupported(MillraceException reason) {
    return new MillraceException(
        ErrorCode.UNSUPPORTED_VERSION,
        "group '"
            + config.groupId()
            + "': the broker does not speak the group protocol of KIP-848"
            + (state.subscription().pattern() == null ? "" : " with patterns")
            + " (ConsumerGroupHeartbeat): "
            + reason.getMessage(),
        reason);
  }

  /** A process that was killed holds its name until its session is over: waits for that. */
  private boolean mayStillBeReleased() {
    long now = cluster.clock().monotonicNanos();
    if (!waitsForInstance) {
      waitsForInstance = true;
      unreleasedSinceNanos = now;
    }
    return now - unreleasedSinceNanos < cluster.config().apiTimeout().toNanos();
  }

  private void again(ErrorCode error, @Nullable String why) {
    failures++;
    state.failed();
    boolean isNews = failures == 3 || failures % 50 == 0;
    if (isNews) {
      LOG.warn(
          "heartbeat fails group={} attempts={} error={} reason={}",
          config.groupId(),
          failures,
          error,
          why);
    }
    int attempt = failures <= QUICK_ATTEMPTS ? Math.min(failures - 1, QUICK_BACKOFF) : failures - 9;
    schedule(failures == 1 ? 0 : cluster.backoffNanos(attempt));
  }

  private void lose(String reason, boolean evenWithoutPartitions) {
    LOG.warn(
        "lost group={} member={} epoch={} partitions={} reason={}",
        config.groupId(),
        state.memberId(),
        state.epoch(),
        state.owned().size(),
        reason);
    boolean mustTell = roundOpen || evenWithoutPartitions;
    stopBeating();
    onLost.run();
    if (state.lost(mustTell)) {
      events.accept(new GroupEvent.Lost(reason));
    } else {
      schedule(cluster.backoffNanos(1));
    }
  }

  private void fail(MillraceException reason) {
    LOG.error("membership ended group={} reason={}", config.groupId(), reason.getMessage());
    stopBeating();
    state.failedForGood();
    onLost.run();
    events.accept(new GroupEvent.Failed(reason));
  }

  private void stopBeating() {
    cancelTimer();
    incarnation++;
    underWay = false;
    roundOpen = false;
    failures = 0;
  }

  private void next() {
    if (state.isUrgent()) {
      beat();
    } else {
      schedule(lastBeatNanos + intervalNanos - cluster.clock().monotonicNanos());
    }
  }

  /** The next heartbeat; looks earlier whether the application has been away for too long. */
  private void schedule(long nanos) {
    dueNanos = cluster.clock().monotonicNanos() + Math.max(0, nanos);
    watch(Math.max(0, nanos));
  }

  private void watch(long nanos) {
    cancelTimer();
    long patience = Math.max(0, config.maxPollInterval().toNanos() - awayNanos.getAsLong());
    timer = cluster.loop().schedule(this::tick, Math.min(nanos, patience));
  }

  private void tick() {
    timer = null;
    long left = dueNanos - cluster.clock().monotonicNanos();
    boolean isAway = awayNanos.getAsLong() >= config.maxPollInterval().toNanos();
    if (left <= 0 || isAway) {
      beat();
    } else {
      watch(left);
    }
  }

  private void cancelTimer() {
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
  }

  /** Opens a round when what is owned differs from what should be, as far as names are known. */
  private void reconcile() {
    if (state.phase() != MemberState.Phase.MEMBER || roundOpen) {
      return;
    }
    Set<GroupPartition> added = new HashSet<>();
    state
        .target()
        .forEach(
            (id, partitions) -> {
              String name = names.nameOf(id);
              if (name != null) {
                partitions.forEach(
                    number -> added.add(new GroupPartition(id, new TopicPartition(name, number))));
              }
            });
    names.ask(state.target().keySet());
    added.removeAll(state.owned());
    Set<GroupPartition> revoked = state.toRevoke();
    if (added.isEmpty() && revoked.isEmpty()) {
      return;
    }
    Set<GroupPartition> after = new HashSet<>(state.owned());
    after.removeAll(revoked);
    after.addAll(added);
    afterRound = after;
    state.takes(added);
    roundOpen = true;
    round++;
    LOG.info(
        "rebalance group={} member={} epoch={} revoked={} added={}",
        config.groupId(),
        state.memberId(),
        state.epoch(),
        text(revoked),
        text(added));
    events.accept(new GroupEvent.Reconcile(round, revoked, added));
  }

  private static Collection<TopicPartition> text(Set<GroupPartition> partitions) {
    return partitions.stream().sorted().map(GroupPartition::partition).toList();
  }
}
