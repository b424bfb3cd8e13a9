package io.millrace.replication;

import io.millrace.concurrent.SingleWriter;
import io.millrace.log.PartitionLog;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.replication.follower.FetchTarget;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The role that a replica has, and how one takes the place of another: the log learns of the epoch
 * first, then whoever looks, then those who waited for the old role.
 *
 * <pre>
 *   (none) --image--> LEADER | FOLLOWER | NONE --newer leader epoch--> LEADER | FOLLOWER | NONE
 *   any --disk failed--> OFFLINE (for good)                  any --stopped--> NONE (for good)
 *   A log that is opened again gets a replica of its own.
 * </pre>
 *
 * <p>Changed on the append loop of the log; read by any thread.
 */
@SingleWriter
final class ReplicaRole {

  private static final Logger LOG = LoggerFactory.getLogger(ReplicaRole.class);

  private final ReplicatedPartition partition;
  private final PartitionLog log;
  private final ReplicaContext context;
  private final PartitionWaiters waiters;

  /** A thread that reads it sees the role's fields. */
  private volatile PartitionRole role = IdlePartition.UNBORN;

  private LeadershipListener leadership = LeadershipListener.NONE;

  /** The last epoch that was led on this log, -1 for none. */
  private volatile int lastLedEpoch = -1;

  private int partitionEpoch = -1;
  private boolean stopped;

  /**
   * @param endedEpoch takes roles of later leader epochs only; -1 takes any
   */
  ReplicaRole(
      ReplicatedPartition partition,
      PartitionLog log,
      ReplicaContext context,
      PartitionWaiters waiters,
      int endedEpoch) {
    this.partition = partition;
    this.log = log;
    this.context = context;
    this.waiters = waiters;
    if (endedEpoch >= 0) {
      role = new IdlePartition(new RoleSnapshot(RoleSnapshot.Role.NONE, -1, endedEpoch, List.of()));
    }
  }

  // ---- any thread

  PartitionRole now() {
    return role;
  }

  int lastLedEpoch() {
    return lastLedEpoch;
  }

  /** {@code NONE} when this replica may act as leader for somebody who believes in the epoch. */
  ErrorCode refusalToLead(PartitionRole held, int currentLeaderEpoch) {
    if (log.isOffline()) {
      return ErrorCode.KAFKA_STORAGE_ERROR;
    }
    ErrorCode byEpoch = held.checkEpoch(currentLeaderEpoch);
    if (byEpoch != ErrorCode.NONE) {
      return byEpoch;
    }
    return held.asLeader() != null && context.leaseValid().getAsBoolean()
        ? ErrorCode.NONE
        : ErrorCode.NOT_LEADER_OR_FOLLOWER;
  }

  // ---- append loop

  void tell(LeadershipListener listener) {
    leadership = listener;
  }

  /** Neither stopped nor offline. */
  boolean isServing() {
    return !stopped && !log.isOffline();
  }

  /**
   * Takes a state from the image, unless it is older than what is known.
   *
   * @param onRole told of the role under a new leader epoch: a target to fetch for, or null when
   *     this replica follows nobody
   */
  void apply(PartitionImage state, Consumer<@Nullable FetchTarget> onRole) {
    if (!isServing() || state.partitionEpoch() <= partitionEpoch) {
      return;
    }
    partitionEpoch = state.partitionEpoch();
    PartitionRole now = role;
    if (state.leaderEpoch() > now.leaderEpoch()) {
      onRole.accept(become(now, state));
    } else if (now instanceof LeaderPartition leader) {
      leader.onState(state);
    } else if (now instanceof FollowerPartition follower) {
      follower.onState(state);
    }
  }

  private @Nullable FetchTarget become(PartitionRole before, PartitionImage state) {
    // The log publishes its end a little after an append; the follower's role knows the end at
    // once.
    long logEnd =
        before instanceof FollowerPartition follower
            ? Math.max(follower.appendedEnd(), log.logEndOffset())
            : log.logEndOffset();
    FollowerPartition follower = null;
    LeaderPartition leader = null;
    PartitionRole next;
    if (state.leader() == context.nodeId()) {
      next = leader = new LeaderPartition(log, context, waiters, state, logEnd);
    } else if (state.hasLeader()) {
      next = follower = new FollowerPartition(log, state, logEnd);
    } else {
      next =
          new IdlePartition(
              new RoleSnapshot(RoleSnapshot.Role.NONE, -1, state.leaderEpoch(), state.isr()));
    }
    LOG.info(
        "role changes partition={} from={} to={} leader={} leaderEpoch={} isr={} logEnd={}"
            + " highWatermark={}",
        log.id(),
        before.snapshot().role(),
        next.snapshot().role(),
        state.leader(),
        state.leaderEpoch(),
        state.isr(),
        logEnd,
        log.highWatermark());
    if (leader != null) {
      // Before anybody can ask this leader: a log that does not know of the epoch yet would call a
      // follower that led a later one out of range, and it would throw its log away.
      log.startEpoch(state.leaderEpoch());
      lastLedEpoch = state.leaderEpoch();
    }
    // The epoch moves before the old role ends, so that whoever is told of the end finds the new
    // one.
    role = next;
    String reason = "leader epoch " + state.leaderEpoch() + " begins with leader " + state.leader();
    if (leader != null) {
      leadership.onLeader(partition, state.leaderEpoch(), logEnd);
    } else if (before.asLeader() != null) {
      leadership.onNotLeader(partition, state.leaderEpoch(), reason);
    }
    before.close(reason);
    waiters.wakeAll();
    if (leader != null) {
      leader.start();
    }
    return follower;
  }

  /** Ends every role for good. */
  void stop(String reason) {
    stopped = true;
    end(RoleSnapshot.Role.NONE, reason);
  }

  /** The log's disk has failed. */
  void goOffline(String reason) {
    if (!stopped) {
      end(RoleSnapshot.Role.OFFLINE, reason);
    }
  }

  private void end(RoleSnapshot.Role kind, String reason) {
    PartitionRole before = role;
    role = new IdlePartition(new RoleSnapshot(kind, -1, before.leaderEpoch(), List.of()));
    LOG.info(
        "role ends partition={} from={} because={}", log.id(), before.snapshot().role(), reason);
    if (before.asLeader() != null) {
      leadership.onNotLeader(partition, before.leaderEpoch(), reason);
    }
    before.close(reason);
    waiters.wakeAll();
  }
}
