package io.millrace.replication;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.concurrent.EventLoop;
import io.millrace.log.PartitionLog;
import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.replication.leader.InSyncReplicas;
import io.millrace.replication.leader.InSyncRules;
import io.millrace.replication.leader.IsrAnswer;
import io.millrace.replication.leader.IsrProposal;
import io.millrace.replication.leader.ReplicaProgress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A leader's side of the in-sync set: finds who lags and who has caught up, proposes one change at
 * a time to the controller and takes its answers. A proposal whose outcome is not known is sent
 * again, unchanged, until the controller answers or the image shows a newer state; until then its
 * additions hold the high watermark back.
 */
@ConfinedTo("the append loop of the partition's log")
final class InSyncControl {

  private static final Logger LOG = LoggerFactory.getLogger(InSyncControl.class);
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

  private final LeaderPartition leader;
  private final PartitionLog log;
  private final EventLoop loop;
  private final ReplicaContext context;
  private final InSyncReplicas isr;
  private final long maxLagNanos;
  private EventLoop.@Nullable Timer lagTimer;
  private EventLoop.@Nullable Timer retryTimer;
  private long quietUntilNanos;

  InSyncControl(
      LeaderPartition leader, PartitionLog log, ReplicaContext context, PartitionImage state) {
    this.leader = leader;
    this.log = log;
    this.loop = log.appendLoop();
    this.context = context;
    this.isr = new InSyncReplicas(state.isr(), state.partitionEpoch());
    this.maxLagNanos = TimeUnit.MILLISECONDS.toNanos(context.config().replicaLagTimeMaxMs());
    this.quietUntilNanos = context.clock().monotonicNanos();
  }

  void start() {
    lagTimer = loop.schedule(this::checkLag, maxLagNanos / 2);
  }

  void close() {
    cancel(lagTimer);
    cancel(retryTimer);
  }

  private static void cancel(EventLoop.@Nullable Timer timer) {
    if (timer != null) {
      timer.cancel();
    }
  }

  int size() {
    return isr.accepted().size();
  }

  List<Integer> accepted() {
    return isr.accepted();
  }

  boolean isInMaximalSet(int replicaId) {
    return isr.isInMaximalSet(replicaId);
  }

  /** Takes a state that the controller wrote. */
  void accept(List<Integer> newIsr, int partitionEpoch) {
    List<Integer> before = isr.accepted();
    if (!isr.accept(newIsr, partitionEpoch)) {
      return;
    }
    cancel(retryTimer);
    if (!before.equals(newIsr)) {
      LOG.info(
          "in-sync set changed partition={} leaderEpoch={} partitionEpoch={} from={} to={}",
          log.id(),
          leader.leaderEpoch(),
          partitionEpoch,
          before,
          newIsr);
    }
    leader.onInSyncChanged();
  }

  private void checkLag() {
    if (leader.isClosed()) {
      return;
    }
    lagTimer = loop.schedule(this::checkLag, maxLagNanos / 2);
    if (isr.isProposed() || isr.accepted().size() == 1) {
      return;
    }
    long now = context.clock().monotonicNanos();
    List<Integer> lagging = new ArrayList<>();
    for (ReplicaProgress replica : leader.followers()) {
      if (isr.accepted().contains(replica.replicaId())
          && InSyncRules.lags(
              replica.durableEnd(),
              log.logEndOffset(),
              replica.lastCaughtUpNanos(),
              now,
              maxLagNanos)) {
        lagging.add(replica.replicaId());
      }
    }
    if (!lagging.isEmpty()) {
      List<Integer> rest = new ArrayList<>(isr.accepted());
      rest.removeAll(lagging);
      propose(rest, "lagging " + lagging);
    }
  }

  /** Proposes a replica that has just told its progress, when it is outside and fit. */
  void maybeExpand(ReplicaProgress replica) {
    if (isr.isProposed()
        || isr.accepted().contains(replica.replicaId())
        || !InSyncRules.mayJoin(
            replica.durableEnd(), log.highWatermark(), leader.epochStartOffset())
        || context.clock().monotonicNanos() - quietUntilNanos < 0
        || !isEligible(replica)) {
      return;
    }
    List<Integer> wanted = new ArrayList<>(isr.accepted());
    wanted.add(replica.replicaId());
    propose(wanted, "caught up " + replica.replicaId());
  }

  /** The controller would refuse others; asking for them again and again would cost it. */
  private boolean isEligible(ReplicaProgress replica) {
    BrokerImage broker = context.image().get().cluster().broker(replica.replicaId());
    return broker != null
        && broker.serves(log.id().topicId(), log.id().partition())
        && broker.epoch() == replica.brokerEpoch();
  }

  private void propose(List<Integer> wanted, String why) {
    IsrProposal proposal = proposalOf(wanted);
    isr.propose(proposal);
    LOG.info(
        "proposing in-sync set partition={} leaderEpoch={} partitionEpoch={} from={} to={} because={}",
        log.id(),
        leader.leaderEpoch(),
        isr.partitionEpoch(),
        isr.accepted(),
        wanted,
        why);
    send(proposal);
  }

  private IsrProposal proposalOf(List<Integer> wanted) {
    List<IsrProposal.Member> members = new ArrayList<>();
    for (int id : wanted) {
      // Of a member only its being one matters; of a new one also the life in which it was seen to
      // have everything.
      ReplicaProgress replica = isr.accepted().contains(id) ? null : leader.progressOf(id);
      members.add(new IsrProposal.Member(id, replica == null ? -1 : replica.brokerEpoch()));
    }
    return new IsrProposal(log.id(), leader.leaderEpoch(), isr.partitionEpoch(), members);
  }

  private void send(IsrProposal proposal) {
    context
        .isrProposer()
        .propose(proposal)
        .whenComplete(
            (answer, failure) -> {
              try {
                loop.execute(() -> onAnswer(proposal, failure == null ? answer : null));
              } catch (RejectedExecutionException e) {
                // The loop is closed, and the leader with it.
              }
            });
  }

  /**
   * @param answer null when none came
   */
  private void onAnswer(IsrProposal proposal, @Nullable IsrAnswer answer) {
    if (leader.isClosed() || !isr.awaits(proposal)) {
      return;
    }
    if (answer != null && answer.error() == ErrorCode.NONE) {
      if (answer.leaderEpoch() == leader.leaderEpoch()) {
        accept(answer.isr(), answer.partitionEpoch());
      }
      return; // of another leader epoch: the image will end this role
    }
    if (answer != null && refusesMembers(answer.error()) && !isr.isSettling()) {
      settle();
      return;
    }
    retryTimer = loop.schedule(() -> resend(proposal), RETRY_NANOS);
  }

  private void resend(IsrProposal proposal) {
    if (!leader.isClosed() && isr.awaits(proposal)) {
      send(proposal);
    }
  }

  /** Makes sure that a refused proposal stays refused, whatever is still on its way. */
  private void settle() {
    quietUntilNanos = context.clock().monotonicNanos() + RETRY_NANOS;
    IsrProposal settling = proposalOf(isr.accepted());
    isr.replaceRefused(settling);
    send(settling);
  }

  /**
   * Any other error leaves it open whether this or an earlier sending was accepted: it is sent
   * again.
   */
  private static boolean refusesMembers(ErrorCode error) {
    return error == ErrorCode.INELIGIBLE_REPLICA || error == ErrorCode.INVALID_REQUEST;
  }
}
