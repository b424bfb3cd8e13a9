package io.millrace.replication;

import io.millrace.concurrent.EventLoop;
import io.millrace.log.PartitionLog;
import io.millrace.replication.delayed.DataWaiters;
import io.millrace.replication.delayed.DelayedFetch;
import java.util.concurrent.RejectedExecutionException;

/**
 * Who waits for a partition's data, and how the growth of its ends is told to them. Appends are
 * told once for all that the loop had waiting, after the log has published them.
 *
 * <p>Registration from any thread; everything else on the append loop.
 */
final class PartitionWaiters {

  private final PartitionLog log;
  private final EventLoop loop;
  private final DataWaiters onLogEnd;
  private final DataWaiters onHighWatermark;
  private final DataWaiters onLastStable;
  private long expectedEnd;
  private long unannouncedBytes;
  private boolean announcing;

  // Offsets and bytes between high watermark and log end, to turn a move of the former into bytes:
  // an estimate is enough.
  private long announcedEnd;
  private long announcedHighWatermark;
  private long uncommittedBytes;

  PartitionWaiters(PartitionLog log) {
    this.log = log;
    this.loop = log.appendLoop();
    this.onLogEnd = new DataWaiters(loop, log::logEndOffset);
    this.onHighWatermark = new DataWaiters(loop, log::highWatermark);
    this.onLastStable = new DataWaiters(loop, log::lastStableOffset);
  }

  /** Any thread. */
  void register(DelayedFetch fetch, ReadIsolation isolation, long seenEnd) {
    waitersOf(isolation).register(fetch, seenEnd);
  }

  private DataWaiters waitersOf(ReadIsolation isolation) {
    return switch (isolation) {
      case UNCOMMITTED -> onHighWatermark;
      case COMMITTED -> onLastStable;
      case LOG_END -> onLogEnd;
    };
  }

  /** A batch was handed to the log; it is readable a little later. */
  void appended(long newEnd, int bytes) {
    expectedEnd = newEnd;
    unannouncedBytes += bytes;
    if (!announcing) {
      announcing = true;
      try {
        loop.execute(this::announceAppends);
      } catch (RejectedExecutionException e) {
        announcing = false; // the loop is ending; waiters end by their own time
      }
    }
  }

  private void announceAppends() {
    announcing = false;
    long end = log.logEndOffset();
    if (end > announcedEnd) {
      long bytes = unannouncedBytes;
      unannouncedBytes = 0;
      uncommittedBytes += bytes;
      announcedEnd = end;
      onLogEnd.grew(end, Math.max(1, bytes));
    }
  }

  /** Something was flushed, hence published: whatever was not announced yet is now. */
  void onDurable() {
    if (expectedEnd > announcedEnd) {
      announceAppends();
    }
  }

  /** The high watermark was published. */
  void committed(long highWatermark) {
    onDurable();
    long uncommittedOffsets = Math.max(1, announcedEnd - announcedHighWatermark);
    long moved = highWatermark - announcedHighWatermark;
    long bytes =
        Math.min(uncommittedBytes, (long) ((double) uncommittedBytes * moved / uncommittedOffsets));
    uncommittedBytes -= bytes;
    announcedHighWatermark = highWatermark;
    onHighWatermark.grew(highWatermark, Math.max(1, bytes));
    onLastStable.grew(log.lastStableOffset(), Math.max(1, bytes));
  }

  /** The role has changed: everybody looks again. */
  void wakeAll() {
    announcedEnd = log.logEndOffset();
    announcedHighWatermark = log.highWatermark();
    expectedEnd = announcedEnd;
    uncommittedBytes = 0;
    unannouncedBytes = 0;
    onLogEnd.wakeAll();
    onHighWatermark.wakeAll();
    onLastStable.wakeAll();
  }
}
