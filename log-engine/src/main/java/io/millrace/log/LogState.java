package io.millrace.log;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.ConfinedTo;
import io.millrace.log.epoch.LeaderEpochs;
import io.millrace.log.producer.ProducerStateTable;
import io.millrace.log.segment.Segment;
import io.millrace.log.segment.SegmentFiles;
import io.millrace.log.segment.SegmentList;
import io.millrace.log.storage.LogStorage;
import io.millrace.log.tail.LogTail;
import java.io.IOException;
import java.util.List;

/**
 * What the parts of one log share. The append loop owns every field; {@code offsets}, {@code
 * segments}, {@code tail} and {@code epochs} publish themselves to readers, {@code config} and
 * {@code offlineReason} are volatile because they change rarely.
 */
@ConfinedTo("the append loop, but for what publishes itself")
final class LogState {

  final TopicPartitionId id;
  final LogStorage storage;
  final Clock clock;
  final SegmentList segments;
  final LogTail tail;
  final PublishedOffsets offsets;
  final ProducerStateTable producers;
  volatile LogConfig config;
  volatile LeaderEpochs epochs;
  volatile String offlineReason = "";
  volatile boolean deleted;
  private final String directory;

  /**
   * One past the last offset given out; ahead of the published log end while batches wait to be
   * written.
   */
  long nextOffset;

  /** Counts truncations, so that a flush that was under way during one promises nothing. */
  int generation;

  /** Up to where everything was truly flushed; what a checkpoint may say. */
  long flushedEnd;

  /** The largest recovery point that a checkpoint may hold by now. */
  long checkpointedEnd;

  /** What compaction knows of the log. */
  final CleaningState cleaning;

  /** Gathers for the next flush. */
  FlushUnit unit;

  /** The last one handed to the flush loop; perhaps still there. */
  private FlushUnit handedOver;

  LogState(
      TopicPartitionId id,
      LogStorage storage,
      Clock clock,
      LogConfig config,
      LogRecovery.RecoveredLog recovered,
      LogTail tail) {
    this.id = id;
    this.storage = storage;
    this.clock = clock;
    this.config = config;
    this.tail = tail;
    this.directory = id.directoryName();
    this.segments = new SegmentList(recovered.segments());
    this.epochs = recovered.epochs();
    this.producers = recovered.producers();
    this.nextOffset = recovered.logEnd();
    this.flushedEnd = recovered.logEnd();
    this.checkpointedEnd = recovered.logEnd();
    this.offsets =
        new PublishedOffsets(
            recovered.logStart(),
            recovered.highWatermark(),
            recovered.logEnd(),
            recovered.logEnd());
    this.cleaning = new CleaningState(recovered.cleanedTo());
    this.unit = new FlushUnit(directory);
    this.handedOver = unit;
    offsets.releaseLastStable(producers.lastStableOffset(recovered.highWatermark()));
  }

  String directory() {
    return directory;
  }

  boolean isOffline() {
    return !offlineReason.isEmpty();
  }

  String path() {
    return storage.describe() + "/" + directory;
  }

  void changeEpochs(LeaderEpochs next) {
    if (!next.equals(epochs)) {
      epochs = next;
      unit.epochs(next.encode());
    }
  }

  /** Begins a new segment at the next offset; everything staged must be written. */
  void roll() throws IOException {
    Segment active = segments.active();
    Segment.IndexBytes bytes = active.seal();
    if (bytes != null) {
      unit.segmentSealed(active, bytes);
    }
    unit.producers(nextOffset, producers.encode());
    segments.add(Segment.create(storage, directory, nextOffset));
    unit.segmentWritten(segments.active());
    tail.interrupt();
  }

  /** Takes what must be flushed up to here. */
  FlushUnit takeUnit() {
    FlushUnit taken = unit.upTo(offsets.logEndAcquire(), generation);
    unit = new FlushUnit(directory);
    handedOver = taken;
    return taken;
  }

  /** Whether a segment is whole on disk with all that describes it, and no flush touches it. */
  boolean isSettled(Segment segment) {
    return segment.nextOffset() <= flushedEnd
        && !unit.touches(segment)
        && !(handedOver.isUnderWay() && handedOver.touches(segment));
  }

  /** Settles a swap of segments that is under way, before somebody else changes them. Blocking. */
  void settleSwap() throws IOException {
    SegmentSwap swap = cleaning.swap;
    if (swap != null) {
      swap.settleNow();
    }
  }

  /** Makes a flush that is under way promise nothing: the log was cut. */
  void overtakeFlush() {
    generation++;
    handedOver.overtake();
  }

  /** The producer snapshots on disk, by offset, ascending. */
  List<Long> producerSnapshots() throws IOException {
    return storage.list(directory).stream()
        .map(name -> SegmentFiles.offsetOf(name, SegmentFiles.PRODUCERS))
        .filter(offset -> offset >= 0)
        .sorted()
        .toList();
  }
}
