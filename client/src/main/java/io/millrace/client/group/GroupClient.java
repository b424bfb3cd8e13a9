package io.millrace.client.group;

import io.millrace.client.GroupConfig;
import io.millrace.client.MemberIdentity;
import io.millrace.client.MillraceException;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.cluster.CoordinatorLookup;
import io.millrace.client.network.Failures;
import io.millrace.protocol.ErrorCode;
import java.util.Collection;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A consumer's dealings with its group, for whoever reads: membership, commits, committed offsets.
 * All methods may be called from any thread; they take effect on the consumer's loop in the order
 * in which one thread calls them, so a commit comes before the acknowledgement that gives its
 * partitions up.
 */
public final class GroupClient {

  /** The application is not busy with records: it waits for us. */
  private static final long WITH_US = Long.MIN_VALUE;

  private final GroupConfig config;
  private final ClusterClient cluster;
  private final GroupMembership membership;
  private final OffsetCommitter committer;
  private final CommittedOffsets committed;
  private final Queue<GroupEvent> events = new ConcurrentLinkedQueue<>();
  private final Runnable nudge;
  private final AtomicLong awaySince = new AtomicLong(WITH_US);
  private volatile boolean lost; // written on the loop: nothing may be handed over any more
  private boolean subscribed; // confined to the loop

  /**
   * @param memberId for the consumer's whole life
   * @param nudge wakes whoever reads, after each event; runs on the loop
   */
  public GroupClient(
      GroupConfig config, String rack, String memberId, ClusterClient cluster, Runnable nudge) {
    this.config = config;
    this.cluster = cluster;
    this.nudge = nudge;
    CoordinatorLookup coordinators = new CoordinatorLookup(cluster);
    MemberState state = new MemberState(config, rack, memberId);
    this.committer =
        new OffsetCommitter(cluster, coordinators, this::identity, this::membershipInDoubt);
    this.membership =
        new GroupMembership(
            config, state, cluster, coordinators, this::put, this::awayNanos, this::membershipLost);
    this.committed = new CommittedOffsets(cluster, coordinators, this::identity);
  }

  public GroupConfig config() {
    return config;
  }

  /** Who this consumer was in its group a moment ago. */
  public MemberIdentity member() {
    MemberState state = membership.state();
    return new MemberIdentity(
        config.groupId(), state.memberId(), state.epoch(), config.instanceId());
  }

  /** Joins the group, or changes what this member wants. */
  public void subscribe(Subscription subscription) {
    onLoop(
        () -> {
          subscribed = true;
          if (membership.state().phase() != MemberState.Phase.LOST) {
            lost = false;
          }
          membership.subscribe(subscription);
        });
  }

  /** The next event; null when there is none. */
  public @Nullable GroupEvent pollEvent() {
    return events.poll();
  }

  /**
   * Whether everything is gone although the application has not been told yet. A volatile read:
   * asked before each record.
   */
  public boolean isLost() {
    return lost;
  }

  /** The application has carried out a round. */
  public void reconciled(long round) {
    onLoop(() -> membership.reconciled(round));
  }

  /** The application knows that everything is gone. */
  public void told() {
    onLoop(
        () -> {
          lost = false;
          membership.told();
        });
  }

  /** Leaves the group; never fails, and takes no longer than the time. */
  public CompletableFuture<Void> leave(long timeoutNanos) {
    CompletableFuture<Void> left = new CompletableFuture<>();
    boolean isRunning =
        onLoop(
            () -> {
              subscribed = false;
              lost = false;
              events.clear();
              committer.membershipLost(notAMember("it has left"));
              membership.leave(timeoutNanos).whenComplete((done, none) -> left.complete(null));
            });
    if (!isRunning) {
      left.complete(null);
    }
    return left;
  }

  /** Commits offsets, after all that was to be committed before. Completes on the loop. */
  public CompletableFuture<Void> commit(
      Map<TopicPartition, OffsetAndMetadata> offsets, long timeoutNanos) {
    CompletableFuture<Void> result = new CompletableFuture<>();
    if (!onLoop(() -> committer.commit(offsets, timeoutNanos, result))) {
      result.completeExceptionally(Failures.closed());
    }
    return result;
  }

  /** What is committed; partitions without a commit are absent. Completes on the loop. */
  public CompletableFuture<Map<TopicPartition, OffsetAndMetadata>> committed(
      Collection<TopicPartition> partitions, long timeoutNanos) {
    return committed.fetch(partitions, timeoutNanos);
  }

  /** The application has what it wanted and works on it, until {@link #back}. */
  public void away() {
    awaySince.setOpaque(cluster.clock().monotonicNanos());
  }

  /** The application has come back for more. */
  public void back() {
    awaySince.setOpaque(WITH_US);
  }

  private long awayNanos() {
    long since = awaySince.getOpaque();
    return since == WITH_US ? 0 : cluster.clock().monotonicNanos() - since;
  }

  private void put(GroupEvent event) {
    if (!(event instanceof GroupEvent.Reconcile)) {
      lost = true;
    }
    events.add(event);
    nudge.run();
  }

  private Identity identity() {
    if (!subscribed) {
      return new Identity(config.groupId(), "", -1, null);
    }
    MemberState state = membership.state();
    if (state.phase() != MemberState.Phase.MEMBER) {
      throw notAMember("it is " + state.phase());
    }
    return new Identity(config.groupId(), state.memberId(), state.epoch(), config.instanceId());
  }

  private MillraceException notAMember(String why) {
    return new MillraceException(
        ErrorCode.UNKNOWN_MEMBER_ID,
        "this consumer is not a member of group '" + config.groupId() + "' now: " + why);
  }

  private void membershipInDoubt() {
    membership.beatNow();
  }

  private void membershipLost() {
    committer.membershipLost(notAMember("the group has thrown it out"));
  }

  private boolean onLoop(Runnable task) {
    return cluster.runOnLoop(task);
  }
}
