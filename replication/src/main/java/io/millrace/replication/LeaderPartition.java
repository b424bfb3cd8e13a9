package io.millrace.replication;

import io.millrace.concurrent.EventLoop;
import io.millrace.concurrent.SingleWriter;
import io.millrace.log.AppendResult;
import io.millrace.log.PartitionLog;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.replication.leader.HighWatermarkRule;
import io.millrace.replication.leader.ReplicaProgress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The leader's role under one epoch: appends what clients send, learns from fetches how far each
 * follower is, moves the high watermark and answers whoever waited for it. Changes of the in-sync
 * set are {@link InSyncControl}'s.
 *
 * <p>Owned by the append loop of the partition's log. Network threads call {@link #onFollowerFetch}
 * and read {@link #snapshot}, {@link #progressOf} and {@link #epochStartOffset}.
 *
 * <p>Invariants: the high watermark is at most the durable end of the leader and of each member of
 * the maximal in-sync set; a produce with {@code acks=all} succeeds only when it is below the high
 * watermark.
 */
@SingleWriter
final class LeaderPartition implements PartitionRole {

  private final PartitionLog log;
  private final EventLoop loop;
  private final ReplicaContext context;
  private final PartitionWaiters waiters;
  private final int leaderEpoch;
  private final long epochStartOffset;
  private final InSyncControl inSync;
  private final PendingProduces awaitingCommit = new PendingProduces();
  private final PendingProduces awaitingDisk = new PendingProduces();

  /** Replaced as a whole when the replicas change; network threads read it. */
  private volatile Map<Integer, ReplicaProgress> progress;

  private volatile RoleSnapshot snapshot;
  private long[] followerEnds = new long[0];
  private EventLoop.@Nullable Timer deadlineTimer;
  private long armedFor;
  private boolean closed;

  LeaderPartition(
      PartitionLog log,
      ReplicaContext context,
      PartitionWaiters waiters,
      PartitionImage state,
      long logEnd) {
    this.log = log;
    this.loop = log.appendLoop();
    this.context = context;
    this.waiters = waiters;
    this.leaderEpoch = state.leaderEpoch();
    this.epochStartOffset = logEnd;
    this.progress = Map.of();
    this.inSync = new InSyncControl(this, log, context, state);
    this.snapshot = snapshotOf(state.isr());
    trackReplicas(state.replicas());
  }

  /**
   * Begins to act; the log knows of the epoch by now. Apart from the constructor, so that nothing
   * sees a half-made leader.
   */
  void start() {
    inSync.start();
    advanceHighWatermark();
  }

  @Override
  public int leaderEpoch() {
    return leaderEpoch;
  }

  @Override
  public int leaderId() {
    return context.nodeId();
  }

  @Override
  public RoleSnapshot snapshot() {
    return snapshot;
  }

  @Override
  public LeaderPartition asLeader() {
    return this;
  }

  /** Where the log ended when this epoch began. Any thread. */
  long epochStartOffset() {
    return epochStartOffset;
  }

  /** What is known of another replica, null when the broker holds none. Any thread. */
  @Nullable ReplicaProgress progressOf(int replicaId) {
    return progress.get(replicaId);
  }

  // ---- produce

  void append(
      MemoryRecords records,
      short acks,
      long deadlineNanos,
      CompletableFuture<ProduceResult> done) {
    assert loop.owns("append");
    int minInSync = minInSync();
    if (acks == -1 && inSync.size() < minInSync) {
      done.complete(ProduceResult.failed(ErrorCode.NOT_ENOUGH_REPLICAS, tooFew(minInSync)));
      return;
    }
    AppendResult result = log.appendAsLeader(records, leaderEpoch);
    if (result instanceof AppendResult.Rejected rejected) {
      done.complete(ProduceResult.failed(rejected.code(), rejected.reason()));
    } else if (result instanceof AppendResult.Appended appended) {
      waiters.appended(appended.lastOffset() + 1, records.sizeInBytes());
      answerWhenSafe(
          acks,
          appended.lastOffset() + 1,
          deadlineNanos,
          success(appended.baseOffset(), appended.logAppendTime(), appended.logStartOffset()),
          done);
    } else if (result instanceof AppendResult.Duplicate duplicate) {
      answerWhenSafe(
          acks,
          duplicate.lastOffset() + 1,
          deadlineNanos,
          success(duplicate.baseOffset(), duplicate.logAppendTime(), duplicate.logStartOffset()),
          done);
    }
  }

  private static ProduceResult success(long baseOffset, long logAppendTime, long logStartOffset) {
    return new ProduceResult(ErrorCode.NONE, baseOffset, logAppendTime, logStartOffset, null);
  }

  private void answerWhenSafe(
      short acks,
      long requiredEnd,
      long deadlineNanos,
      ProduceResult success,
      CompletableFuture<ProduceResult> done) {
    if (acks == 0) {
      done.complete(success);
      return;
    }
    var pending = new PendingProduces.Pending(requiredEnd, deadlineNanos, success, done);
    if (acks == 1) {
      awaitingDisk.add(pending);
      awaitingDisk.reached(log.durableEndOffset(), ErrorCode.NONE, "");
    } else {
      awaitingCommit.add(pending);
      answerCommitted();
    }
    armDeadline(deadlineNanos);
  }

  private void answerCommitted() {
    if (awaitingCommit.isEmpty()) {
      return;
    }
    int minInSync = minInSync();
    boolean enough = inSync.size() >= minInSync;
    awaitingCommit.reached(
        log.highWatermark(),
        enough ? ErrorCode.NONE : ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        enough ? "" : tooFew(minInSync));
  }

  /** As set, but never more than there are replicas; as Kafka has it. */
  private int minInSync() {
    int set = context.topicConfigs().minInSyncReplicas(log.id().topic());
    return Math.min(set, 1 + progress.size());
  }

  private String tooFew(int minInSync) {
    return "in-sync replicas "
        + inSync.accepted()
        + " are fewer than min.insync.replicas="
        + minInSync;
  }

  /**
   * One timer for all that wait: it is armed for the earliest deadline and looks again when it
   * fires.
   */
  private void armDeadline(long deadlineNanos) {
    if (awaitingCommit.isEmpty() && awaitingDisk.isEmpty()) {
      return;
    }
    if (deadlineTimer != null) {
      if (deadlineNanos - armedFor >= 0) {
        return;
      }
      deadlineTimer.cancel();
    }
    armedFor = deadlineNanos;
    long delay = Math.max(0, deadlineNanos - context.clock().monotonicNanos());
    deadlineTimer = loop.schedule(this::expireProduces, delay);
  }

  private void expireProduces() {
    deadlineTimer = null;
    if (closed) {
      return;
    }
    long now = context.clock().monotonicNanos();
    awaitingCommit.expire(now, "the high watermark");
    awaitingDisk.expire(now, "the durable end");
    armDeadline(
        now
            + Math.min(
                awaitingCommit.nanosToFirstDeadline(now), awaitingDisk.nanosToFirstDeadline(now)));
  }

  // ---- progress

  /** The leader's own disk has caught up to an offset. */
  void onDurable(long durableEnd) {
    awaitingDisk.reached(durableEnd, ErrorCode.NONE, "");
    advanceHighWatermark();
  }

  /**
   * Takes in a follower's fetch that did not diverge. Any thread.
   *
   * @param leaderLogEnd the log end when the fetch arrived
   */
  void onFollowerFetch(
      ReplicaProgress replica, long brokerEpoch, long fetchOffset, long leaderLogEnd) {
    long now = context.clock().monotonicNanos();
    boolean nothingNew =
        fetchOffset == leaderLogEnd
            && replica.durableEnd() == fetchOffset
            && replica.brokerEpoch() == brokerEpoch
            && snapshot.isr().contains(replica.replicaId());
    if (nothingNew) {
      replica.markIdle(now);
      return;
    }
    // Refused when the loop is closed or nearly full; the follower's next fetch tells it again.
    boolean unused =
        loop.tryExecute(() -> takeProgress(replica, brokerEpoch, fetchOffset, leaderLogEnd, now));
  }

  private void takeProgress(
      ReplicaProgress replica, long brokerEpoch, long fetchOffset, long leaderLogEnd, long now) {
    if (closed
        || brokerEpoch < replica.brokerEpoch()
        || progress.get(replica.replicaId()) != replica) {
      return; // of an earlier epoch, or of an earlier life of the follower
    }
    replica.onFetch(brokerEpoch, fetchOffset, now, leaderLogEnd);
    advanceHighWatermark();
    inSync.maybeExpand(replica);
  }

  /** Recomputes the high watermark; when it moved, answers and wakes whoever waited for it. */
  void advanceHighWatermark() {
    long current = log.highWatermark();
    int count = 0;
    for (ReplicaProgress replica : progress.values()) {
      if (inSync.isInMaximalSet(replica.replicaId())) {
        followerEnds[count++] = replica.durableEnd();
      }
    }
    for (int i = count; i < followerEnds.length; i++) {
      followerEnds[i] = Long.MAX_VALUE; // not a member: holds nothing back
    }
    long next = HighWatermarkRule.next(current, log.durableEndOffset(), followerEnds);
    if (next > current) {
      log.setHighWatermark(next);
      answerCommitted();
      waiters.committed(next);
    }
  }

  // ---- metadata

  /** Takes a newer state of the same leader epoch. */
  void onState(PartitionImage state) {
    trackReplicas(state.replicas());
    inSync.accept(state.isr(), state.partitionEpoch());
  }

  /** The in-sync set has changed: republish, and commit what its members already hold. */
  void onInSyncChanged() {
    snapshot = snapshotOf(inSync.accepted());
    advanceHighWatermark();
    answerCommitted();
  }

  private RoleSnapshot snapshotOf(List<Integer> isr) {
    return new RoleSnapshot(RoleSnapshot.Role.LEADER, context.nodeId(), leaderEpoch, isr);
  }

  private void trackReplicas(List<Integer> replicas) {
    Map<Integer, ReplicaProgress> known = progress;
    Map<Integer, ReplicaProgress> next = new HashMap<>();
    for (int replica : replicas) {
      if (replica != context.nodeId()) {
        ReplicaProgress old = known.get(replica);
        next.put(
            replica,
            old != null
                ? old
                : new ReplicaProgress(
                    replica, context.clock().monotonicNanos(), log.logEndOffset()));
      }
    }
    progress = Map.copyOf(next);
    followerEnds = new long[next.size()];
  }

  Iterable<ReplicaProgress> followers() {
    return progress.values();
  }

  boolean isClosed() {
    return closed;
  }

  @Override
  public void close(String reason) {
    assert loop.owns("close");
    closed = true;
    inSync.close();
    if (deadlineTimer != null) {
      deadlineTimer.cancel();
      deadlineTimer = null;
    }
    awaitingCommit.failAll(ErrorCode.NOT_LEADER_OR_FOLLOWER, reason);
    awaitingDisk.failAll(ErrorCode.NOT_LEADER_OR_FOLLOWER, reason);
  }
}
