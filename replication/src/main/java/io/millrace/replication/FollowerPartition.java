package io.millrace.replication;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.concurrent.EventLoop;
import io.millrace.log.AppendResult;
import io.millrace.log.EpochEnd;
import io.millrace.log.PartitionLog;
import io.millrace.log.TopicPartitionId;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.replication.follower.FetchPosition;
import io.millrace.replication.follower.FetchTarget;
import io.millrace.replication.follower.FetchedData;
import io.millrace.replication.follower.TruncationRule;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The follower's role under one epoch: makes its log a copy of the leader's. A fetcher brings data;
 * the role appends it, cuts where the histories part, and says where to go on when that is on disk.
 *
 * <p>Invariant: the position told to the fetcher is at most the durable end, and all the log holds
 * is below it, so a position is also the follower's promise to the leader.
 */
@ConfinedTo("the append loop of the partition's log")
final class FollowerPartition implements PartitionRole, FetchTarget {

  private static final Logger LOG = LoggerFactory.getLogger(FollowerPartition.class);

  private final PartitionLog log;
  private final EventLoop loop;
  private final int leaderId;
  private final int leaderEpoch;
  private volatile RoleSnapshot snapshot;

  /**
   * Where the log ends once all handed over is written; the log's own end is published a little
   * later.
   */
  private long appendedEnd;

  private long leadersHighWatermark;
  private @Nullable Listener waiting;
  private boolean closed;

  FollowerPartition(PartitionLog log, PartitionImage state, long logEnd) {
    this.log = log;
    this.loop = log.appendLoop();
    this.leaderId = state.leader();
    this.leaderEpoch = state.leaderEpoch();
    this.appendedEnd = logEnd;
    this.snapshot = snapshotOf(state);
  }

  private static RoleSnapshot snapshotOf(PartitionImage state) {
    return new RoleSnapshot(
        RoleSnapshot.Role.FOLLOWER, state.leader(), state.leaderEpoch(), state.isr());
  }

  /** Takes a newer state of the same leader epoch. */
  void onState(PartitionImage state) {
    snapshot = snapshotOf(state);
  }

  @Override
  public TopicPartitionId id() {
    return log.id();
  }

  @Override
  public EventLoop appendLoop() {
    return loop;
  }

  @Override
  public int leaderEpoch() {
    return leaderEpoch;
  }

  @Override
  public int leaderId() {
    return leaderId;
  }

  @Override
  public RoleSnapshot snapshot() {
    return snapshot;
  }

  /** The end of all that was appended, published or not. */
  long appendedEnd() {
    return appendedEnd;
  }

  @Override
  public void start(Listener listener) {
    assert loop.owns("start");
    if (closed) {
      return;
    }
    waiting = listener;
    try {
      // Led an epoch without appending anything? Then nobody else need ever know of it, but the log
      // does.
      log.truncateTo(appendedEnd);
      tellWhenDurable();
    } catch (RuntimeException | Error e) {
      refuse(e.toString());
      throw e;
    }
  }

  @Override
  public void take(FetchedData data, Listener listener) {
    assert loop.owns("take");
    try {
      if (closed) {
        return;
      }
      waiting = listener;
      if (data.outOfRange()) {
        restartAt(data.logStartOffset());
      } else if (data.diverging() != null) {
        cut(data.diverging());
      } else if (!append(data)) {
        return;
      }
      tellWhenDurable();
    } catch (RuntimeException | Error e) {
      // Want of memory may pass. Without an answer nobody would ever ask for the partition again.
      refuse(e.toString());
      throw e;
    } finally {
      data.records().release();
    }
  }

  private boolean append(FetchedData data) {
    if (data.position().fetchOffset() != appendedEnd) {
      refuse("asked at " + data.position().fetchOffset() + " but the log ends at " + appendedEnd);
      return false;
    }
    if (data.records().sizeInBytes() > 0) {
      AppendResult result = log.appendAsFollower(data.records());
      if (result instanceof AppendResult.Appended appended) {
        appendedEnd = appended.lastOffset() + 1;
      } else {
        refuse(result.toString());
        return false;
      }
    }
    leadersHighWatermark = data.highWatermark();
    if (data.logStartOffset() > log.logStartOffset()) {
      log.advanceLogStart(Math.min(data.logStartOffset(), log.highWatermark()));
    }
    return true;
  }

  private void cut(EpochEnd leaders) {
    EpochEnd local =
        leaders.epoch() >= log.latestEpoch()
            ? new EpochEnd(log.latestEpoch(), appendedEnd)
            : log.endOffsetForEpoch(leaders.epoch());
    long to =
        TruncationRule.truncateTo(
            leaders.epoch(),
            leaders.endOffset(),
            local.epoch(),
            local.endOffset(),
            log.logStartOffset(),
            appendedEnd);
    if (to >= appendedEnd) {
      // The leader sees a divergence where this log has none: it answered for another position. Ask
      // again, later.
      refuse("told to diverge at " + leaders + " but the log ends at " + appendedEnd);
      return;
    }
    if (to < log.highWatermark()) {
      LOG.warn(
          "truncating below the high watermark partition={} to={} highWatermark={} leader={} leaderEpoch={};"
              + " only an unclean election asks for this",
          log.id(),
          to,
          log.highWatermark(),
          leaderId,
          leaderEpoch);
    }
    LOG.info(
        "truncating partition={} from={} to={} leader={} leaderEpoch={} leadersEpochEnd={} localEpochEnd={}",
        log.id(),
        appendedEnd,
        to,
        leaderId,
        leaderEpoch,
        leaders,
        local);
    log.truncateTo(to);
    appendedEnd = log.logEndOffset();
  }

  private void restartAt(long leadersLogStart) {
    LOG.info(
        "starting anew at the leader's log start partition={} from={} to={} leader={} leaderEpoch={}",
        log.id(),
        appendedEnd,
        leadersLogStart,
        leaderId,
        leaderEpoch);
    log.truncateFullyAndStartAt(leadersLogStart);
    appendedEnd = log.logEndOffset();
  }

  private void refuse(String reason) {
    Listener listener = waiting;
    waiting = null;
    if (listener != null) {
      listener.onRefused(reason);
    }
  }

  /** The log's disk has caught up to an offset. */
  void onDurable() {
    tellWhenDurable();
  }

  private void tellWhenDurable() {
    long durable = log.durableEndOffset();
    // Kept at what is on this disk: after a crash the log could not honour more.
    long highWatermark = Math.min(leadersHighWatermark, durable);
    if (highWatermark > log.highWatermark()) {
      log.setHighWatermark(highWatermark);
    }
    Listener listener = waiting;
    if (listener != null && durable >= appendedEnd) {
      waiting = null;
      listener.onPosition(
          new FetchPosition(
              appendedEnd, log.latestEpoch(), log.logStartOffset(), leadersHighWatermark));
    }
  }

  @Override
  public void close(String reason) {
    assert loop.owns("close");
    closed = true;
    waiting = null;
  }
}
