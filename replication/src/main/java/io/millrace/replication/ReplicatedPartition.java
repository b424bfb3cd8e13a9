package io.millrace.replication;

import io.millrace.concurrent.EventLoop;
import io.millrace.log.EpochEnd;
import io.millrace.log.PartitionLog;
import io.millrace.log.TopicPartitionId;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.replication.delayed.DelayedFetch;
import io.millrace.replication.follower.FetchTarget;
import io.millrace.replication.leader.ReplicaProgress;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * This broker's replica of one partition: the log, and the role that the metadata gives it.
 *
 * <p>Any thread may call the public methods. State changes on the append loop of the log alone; a
 * read is served on the caller's thread from published offsets and never waits for another thread.
 */
public final class ReplicatedPartition {

  private final TopicPartitionId id;
  private final PartitionLog log;
  private final EventLoop loop;
  private final ReplicaContext context;
  private final PartitionWaiters waiters;
  private final LeaderReads reads;
  private final ReplicaRole role;

  public ReplicatedPartition(PartitionLog log, ReplicaContext context) {
    this(log, context, -1);
  }

  /**
   * A replica on a log that was opened again.
   *
   * @param endedEpoch takes roles of later leader epochs only: in this one the log's former life
   *     led, and may have shown records that it could not keep
   */
  ReplicatedPartition(PartitionLog log, ReplicaContext context, int endedEpoch) {
    this.id = log.id();
    this.log = log;
    this.loop = log.appendLoop();
    this.context = context;
    this.waiters = new PartitionWaiters(log);
    this.reads = new LeaderReads(log);
    this.role = new ReplicaRole(this, log, context, waiters, endedEpoch);
  }

  /** Begins to listen to the log. Call once, before the first state. */
  void attach(LeadershipListener listener) {
    loop.execute(
        () -> {
          role.tell(listener);
          log.onDurable(this::onDurable);
          log.onOffline(role::goOffline);
        });
  }

  public TopicPartitionId id() {
    return id;
  }

  /** What this replica is now. Wait-free. */
  public RoleSnapshot role() {
    return role.now().snapshot();
  }

  /**
   * Whether this broker may act as leader in the epoch: it has the role, and its lease holds, which
   * bounds for how long it can take itself for the leader beside its successor. Wait-free.
   */
  public boolean leads(int leaderEpoch) {
    PartitionRole held = role.now();
    return held.leaderEpoch() == leaderEpoch
        && role.refusalToLead(held, leaderEpoch) == ErrorCode.NONE;
  }

  /** The log, for its published offsets and its size; who writes to it is decided here. */
  public PartitionLog log() {
    return log;
  }

  int lastLedEpoch() {
    return role.lastLedEpoch();
  }

  // ---- produce

  /**
   * Appends batches that {@code RecordBatchValidator} has accepted. Takes over the caller's
   * reference to them.
   *
   * <p>With {@code acks} -1 the future succeeds when every in-sync replica has the records on disk,
   * with 1 when this broker has, with 0 when they are appended. When the broker is overloaded it
   * fails with {@code REQUEST_TIMED_OUT}, nothing appended: clients try that again, and know how to
   * meet duplicates.
   *
   * @param acks -1, 0 or 1
   * @param expectedLeaderEpoch refuses when the leadership is another one; -1 takes any
   */
  public CompletableFuture<ProduceResult> append(
      MemoryRecords records, short acks, int timeoutMs, int expectedLeaderEpoch) {
    CompletableFuture<ProduceResult> done = new CompletableFuture<>();
    PartitionRole now = role.now();
    ErrorCode refusal = role.refusalToLead(now, expectedLeaderEpoch);
    // A replica without a role yet has its first one on the way, in front of this append.
    if (refusal != ErrorCode.NONE && now != IdlePartition.UNBORN) {
      records.release();
      done.complete(ProduceResult.failed(refusal, notLeading()));
      return done;
    }
    long deadline =
        context.clock().monotonicNanos() + TimeUnit.MILLISECONDS.toNanos(Math.max(0, timeoutMs));
    boolean accepted =
        loop.tryExecute(
            () -> {
              try {
                appendOnLoop(records, acks, deadline, expectedLeaderEpoch, done);
              } catch (RuntimeException | Error e) {
                done.complete(ProduceResult.failed(ErrorCode.UNKNOWN_SERVER_ERROR, e.toString()));
                throw e;
              } finally {
                records.release();
              }
            });
    if (!accepted) {
      records.release();
      done.complete(
          ProduceResult.failed(
              ErrorCode.REQUEST_TIMED_OUT, "the append queue is full, partition=" + id));
    }
    return done;
  }

  private void appendOnLoop(
      MemoryRecords records,
      short acks,
      long deadline,
      int expectedLeaderEpoch,
      CompletableFuture<ProduceResult> done) {
    PartitionRole now = role.now();
    ErrorCode refusal = role.refusalToLead(now, expectedLeaderEpoch);
    LeaderPartition leader = now.asLeader();
    if (refusal != ErrorCode.NONE || leader == null) {
      done.complete(ProduceResult.failed(refusal, notLeading()));
      return;
    }
    leader.append(records, acks, deadline, done);
  }

  private String notLeading() {
    RoleSnapshot snapshot = role.now().snapshot();
    return "broker "
        + context.nodeId()
        + " is "
        + snapshot.role()
        + " of "
        + id
        + ", leader="
        + snapshot.leaderId()
        + " leaderEpoch="
        + snapshot.leaderEpoch();
  }

  // ---- read

  /**
   * Reads for a consumer or a follower; a follower's read tells the leader how far it is. May touch
   * files.
   */
  public ReadResult read(ReadRequest request) {
    PartitionRole held = role.now();
    ErrorCode refusal = role.refusalToLead(held, request.currentLeaderEpoch());
    LeaderPartition leader = held.asLeader();
    if (refusal != ErrorCode.NONE || leader == null) {
      return ReadResult.failed(refusal, held.leaderId(), held.leaderEpoch());
    }
    ReplicaProgress replica = null;
    if (request.isFollower()) {
      replica = leader.progressOf(request.replicaId());
      if (replica == null) { // not yet in this broker's image: its own image is newer
        return ReadResult.failed(
            ErrorCode.UNKNOWN_LEADER_EPOCH, held.leaderId(), held.leaderEpoch());
      }
    }
    ReadResult result = reads.read(leader, request);
    if (role.now() != held) { // what was read may have been cut meanwhile
      result.records().release();
      return ReadResult.failed(
          ErrorCode.NOT_LEADER_OR_FOLLOWER, role.now().leaderId(), role.now().leaderEpoch());
    }
    if (replica != null && result.error() == ErrorCode.NONE && result.diverging() == null) {
      leader.onFollowerFetch(
          replica, request.replicaEpoch(), request.fetchOffset(), result.readableEnd());
    }
    return result;
  }

  /**
   * Has a fetch woken when this partition has more for it, or its role changes. Any thread; cheap.
   *
   * @param seenEnd {@link ReadResult#readableEnd} of the read that found too little
   */
  public void awaitData(DelayedFetch fetch, ReadIsolation isolation, long seenEnd) {
    PartitionRole held = role.now();
    waiters.register(fetch, isolation, seenEnd);
    if (role.now() != held || held.asLeader() == null) {
      fetch.complete();
    }
  }

  // ---- lookups

  /**
   * Finds an offset by time, or one of the ends that ListOffsets names by a negative time. May
   * touch files.
   */
  public OffsetLookup lookupOffset(
      long timestamp, ReadIsolation isolation, int currentLeaderEpoch) {
    PartitionRole held = role.now();
    ErrorCode refusal = role.refusalToLead(held, currentLeaderEpoch);
    LeaderPartition leader = held.asLeader();
    if (refusal != ErrorCode.NONE || leader == null) {
      return OffsetLookup.failed(refusal);
    }
    return reads.lookupOffset(leader, timestamp, isolation);
  }

  /** Finds where a leader epoch ended. */
  public EpochLookup lookupEpoch(int epoch, int currentLeaderEpoch) {
    ErrorCode refusal = role.refusalToLead(role.now(), currentLeaderEpoch);
    return refusal == ErrorCode.NONE
        ? new EpochLookup(ErrorCode.NONE, log.endOffsetForEpoch(epoch))
        : new EpochLookup(refusal, EpochEnd.UNKNOWN);
  }

  // ---- metadata

  /**
   * Takes a state from the image. States older than what is known are passed over.
   *
   * @param onRole told of the role under a new leader epoch, on the append loop: a target to fetch
   *     for, or null when this replica follows nobody
   */
  void apply(PartitionImage state, Consumer<@Nullable FetchTarget> onRole) {
    loop.execute(() -> role.apply(state, onRole));
  }

  /** Takes the topic's settings. */
  void reconfigure() {
    loop.execute(
        () -> {
          if (role.isServing()) {
            log.reconfigure(context.topicConfigs().logConfig(id.topic()));
          }
        });
  }

  /** Ends every role for good; the future completes when nothing will touch the log any more. */
  CompletableFuture<Void> stop(String reason) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    try {
      loop.execute(
          () -> {
            role.stop(reason);
            done.complete(null);
          });
    } catch (RejectedExecutionException e) {
      done.complete(null);
    }
    return done;
  }

  // ---- the log's events, on the append loop

  private void onDurable(long durableEnd) {
    waiters.onDurable();
    PartitionRole now = role.now();
    if (now instanceof LeaderPartition leader) {
      leader.onDurable(durableEnd);
    } else if (now instanceof FollowerPartition follower) {
      follower.onDurable();
    }
  }

  @Override
  public String toString() {
    return id + " " + role.now().snapshot();
  }
}
