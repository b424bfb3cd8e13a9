package io.millrace.log;

import io.millrace.concurrent.EventLoop;
import io.millrace.concurrent.SingleWriter;
import io.millrace.log.compact.Compaction;
import io.millrace.log.epoch.LeaderEpochs;
import io.millrace.log.segment.Segment;
import io.millrace.log.storage.LogStorage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.record.MemoryRecords;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * A log in segment files: the façade over appender, reader and trimmer, and the place where a disk
 * error becomes an offline directory. Owner: the append loop; see {@link PartitionLog} for what
 * other threads may call.
 */
@SingleWriter
final class SegmentedLog implements PartitionLog {

  private final LogState state;
  private final EventLoop appendLoop;
  private final LogHost host;
  private final LogAppender appender;
  private final LogTrimmer trimmer;
  private final LogReader reader;
  private final List<LongConsumer> durableListeners = new ArrayList<>();
  private final List<Consumer<String>> offlineListeners = new ArrayList<>();
  private boolean waitsForWrite;

  SegmentedLog(LogState state, EventLoop appendLoop, LogHost host) {
    this.state = state;
    this.appendLoop = appendLoop;
    this.host = host;
    this.appender = new LogAppender(state);
    this.trimmer = new LogTrimmer(state, host);
    this.reader = new LogReader(state);
  }

  private interface DiskWork {
    void run() throws IOException;
  }

  private void onDisk(String operation, DiskWork work) {
    assert appendLoop.owns(operation);
    if (state.isOffline()) {
      throw new LogStorageException(operation + " refused: " + state.offlineReason);
    }
    try {
      work.run();
    } catch (IOException e) {
      failed(e);
      throw new LogStorageException(
          operation + " of " + state.path() + " failed: " + e.getMessage(), e);
    }
  }

  /** A log that is being deleted finds its directory gone, which says nothing about the disk. */
  private void failed(IOException cause) {
    if (!state.deleted) {
      host.failed(cause);
    }
  }

  // ---- the append loop

  @Override
  public AppendResult appendAsLeader(MemoryRecords batches, int leaderEpoch) {
    return append(() -> appender.appendAsLeader(batches, leaderEpoch));
  }

  @Override
  public AppendResult appendAsFollower(MemoryRecords batches) {
    return append(() -> appender.appendAsFollower(batches));
  }

  private interface Append {
    AppendResult run() throws IOException;
  }

  private AppendResult append(Append append) {
    assert appendLoop.owns("append");
    if (state.isOffline()) {
      return new AppendResult.Rejected(ErrorCode.KAFKA_STORAGE_ERROR, state.offlineReason);
    }
    try {
      AppendResult result = append.run();
      if (state.nextOffset > state.offsets.logEndAcquire() && !waitsForWrite) {
        waitsForWrite = true;
        host.writeSoon(this);
      }
      return result;
    } catch (IOException e) {
      failed(e);
      return new AppendResult.Rejected(ErrorCode.KAFKA_STORAGE_ERROR, state.offlineReason);
    }
  }

  /** Writes what is staged; called by the directory once for all appends of a turn. */
  void writeStaged() throws IOException {
    waitsForWrite = false;
    appender.write();
    if (!state.config.flushBeforeAck()) {
      publishDurable(state.offsets.logEndAcquire());
    }
  }

  boolean waitsForFlush() {
    return !state.unit.isEmpty();
  }

  FlushUnit takeUnit() {
    return state.takeUnit();
  }

  /**
   * A flush came back. After a truncation meanwhile it promises nothing: what was kept is in the
   * next unit.
   */
  void flushed(FlushUnit unit) throws IOException {
    unit.cameBack();
    if (unit.generation() == state.generation) {
      unit.completed();
      state.flushedEnd = Math.max(state.flushedEnd, unit.end());
      publishDurable(unit.end());
    } else if (!state.deleted) {
      unit.takeBack(state.storage);
      state.unit.namesChanged();
    }
  }

  private void publishDurable(long end) {
    if (end > state.offsets.durableEndAcquire()) {
      state.offsets.releaseDurableEnd(end);
      for (int i = 0; i < durableListeners.size(); i++) {
        durableListeners.get(i).accept(end);
      }
    }
  }

  @Override
  public void reconfigure(LogConfig config) {
    assert appendLoop.owns("reconfigure");
    state.config = config;
  }

  @Override
  public void startEpoch(int leaderEpoch) {
    assert appendLoop.owns("startEpoch");
    state.changeEpochs(state.epochs.with(leaderEpoch, state.nextOffset));
  }

  @Override
  public void truncateTo(long offset) {
    onDisk(
        "truncation",
        () -> {
          writeStaged();
          trimmer.truncateTo(offset);
          host.flushSoon(this);
        });
  }

  @Override
  public void truncateFullyAndStartAt(long offset) {
    onDisk(
        "truncation",
        () -> {
          writeStaged();
          trimmer.truncateFullyAndStartAt(offset);
          host.flushSoon(this);
        });
  }

  @Override
  public void advanceLogStart(long offset) {
    onDisk("advancing the log start", () -> trimmer.advanceLogStart(offset));
  }

  // ---- compaction, on the append loop

  /** What could be cleaned; null when nothing, or not now. */
  @Nullable CleaningInput cleaningInput(long nowMs) {
    LogConfig config = state.config;
    if (!config.compaction().enabled() || !isServing() || !state.cleaning.mayTry(nowMs)) {
      return null;
    }
    rollOverdue(nowMs);
    long limit =
        Math.min(
            state.flushedEnd,
            Math.min(state.offsets.highWatermarkAcquire(), state.offsets.lastStableAcquire()));
    Segment active = state.segments.active();
    List<Segment> settled = new ArrayList<>();
    for (Segment segment : state.segments.snapshot()) {
      if (segment.equals(active) || segment.nextOffset() > limit || !state.isSettled(segment)) {
        break;
      }
      settled.add(segment);
    }
    if (settled.isEmpty()) {
      return null;
    }
    long firstDirty = Math.max(state.cleaning.cleanedTo, settled.get(0).baseOffset());
    return new CleaningInput(
        this, settled, firstDirty, state.cleaning.nextHorizonMs, state.generation, config);
  }

  /** Ends an active segment that is too old to wait for the next append. */
  private void rollOverdue(long nowMs) {
    Segment active = state.segments.active();
    if (active.endPosition() > 0
        && active.firstAppendMs() >= 0
        && nowMs - active.firstAppendMs() > state.config.effectiveSegmentMs()) {
      try {
        writeStaged();
        state.roll();
        host.flushSoon(this);
      } catch (IOException e) {
        failed(e);
      }
    }
  }

  /**
   * Reserves the log for a cleaning; null when it changed, else the last offsets of batches that
   * producers may send again.
   */
  @Nullable Set<Long> beginCleaning(CleaningInput.Choice choice) {
    if (state.cleaning.busy || !isServing() || !isUnchanged(choice.input())) {
      return null;
    }
    state.cleaning.busy = true;
    List<Segment> segments = choice.segments();
    return state.producers.rememberedBelow(segments.get(segments.size() - 1).nextOffset());
  }

  /** Whether nothing was cut or removed since. */
  boolean isUnchanged(CleaningInput input) {
    return state.generation == input.generation()
        && SegmentSwap.areCurrent(state, input.segments());
  }

  /** Begins to put a cleaned segment in the place of others; null when they changed. */
  @Nullable SegmentSwap beginSwap(int generation, Compaction.Rewritten rewritten) {
    boolean current =
        isServing()
            && state.generation == generation
            && SegmentSwap.areCurrent(state, rewritten.sources());
    return current
        ? SegmentSwap.begin(state, host, this, rewritten.sources(), rewritten.cleaned())
        : null;
  }

  void endCleaning(int generation, Compaction done) {
    state.cleaning.busy = false;
    if (state.generation == generation) {
      state.cleaning.cleanedTo = Math.max(state.cleaning.cleanedTo, done.mappedEnd());
      state.cleaning.nextHorizonMs = done.nextHorizonMs();
      state.cleaning.uncleanableReason = "";
    }
  }

  void abortCleaning() {
    state.cleaning.busy = false;
  }

  /** Remembers why the log is not cleaned; true when that is news. */
  boolean markUncleanable(String reason, long untilMs) {
    boolean news = !reason.equals(state.cleaning.uncleanableReason);
    state.cleaning.uncleanableReason = reason;
    state.cleaning.uncleanableUntilMs = untilMs;
    return news;
  }

  /** Any thread; for metrics. */
  boolean isUncleanable() {
    return !state.cleaning.uncleanableReason.isEmpty();
  }

  /** Neither offline nor deleted. */
  boolean isServing() {
    return !state.isOffline() && !state.deleted;
  }

  LogStorage storage() {
    return state.storage;
  }

  void retain(long nowMs, long producerExpirationMs) throws IOException {
    writeStaged();
    trimmer.retain(nowMs);
    state.producers.expire(nowMs, producerExpirationMs);
    if (waitsForFlush()) {
      host.flushSoon(this);
    }
  }

  @Override
  public void setHighWatermark(long offset) {
    assert appendLoop.owns("setHighWatermark");
    long highWatermark = Math.min(offset, state.offsets.logEndAcquire());
    if (highWatermark > state.offsets.highWatermarkAcquire()) {
      state.offsets.releaseHighWatermark(highWatermark);
      state.offsets.releaseLastStable(state.producers.lastStableOffset(highWatermark));
    }
  }

  @Override
  public void onDurable(LongConsumer listener) {
    assert appendLoop.owns("onDurable");
    durableListeners.add(listener);
  }

  @Override
  public void onOffline(Consumer<String> listener) {
    assert appendLoop.owns("onOffline");
    offlineListeners.add(listener);
    if (state.isOffline()) {
      listener.accept(state.offlineReason);
    }
  }

  void goOffline(String reason) {
    if (!state.isOffline()) {
      state.offlineReason = reason;
      offlineListeners.forEach(listener -> listener.accept(reason));
    }
  }

  /**
   * Ends the log's service without calling it a failure: it is deleted, or the node stops. Any
   * thread.
   */
  void retire(String reason, boolean forDeletion) {
    state.deleted = forDeletion;
    state.offlineReason = reason;
  }

  boolean isDeleted() {
    return state.deleted;
  }

  void dropTail() {
    state.tail.clear();
  }

  /** Takes settings from any thread: the field is published. */
  void configure(LogConfig config) {
    state.config = config;
  }

  /** What a checkpoint says of this log, and from now on may have said. */
  OffsetsCheckpoint.Entry checkpointEntry() {
    state.checkpointedEnd = state.flushedEnd;
    return new OffsetsCheckpoint.Entry(
        state.id,
        state.flushedEnd,
        Math.min(state.offsets.highWatermarkAcquire(), state.flushedEnd),
        state.offsets.logStartAcquire(),
        Math.min(state.cleaning.cleanedTo, state.flushedEnd));
  }

  /**
   * Gathers what makes the next start quick: the active segment's index and the producers, as they
   * end.
   */
  void prepareClose() throws IOException {
    state.settleSwap();
    writeStaged();
    Segment active = state.segments.active();
    Segment.IndexBytes index = active.seal();
    if (index != null) {
      state.unit.segmentSealed(active, index);
    }
    state.unit.producers(state.nextOffset, state.producers.encode());
    state.unit.epochs(state.epochs.encode());
  }

  void closeFiles() throws IOException {
    for (Segment segment : state.segments.snapshot()) {
      segment.close();
    }
  }

  List<Segment> segments() {
    return state.segments.snapshot();
  }

  String directory() {
    return state.directory();
  }

  // ---- any thread

  @Override
  public TopicPartitionId id() {
    return state.id;
  }

  @Override
  public EventLoop appendLoop() {
    return appendLoop;
  }

  @Override
  public LogConfig config() {
    return state.config;
  }

  @Override
  public long logStartOffset() {
    return state.offsets.logStartAcquire();
  }

  @Override
  public long highWatermark() {
    return state.offsets.highWatermarkAcquire();
  }

  @Override
  public long durableEndOffset() {
    return state.offsets.durableEndAcquire();
  }

  @Override
  public long logEndOffset() {
    return state.offsets.logEndAcquire();
  }

  @Override
  public long lastStableOffset() {
    return state.offsets.lastStableAcquire();
  }

  @Override
  public boolean isOffline() {
    return state.isOffline();
  }

  @Override
  public long sizeInBytes() {
    return state.segments.sizeInBytes();
  }

  @Override
  public LogRead read(long fromOffset, int maxBytes, long upToOffset, boolean minOneBatch) {
    return reader.read(fromOffset, maxBytes, upToOffset, minOneBatch);
  }

  @Override
  public @Nullable TimestampOffset offsetForTimestamp(long timestamp) {
    return reader.offsetForTimestamp(timestamp);
  }

  @Override
  public EpochEnd endOffsetForEpoch(int epoch) {
    LeaderEpochs.Start end = state.epochs.endOf(epoch, state.offsets.logEndAcquire());
    return end == null ? EpochEnd.UNKNOWN : new EpochEnd(end.epoch(), end.offset());
  }

  @Override
  public int latestEpoch() {
    return state.epochs.latest();
  }

  @Override
  public String toString() {
    return "PartitionLog("
        + state.id
        + " start="
        + logStartOffset()
        + " end="
        + logEndOffset()
        + ")";
  }
}
