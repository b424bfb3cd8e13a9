package io.millrace.replication;

import io.millrace.concurrent.EventLoop;
import io.millrace.log.EpochEnd;
import io.millrace.log.LogRead;
import io.millrace.log.LogStorageException;
import io.millrace.log.PartitionLog;
import io.millrace.log.TimestampOffset;
import io.millrace.log.TopicPartitionId;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.Records;
import io.millrace.replication.delayed.DelayedFetch;
import io.millrace.replication.follower.FetchTarget;
import io.millrace.replication.leader.ReplicaProgress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * This broker's replica of one partition: the log, and the role that the metadata gives it.
 *
 * <p>Any thread may call the public methods. State changes on the append loop of the log alone; a
 * read is served on the caller's thread from published offsets and never waits for another thread.
 *
 * <pre>
 *   (none) --image--> LEADER | FOLLOWER | NONE --newer leader epoch--> LEADER | FOLLOWER | NONE
 *   any --disk failed--> OFFLINE (for good)                  any --stopped--> NONE (for good)
 *   A log that is opened again gets a replica of its own.
 * </pre>
 */
public final class ReplicatedPartition {

  private static final Logger LOG = LoggerFactory.getLogger(ReplicatedPartition.class);

  /**
   * ListOffsets' question for the start of what is on this disk; here the same as the log start.
   */
  private static final long EARLIEST_LOCAL_TIMESTAMP = -4;

  private final TopicPartitionId id;
  private final PartitionLog log;
  private final EventLoop loop;
  private final ReplicaContext context;
  private final PartitionWaiters waiters;

  /** Written on the append loop; a thread that reads it sees the role's fields. */
  private volatile PartitionRole role = IdlePartition.UNBORN;

  private LeadershipListener leadership = LeadershipListener.NONE;

  /** The last epoch that was led on this log, -1 for none. Written on the append loop. */
  private volatile int lastLedEpoch = -1;

  private int partitionEpoch = -1;
  private boolean stopped;

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
    if (endedEpoch >= 0) {
      role = new IdlePartition(new RoleSnapshot(RoleSnapshot.Role.NONE, -1, endedEpoch, List.of()));
    }
  }

  /** Begins to listen to the log. Call once, before the first state. */
  void attach(LeadershipListener listener) {
    loop.execute(
        () -> {
          leadership = listener;
          log.onDurable(this::onDurable);
          log.onOffline(this::onOffline);
        });
  }

  public TopicPartitionId id() {
    return id;
  }

  /** What this replica is now. Wait-free. */
  public RoleSnapshot role() {
    return role.snapshot();
  }

  /**
   * Whether this broker may act as leader in the epoch: it has the role, and the controller has not
   * had the time to give it to another. Wait-free.
   */
  public boolean leads(int leaderEpoch) {
    PartitionRole held = role;
    return held.leaderEpoch() == leaderEpoch && refusalToLead(held, leaderEpoch) == ErrorCode.NONE;
  }

  /** The log, for its published offsets and its size; who writes to it is decided here. */
  public PartitionLog log() {
    return log;
  }

  int lastLedEpoch() {
    return lastLedEpoch;
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
    PartitionRole now = role;
    ErrorCode refusal = refusalToLead(now, expectedLeaderEpoch);
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
    PartitionRole now = role;
    ErrorCode refusal = refusalToLead(now, expectedLeaderEpoch);
    LeaderPartition leader = now.asLeader();
    if (refusal != ErrorCode.NONE || leader == null) {
      done.complete(ProduceResult.failed(refusal, notLeading()));
      return;
    }
    leader.append(records, acks, deadline, done);
  }

  private String notLeading() {
    RoleSnapshot snapshot = role.snapshot();
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
    PartitionRole held = role;
    ErrorCode refusal = refusalToLead(held, request.currentLeaderEpoch());
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
    ReadResult result = readAsLeader(leader, request);
    if (role != held) { // what was read may have been cut meanwhile
      result.records().release();
      return ReadResult.failed(
          ErrorCode.NOT_LEADER_OR_FOLLOWER, role.leaderId(), role.leaderEpoch());
    }
    if (replica != null && result.error() == ErrorCode.NONE && result.diverging() == null) {
      leader.onFollowerFetch(
          replica, request.replicaEpoch(), request.fetchOffset(), result.readableEnd());
    }
    return result;
  }

  private ReadResult readAsLeader(LeaderPartition leader, ReadRequest request) {
    long highWatermark = log.highWatermark();
    long readableEnd = endFor(request.isolation());
    long logEnd = log.logEndOffset();
    EpochEnd diverging = null;
    if (request.lastFetchedEpoch() >= 0 && request.fetchOffset() > 0) {
      EpochEnd end = log.endOffsetForEpoch(request.lastFetchedEpoch());
      if (end.epoch() < 0) {
        return answer(
            leader,
            ErrorCode.OFFSET_OUT_OF_RANGE,
            MemoryRecords.EMPTY,
            readableEnd,
            highWatermark,
            null);
      }
      if (end.epoch() < request.lastFetchedEpoch() || end.endOffset() < request.fetchOffset()) {
        diverging = end;
        return answer(
            leader, ErrorCode.NONE, MemoryRecords.EMPTY, readableEnd, highWatermark, diverging);
      }
    }
    if (request.fetchOffset() > readableEnd && request.fetchOffset() <= logEnd) {
      // Appended, perhaps seen under an earlier leader, but not known to be committed here yet:
      // nothing to read so far.
      return answer(leader, ErrorCode.NONE, MemoryRecords.EMPTY, readableEnd, highWatermark, null);
    }
    LogRead read =
        log.read(request.fetchOffset(), request.maxBytes(), readableEnd, request.minOneBatch());
    return answer(leader, read.error(), read.asRecords(), readableEnd, highWatermark, null);
  }

  private ReadResult answer(
      LeaderPartition leader,
      ErrorCode error,
      Records records,
      long readableEnd,
      long highWatermark,
      @Nullable EpochEnd diverging) {
    boolean failed = error != ErrorCode.NONE;
    return new ReadResult(
        error,
        records,
        readableEnd,
        failed ? -1 : highWatermark,
        failed ? -1 : Math.min(log.lastStableOffset(), highWatermark),
        log.logStartOffset(),
        diverging,
        leader.leaderId(),
        leader.leaderEpoch());
  }

  private long endFor(ReadIsolation isolation) {
    return switch (isolation) {
      case UNCOMMITTED -> log.highWatermark();
      case COMMITTED -> log.lastStableOffset();
      case LOG_END -> log.logEndOffset();
    };
  }

  /**
   * Has a fetch woken when this partition has more for it, or its role changes. Any thread; cheap.
   *
   * @param seenEnd {@link ReadResult#readableEnd} of the read that found too little
   */
  public void awaitData(DelayedFetch fetch, ReadIsolation isolation, long seenEnd) {
    PartitionRole held = role;
    waiters.register(fetch, isolation, seenEnd);
    if (role != held || held.asLeader() == null) {
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
    PartitionRole held = role;
    ErrorCode refusal = refusalToLead(held, currentLeaderEpoch);
    LeaderPartition leader = held.asLeader();
    if (refusal != ErrorCode.NONE || leader == null) {
      return OffsetLookup.failed(refusal);
    }
    long end = endFor(isolation);
    // Until the new leader has confirmed all from before its epoch, an end could lie below what
    // clients have seen.
    boolean endIsSettled = log.highWatermark() >= leader.epochStartOffset();
    if (timestamp == PartitionLog.LATEST_TIMESTAMP) {
      return endIsSettled
          ? new OffsetLookup(ErrorCode.NONE, -1, end, held.leaderEpoch())
          : OffsetLookup.failed(ErrorCode.OFFSET_NOT_AVAILABLE);
    }
    TimestampOffset found;
    try {
      found =
          log.offsetForTimestamp(
              timestamp == EARLIEST_LOCAL_TIMESTAMP ? PartitionLog.EARLIEST_TIMESTAMP : timestamp);
    } catch (LogStorageException e) {
      LOG.error("search by time failed partition={}", id, e);
      return OffsetLookup.failed(ErrorCode.KAFKA_STORAGE_ERROR);
    }
    if (found == null) {
      return new OffsetLookup(ErrorCode.NONE, -1, -1, -1);
    }
    boolean isEarliest =
        timestamp == PartitionLog.EARLIEST_TIMESTAMP || timestamp == EARLIEST_LOCAL_TIMESTAMP;
    if (found.offset() < end || isEarliest) {
      return new OffsetLookup(
          ErrorCode.NONE, found.timestamp(), found.offset(), found.leaderEpoch());
    }
    return endIsSettled
        ? new OffsetLookup(ErrorCode.NONE, -1, -1, -1)
        : OffsetLookup.failed(ErrorCode.OFFSET_NOT_AVAILABLE);
  }

  /** Finds where a leader epoch ended. */
  public EpochLookup lookupEpoch(int epoch, int currentLeaderEpoch) {
    ErrorCode refusal = refusalToLead(role, currentLeaderEpoch);
    return refusal == ErrorCode.NONE
        ? new EpochLookup(ErrorCode.NONE, log.endOffsetForEpoch(epoch))
        : new EpochLookup(refusal, EpochEnd.UNKNOWN);
  }

  /** {@code NONE} when this replica may act as leader for somebody who believes in the epoch. */
  private ErrorCode refusalToLead(PartitionRole held, int currentLeaderEpoch) {
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

  // ---- metadata

  /**
   * Takes a state from the image. States older than what is known are passed over.
   *
   * @param onRole told of the role under a new leader epoch, on the append loop: a target to fetch
   *     for, or null when this replica follows nobody
   */
  void apply(PartitionImage state, Consumer<@Nullable FetchTarget> onRole) {
    loop.execute(() -> applyOnLoop(state, onRole));
  }

  private void applyOnLoop(PartitionImage state, Consumer<@Nullable FetchTarget> onRole) {
    if (stopped || log.isOffline() || state.partitionEpoch() <= partitionEpoch) {
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
        id,
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
      leadership.onLeader(this, state.leaderEpoch(), logEnd);
    } else if (before.asLeader() != null) {
      leadership.onNotLeader(this, state.leaderEpoch(), reason);
    }
    before.close(reason);
    waiters.wakeAll();
    if (leader != null) {
      leader.start();
    }
    return follower;
  }

  /** Takes the topic's settings. */
  void reconfigure() {
    loop.execute(
        () -> {
          if (!stopped && !log.isOffline()) {
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
            stopped = true;
            endRole(RoleSnapshot.Role.NONE, reason);
            done.complete(null);
          });
    } catch (RejectedExecutionException e) {
      done.complete(null);
    }
    return done;
  }

  private void endRole(RoleSnapshot.Role kind, String reason) {
    PartitionRole before = role;
    role = new IdlePartition(new RoleSnapshot(kind, -1, before.leaderEpoch(), List.of()));
    LOG.info("role ends partition={} from={} because={}", id, before.snapshot().role(), reason);
    if (before.asLeader() != null) {
      leadership.onNotLeader(this, before.leaderEpoch(), reason);
    }
    before.close(reason);
    waiters.wakeAll();
  }

  // ---- the log's events, on the append loop

  private void onDurable(long durableEnd) {
    waiters.onDurable();
    PartitionRole now = role;
    if (now instanceof LeaderPartition leader) {
      leader.onDurable(durableEnd);
    } else if (now instanceof FollowerPartition follower) {
      follower.onDurable();
    }
  }

  private void onOffline(String reason) {
    if (!stopped) {
      endRole(RoleSnapshot.Role.OFFLINE, reason);
    }
  }

  @Override
  public String toString() {
    return id + " " + role.snapshot();
  }
}
