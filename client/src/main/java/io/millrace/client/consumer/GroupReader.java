package io.millrace.client.consumer;

import io.millrace.client.GroupConfig;
import io.millrace.client.MillraceException;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.RebalanceListener;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.ClientRuntime;
import io.millrace.client.group.GroupClient;
import io.millrace.client.group.GroupEvent;
import io.millrace.client.group.GroupEvent.Reconcile;
import io.millrace.client.group.Subscription;
import io.millrace.client.network.Failures;
import io.millrace.protocol.ErrorCode;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The reading side's part in a group: carries out what the membership asks, tells the application,
 * and commits at intervals. Works in {@link #step}, which whoever reads calls before each pass, and
 * which never waits: a round that must wait goes on in a later step.
 *
 * <pre>
 *   revoked: no more records -> none is worked on -> commit -> onRevoked -> forgotten
 *   added:   positions from the group -> onAssigned -> acknowledged, with the smaller or larger set
 * </pre>
 *
 * <p>Guarded by the consumer's lock, which is let go of while the application's listener runs.
 */
final class GroupReader {

  private static final Logger LOG = LoggerFactory.getLogger(GroupReader.class);
  private static final RebalanceListener NOBODY = new RebalanceListener() {};

  private final GroupConfig config;
  private final GroupClient group;
  private final ClientRuntime runtime;
  private final ReadGate gate;
  private final Assignment assignment;
  private final EventQueue events;
  private RebalanceListener listener = NOBODY;
  private Progress progress = Progress.HANDED_OVER;
  private @Nullable Subscription subscription;
  private @Nullable RebalanceRound round;
  private @Nullable MillraceException failed;
  private @Nullable RuntimeException listenerFailure;
  private boolean telling;
  private boolean leaving;
  private long nextCommitNanos;
  private @Nullable CompletableFuture<Void> committing;
  private Map<TopicPartition, OffsetAndMetadata> beingCommitted = Map.of();
  private boolean armed;
  private long armedNanos;

  GroupReader(
      GroupClient group,
      ClientRuntime runtime,
      ReadGate gate,
      Assignment assignment,
      EventQueue events) {
    this.config = group.config();
    this.group = group;
    this.runtime = runtime;
    this.gate = gate;
    this.assignment = assignment;
    this.events = events;
    this.nextCommitNanos = now() + config.autoCommitInterval().toNanos();
  }

  GroupClient group() {
    return group;
  }

  @Nullable Subscription subscription() {
    return subscription;
  }

  void subscribe(Subscription wanted, RebalanceListener told) {
    listener = told;
    subscription = wanted;
    failed = null;
    group.away();
    group.subscribe(wanted);
  }

  /** Who knows how far the application is; null for the next call's. */
  void progress(@Nullable Progress source) {
    progress = source == null ? Progress.HANDED_OVER : source;
  }

  /** Whether the listener is being called. */
  boolean isTelling() {
    return telling;
  }

  /** Whether a call is leaving the group: a stream, which asks all the same, gets nothing then. */
  boolean isLeaving() {
    return leaving;
  }

  /** Whether records may be handed over now. */
  boolean mayRead() {
    return !group.isLost() && !telling;
  }

  /**
   * Carries out what can be carried out now.
   *
   * @throws MillraceException when the membership has ended, or the listener has thrown
   */
  void step() {
    if (telling) {
      throw new IllegalStateException("a rebalance listener cannot read records");
    }
    while (proceed()) {
      // until nothing is left, or it must wait
    }
    RuntimeException thrown = listenerFailure;
    listenerFailure = null;
    if (thrown != null) {
      throw new MillraceException(
          ErrorCode.UNKNOWN_SERVER_ERROR, "the rebalance listener failed: " + thrown, thrown);
    }
    if (failed != null) {
      throw failed;
    }
    commitAtIntervals();
  }

  private boolean proceed() {
    RebalanceRound current = round;
    if (current != null && group.isLost()) {
      round = null;
      return true;
    }
    if (current != null) {
      if (!current.proceed()) {
        return false;
      }
      round = null;
      return true;
    }
    GroupEvent event = group.pollEvent();
    if (event == null) {
      return false;
    }
    if (event instanceof Reconcile reconcile && !group.isLost()) {
      round = new RebalanceRound(reconcile, this);
    } else if (event instanceof GroupEvent.Lost) {
      everythingIsGone();
      group.told();
    } else if (event instanceof GroupEvent.Failed failure) {
      everythingIsGone();
      failed = failure.reason();
    }
    return true;
  }

  private void everythingIsGone() {
    Set<TopicPartition> lost = assignment.partitions();
    progress.quiesce(lost);
    assignment.change(lost, Set.of());
    committing = null;
    if (!lost.isEmpty()) {
      tell(each -> each.onLost(lost));
    }
  }

  // what a round needs

  long now() {
    return runtime.clock().monotonicNanos();
  }

  long rebalanceNanos() {
    return config.rebalanceTimeout().toNanos();
  }

  boolean commitsByItself() {
    return config.autoCommit();
  }

  boolean isLost() {
    return group.isLost();
  }

  Progress progress() {
    return progress;
  }

  Assignment assignment() {
    return assignment;
  }

  void acknowledge(long ofRound) {
    group.reconciled(ofRound);
  }

  /** Runs the listener without the lock; what it throws is reported by the step. */
  void tell(Consumer<RebalanceListener> call) {
    telling = true;
    RebalanceListener told = listener;
    RuntimeException[] thrown = new RuntimeException[1];
    try {
      gate.runWithoutLock(
          () -> {
            try {
              call.accept(told);
            } catch (RuntimeException broken) {
              thrown[0] = broken;
            }
          });
    } finally {
      telling = false;
    }
    if (thrown[0] != null) {
      LOG.warn("the rebalance listener failed group={}", config.groupId(), thrown[0]);
      listenerFailure = thrown[0];
    }
  }

  /** Has the reader look again after so long, unless it will anyhow. */
  void lookAgainIn(long nanos) {
    long at = now() + Math.max(0, nanos);
    boolean isSooner = !armed || at < armedNanos || armedNanos <= now();
    if (isSooner) {
      armed = true;
      armedNanos = at;
      runtime.cluster().runOnLoop(() -> runtime.loop().schedule(events::nudge, Math.max(0, nanos)));
    }
  }

  /** Has the reader look again when this is done. */
  void lookAgainAfter(CompletableFuture<?> future) {
    future.whenComplete((value, failure) -> events.nudge());
  }

  // commits

  /** What may be committed of these partitions; those that the group has already are left out. */
  Map<TopicPartition, OffsetAndMetadata> news(Collection<TopicPartition> of) {
    Map<TopicPartition, OffsetAndMetadata> found = new HashMap<>();
    for (PartitionCursor cursor : assignment.cursors()) {
      OffsetAndMetadata offset = of.contains(cursor.partition) ? progress.of(cursor) : null;
      if (offset != null && offset.offset() != cursor.committed) {
        found.put(cursor.partition, offset);
      }
    }
    return found;
  }

  /** Where the group may go on, of all partitions. */
  Map<TopicPartition, OffsetAndMetadata> positions() {
    Map<TopicPartition, OffsetAndMetadata> found = new HashMap<>();
    for (PartitionCursor cursor : assignment.cursors()) {
      OffsetAndMetadata offset = progress.of(cursor);
      if (offset != null) {
        found.put(cursor.partition, offset);
      }
    }
    return found;
  }

  CompletableFuture<Void> commit(Map<TopicPartition, OffsetAndMetadata> offsets, long nanos) {
    return group.commit(offsets, nanos);
  }

  private void commitAtIntervals() {
    if (!config.autoCommit() || assignment.cursors().isEmpty()) {
      return;
    }
    CompletableFuture<Void> last = committing;
    if (last != null && last.isDone()) {
      committed(last);
    }
    long left = nextCommitNanos - now();
    if (committing != null) {
      return; // its end calls us
    }
    if (left > 0) {
      lookAgainIn(left);
      return;
    }
    nextCommitNanos = now() + config.autoCommitInterval().toNanos();
    Map<TopicPartition, OffsetAndMetadata> offsets = news(assignment.partitions());
    if (!offsets.isEmpty()) {
      beingCommitted = offsets;
      CompletableFuture<Void> begun = commit(offsets, rebalanceNanos());
      committing = begun;
      lookAgainAfter(begun);
    }
    lookAgainIn(config.autoCommitInterval().toNanos());
  }

  private void committed(CompletableFuture<Void> done) {
    committing = null;
    try {
      done.join();
      for (PartitionCursor cursor : assignment.cursors()) {
        OffsetAndMetadata offset = beingCommitted.get(cursor.partition);
        if (offset != null) {
          cursor.committed = offset.offset();
        }
      }
    } catch (RuntimeException failure) {
      LOG.warn(
          "offsets are not committed; the next commit takes them along group={} reason={}",
          config.groupId(),
          Failures.of(failure).getMessage());
    }
  }

  // the end

  /**
   * Leaves in order, within the time: lets the application end what it works on, commits, tells the
   * listener, and says goodbye. What does not fit into the time is left out, but for the listener.
   */
  void leave(long nanos) {
    leaving = true;
    try {
      leaveInOrder(nanos);
    } finally {
      leaving = false;
    }
  }

  private void leaveInOrder(long nanos) {
    long deadline = now() + nanos;
    Set<TopicPartition> all = new HashSet<>(assignment.partitions());
    assignment.cursors().forEach(cursor -> cursor.revoking = true);
    boolean isMember = !group.isLost();
    gate.await(progress.quiesce(all), deadline - now(), this::drain, false);
    if (isMember && config.autoCommit()) {
      CompletableFuture<Void> last = commit(news(all), Math.max(0, deadline - now()));
      if (!gate.await(last, deadline - now(), this::drain, false)) {
        LOG.warn("no time was left to commit group={}", config.groupId());
      } else if (last.isCompletedExceptionally()) {
        committed(last);
      }
    } else if (isMember) {
      gate.await(commit(Map.of(), deadline - now()), deadline - now(), this::drain, false);
    }
    if (!all.isEmpty() && subscription != null) {
      tell(isMember ? each -> each.onRevoked(all) : each -> each.onLost(all));
    }
    assignment.change(all, Set.of());
    if (subscription != null) {
      long left = deadline - now();
      gate.await(group.leave(left), left, this::drain, false);
    }
    subscription = null;
    round = null;
    failed = null;
    listener = NOBODY;
    committing = null;
  }

  /** Events that came meanwhile end waits; their time is over. */
  private void drain() {
    while (events.poll() != null) {
      // of partitions that are given up
    }
  }
}
