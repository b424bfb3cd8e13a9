package io.millrace.log;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.log.epoch.LeaderEpochs;
import io.millrace.log.segment.Segment;
import io.millrace.log.segment.SegmentFiles;
import io.millrace.log.storage.AtomicFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes records: from the end when replicas disagree, from the start when they are old. A
 * truncation is on disk when it returns; it is rare, so it may wait for the disk.
 */
@ConfinedTo("the append loop")
final class LogTrimmer {

  private static final Logger LOG = LoggerFactory.getLogger(LogTrimmer.class);

  private final LogState state;
  private final LogHost host;

  LogTrimmer(LogState state, LogHost host) {
    this.state = state;
    this.host = host;
  }

  void truncateTo(long offset) throws IOException {
    if (offset >= state.nextOffset) {
      // An epoch that was led here without a record: a leader elsewhere may send older ones at the
      // same offset.
      state.changeEpochs(state.epochs.truncatedTo(state.nextOffset));
      return;
    }
    if (offset <= state.segments.first().baseOffset()) {
      truncateFullyAndStartAt(offset);
      return;
    }
    LOG.info("truncating partition={} from={} to={}", state.id, state.nextOffset, offset);
    state.settleSwap();
    List<Segment> kept = new ArrayList<>();
    List<Segment> removed = new ArrayList<>();
    for (Segment segment : state.segments.snapshot()) {
      (segment.baseOffset() < offset ? kept : removed).add(segment);
    }
    state.overtakeFlush();
    // Newest first, each name durable before the next, and all before the segment that is cut:
    // after a crash there is no gap, only a longer log.
    state.segments.replace(kept);
    for (int i = removed.size() - 1; i >= 0; i--) {
      remove(removed.get(i));
      state.storage.syncDirectory(state.directory());
    }
    Segment active = kept.get(kept.size() - 1).truncatedTo(offset);
    kept.set(kept.size() - 1, active);
    state.segments.replace(kept);
    long end = active.nextOffset();
    lowerOffsets(Math.min(state.offsets.logStartAcquire(), end), end);
    state.changeEpochs(state.epochs.truncatedTo(end));
    removeSnapshots(end + 1, Long.MAX_VALUE);
    // Before anything new can be written: a snapshot of what was cut must not come back and be
    // taken for the new records'.
    state.storage.syncDirectory(state.directory());
    ProducerReplay.rebuild(
        state.storage,
        state.directory(),
        state.producerSnapshots(),
        kept,
        state.producers,
        state.clock.wallMillis());
    restartUnit(kept);
    state.offsets.releaseLastStable(
        state.producers.lastStableOffset(state.offsets.highWatermarkAcquire()));
    forgetRecoveryPoint(end);
  }

  void truncateFullyAndStartAt(long offset) throws IOException {
    LOG.info("emptying partition={} end={} startAt={}", state.id, state.nextOffset, offset);
    state.settleSwap();
    state.overtakeFlush();
    // Names that go together may leave a gap after a crash. With nothing called flushed, recovery
    // walks every segment and sees it.
    state.flushedEnd = Math.min(state.flushedEnd, state.segments.first().baseOffset());
    forgetRecoveryPoint(state.flushedEnd);
    List<Segment> removed = state.segments.snapshot();
    for (int i = removed.size() - 1; i >= 0; i--) {
      remove(removed.get(i));
    }
    removeSnapshots(0, Long.MAX_VALUE);
    state.storage.syncDirectory(state.directory());
    Segment active = Segment.create(state.storage, state.directory(), offset);
    state.segments.replace(List.of(active));
    state.storage.syncDirectory(state.directory());
    state.changeEpochs(LeaderEpochs.EMPTY);
    state.producers.clear();
    lowerOffsets(offset, offset);
    state.offsets.releaseHighWatermark(offset);
    state.offsets.releaseLastStable(offset);
    state.offsets.releaseDurableEnd(offset);
    state.flushedEnd = offset;
    restartUnit(List.of(active));
    forgetRecoveryPoint(offset);
  }

  /** Moves every offset that is too high, the ones that promise most first. */
  private void lowerOffsets(long logStart, long end) {
    state.tail.clear();
    PublishedOffsets offsets = state.offsets;
    offsets.releaseLastStable(Math.min(offsets.lastStableAcquire(), end));
    offsets.releaseHighWatermark(Math.min(offsets.highWatermarkAcquire(), end));
    offsets.releaseDurableEnd(Math.min(offsets.durableEndAcquire(), end));
    offsets.releaseLogStart(logStart);
    offsets.releaseLogEnd(end);
    state.nextOffset = end;
    state.cleaning.cutTo(end);
    state.flushedEnd = Math.min(state.flushedEnd, end);
  }

  /** What waited for a flush may be gone; everything that is left is flushed once more. */
  private void restartUnit(List<Segment> kept) {
    FlushUnit fresh = new FlushUnit(state.directory());
    if (state.unit.makesRootEntry()) {
      fresh.directoryNew();
    }
    kept.forEach(fresh::segmentWritten);
    fresh.epochs(state.epochs.encode());
    state.unit = fresh;
  }

  private void forgetRecoveryPoint(long end) throws IOException {
    if (state.checkpointedEnd > end) {
      host.checkpointNow();
    }
  }

  void advanceLogStart(long offset) throws IOException {
    long start = Math.min(offset, state.offsets.highWatermarkAcquire());
    if (start <= state.offsets.logStartAcquire()) {
      return;
    }
    LOG.info(
        "advancing log start partition={} from={} to={}",
        state.id,
        state.offsets.logStartAcquire(),
        start);
    state.offsets.releaseLogStart(start);
    state.changeEpochs(state.epochs.startingAt(start));
    removeExpired(state.clock.wallMillis());
  }

  /** Applies the topic's retention. */
  void retain(long nowMs) throws IOException {
    LogConfig config = state.config;
    Segment active = state.segments.active();
    if (active.endPosition() > 0
        && active.nextOffset() <= state.offsets.highWatermarkAcquire()
        && isExpired(active, config, nowMs)) {
      state.roll();
    }
    removeExpired(nowMs);
  }

  private static boolean isExpired(Segment segment, LogConfig config, long nowMs)
      throws IOException {
    if (!config.delete() || config.retentionMs() < 0) {
      return false;
    }
    long newest = segment.maxTimestamp();
    return newest >= 0 && nowMs - newest > config.retentionMs();
  }

  private void removeExpired(long nowMs) throws IOException {
    LogConfig config = state.config;
    state.settleSwap();
    List<Segment> kept = new ArrayList<>(state.segments.snapshot());
    List<Segment> removed = new ArrayList<>();
    long size = state.segments.sizeInBytes();
    while (kept.size() > 1 && mayGo(kept.get(0), config, size, nowMs)) {
      size -= kept.get(0).endPosition();
      removed.add(kept.remove(0));
    }
    if (removed.isEmpty()) {
      return;
    }
    long start = Math.max(state.offsets.logStartAcquire(), kept.get(0).baseOffset());
    LOG.info(
        "removing old segments partition={} count={} logStart={}", state.id, removed.size(), start);
    state.offsets.releaseLogStart(start);
    state.changeEpochs(state.epochs.startingAt(start));
    state.segments.replace(kept);
    for (Segment segment : removed) {
      remove(segment);
      state.storage.syncDirectory(
          state.directory()); // oldest first, each durable: a crash leaves no gap
    }
    removeSnapshots(0, kept.get(0).baseOffset() - 1);
  }

  private boolean mayGo(Segment oldest, LogConfig config, long size, long nowMs)
      throws IOException {
    if (oldest.nextOffset() > Math.min(state.offsets.highWatermarkAcquire(), state.flushedEnd)) {
      return false;
    }
    boolean tooMuch =
        config.delete()
            && config.retentionBytes() >= 0
            && size - oldest.endPosition() >= config.retentionBytes();
    return oldest.nextOffset() <= state.offsets.logStartAcquire()
        || tooMuch
        || isExpired(oldest, config, nowMs);
  }

  private void remove(Segment segment) throws IOException {
    segment.markDeleted();
    host.removeLater(segment, state.config.fileDeleteDelayMs());
  }

  /** Removes the producer snapshots whose offsets lie between the two, both included. */
  private void removeSnapshots(long from, long to) throws IOException {
    for (long offset : state.producerSnapshots()) {
      if (offset >= from && offset <= to) {
        state.storage.delete(
            AtomicFile.join(state.directory(), SegmentFiles.name(offset, SegmentFiles.PRODUCERS)));
      }
    }
  }
}
