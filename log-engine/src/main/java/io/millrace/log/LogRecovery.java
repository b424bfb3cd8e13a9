package io.millrace.log;

import io.millrace.log.epoch.LeaderEpochs;
import io.millrace.log.producer.ProducerStateTable;
import io.millrace.log.segment.BatchScanner;
import io.millrace.log.segment.Segment;
import io.millrace.log.segment.SegmentFiles;
import io.millrace.log.segment.SegmentLoader;
import io.millrace.log.storage.AtomicFile;
import io.millrace.log.storage.LogStorage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings one log back from its directory. After a clean stop nothing is read but names, sizes and
 * the last index. After a crash the segments that reach beyond the recovery point are walked, their
 * new batches' checksums computed, the torn end cut.
 *
 * <p>Confined to the thread that opens the logs.
 */
final class LogRecovery {

  private static final Logger LOG = LoggerFactory.getLogger(LogRecovery.class);

  /** A log as it was found. {@code segments} is never empty. */
  record RecoveredLog(
      List<Segment> segments,
      LeaderEpochs epochs,
      ProducerStateTable producers,
      long logStart,
      long highWatermark,
      long logEnd,
      long cleanedTo) {

    static RecoveredLog empty(Segment first) {
      long start = first.baseOffset();
      return new RecoveredLog(
          List.of(first), LeaderEpochs.EMPTY, new ProducerStateTable(), start, start, start, 0);
    }
  }

  private final LogStorage storage;
  private final String directory;
  private final LogConfig config;
  private final boolean clean;
  private final OffsetsCheckpoint.Entry checkpoint;
  private final long nowMs;
  private final List<Segment> segments = new ArrayList<>();
  private LeaderEpochs epochs = LeaderEpochs.EMPTY;
  private long walkedTo;

  LogRecovery(
      LogStorage storage,
      TopicPartitionId id,
      LogConfig config,
      boolean clean,
      OffsetsCheckpoint.@Nullable Entry checkpoint,
      long nowMs) {
    this.storage = storage;
    this.directory = id.directoryName();
    this.config = config;
    this.clean = clean && checkpoint != null;
    this.checkpoint =
        checkpoint != null && checkpoint.id().equals(id)
            ? checkpoint
            : new OffsetsCheckpoint.Entry(id, 0, 0, 0, 0);
    this.nowMs = nowMs;
  }

  RecoveredLog recover() throws IOException {
    removeLeftovers(storage.list(directory));
    SwapRecovery.settle(storage, directory);
    List<String> names = storage.list(directory);
    List<Long> bases = bases(names, SegmentFiles.LOG);
    removeOrphans(names, bases);
    boolean epochsKnown = readEpochs();
    for (int i = 0; i < bases.size(); i++) {
      long next = i + 1 < bases.size() ? bases.get(i + 1) : Long.MAX_VALUE;
      if (!open(bases.get(i), next)) {
        drop(bases.subList(i + 1, bases.size()));
        break;
      }
    }
    if (segments.isEmpty()) {
      segments.add(Segment.create(storage, directory, checkpoint.logStart()));
    }
    long logEnd = segments.get(segments.size() - 1).nextOffset();
    long logStart = Math.min(Math.max(checkpoint.logStart(), segments.get(0).baseOffset()), logEnd);
    if (!epochsKnown) {
      rebuildEpochs();
    }
    epochs = epochs.truncatedTo(logEnd).startingAt(logStart);
    ProducerStateTable producers = recoverProducers(logEnd);
    if (!clean) {
      makeDurable();
    }
    long highWatermark = Math.max(logStart, Math.min(checkpoint.highWatermark(), logEnd));
    long cleanedTo = Math.min(checkpoint.cleanedTo(), logEnd);
    return new RecoveredLog(
        segments, epochs, producers, logStart, highWatermark, logEnd, cleanedTo);
  }

  /**
   * What a killed process wrote may be in the page cache only. From here on the log counts as
   * flushed, so everything must be: the walk forced the segments, this does the rest; the opener
   * syncs the root.
   */
  private void makeDurable() throws IOException {
    PartitionMetadata.force(storage, directory);
    AtomicFile.writeUnsynced(
        storage, AtomicFile.join(directory, FlushUnit.EPOCHS_FILE), epochs.encode());
    storage.syncDirectory(directory);
  }

  private void removeLeftovers(List<String> names) throws IOException {
    for (String name : names) {
      if (name.endsWith(AtomicFile.TEMPORARY_SUFFIX)
          || name.endsWith(SegmentFiles.DELETED)
          || name.endsWith(SegmentFiles.CLEANED)) {
        storage.delete(AtomicFile.join(directory, name));
      }
    }
  }

  /** An index without its segment says nothing, and must not be taken for a later segment's. */
  private void removeOrphans(List<String> names, List<Long> bases) throws IOException {
    for (String suffix : List.of(SegmentFiles.INDEX, SegmentFiles.TIME_INDEX)) {
      for (long base : bases(names, suffix)) {
        if (!bases.contains(base)) {
          storage.delete(AtomicFile.join(directory, SegmentFiles.name(base, suffix)));
        }
      }
    }
  }

  private static List<Long> bases(List<String> names, String suffix) {
    List<Long> bases = new ArrayList<>();
    for (String name : names) {
      long base = SegmentFiles.offsetOf(name, suffix);
      if (base >= 0) {
        bases.add(base);
      }
    }
    return bases;
  }

  private boolean isFlushedWhole(long base, long nextBase) throws IOException {
    return nextBase <= checkpoint.recoveryPoint()
        && SegmentLoader.isIndexed(storage, directory, base);
  }

  /** Opens a segment; false when it was cut, so that what follows it is no continuation. */
  private boolean open(long base, long nextBase) throws IOException {
    boolean last = nextBase == Long.MAX_VALUE;
    if (!last && (clean || isFlushedWhole(base, nextBase))) {
      keep(SegmentLoader.openSealed(storage, directory, base, nextBase));
      return true;
    }
    if (clean) {
      Segment active = SegmentLoader.openActive(storage, directory, base, nowMs);
      if (active != null) {
        keep(active);
        return true;
      }
    }
    walkedTo = base;
    SegmentLoader.Recovered recovered =
        SegmentLoader.recover(
            storage,
            directory,
            base,
            checkpoint.recoveryPoint(),
            config.indexIntervalBytes(),
            this::noteEpoch);
    Segment segment = recovered.segment();
    keep(segment);
    if (recovered.cutReason() != null) {
      LOG.warn(
          "cut the torn end of a segment path={}/{} segment={} bytes={} end={} reason={}",
          storage.describe(),
          directory,
          base,
          recovered.cutBytes(),
          segment.nextOffset(),
          recovered.cutReason());
    }
    if (last || segment.nextOffset() == nextBase) {
      return true;
    }
    if (segment.nextOffset() < checkpoint.recoveryPoint()) {
      throw new IOException(
          storage.describe()
              + "/"
              + directory
              + " lacks the offsets from "
              + segment.nextOffset()
              + " to "
              + nextBase
              + ", below the recovery point "
              + checkpoint.recoveryPoint()
              + ": a flushed segment is gone; restore the replica from another broker by deleting its"
              + " directory");
    }
    return false;
  }

  private void keep(Segment segment) {
    segments.add(segment);
  }

  /** An epoch begins where the batch before it ended, also when compaction left a gap there. */
  private void noteEpoch(BatchScanner batch) {
    if (batch.leaderEpoch() >= 0) {
      epochs = epochs.with(batch.leaderEpoch(), walkedTo);
    }
    walkedTo = batch.lastOffset() + 1;
  }

  private void drop(List<Long> bases) throws IOException {
    for (long base : bases) {
      LOG.warn("dropping a segment path={}/{} segment={}", storage.describe(), directory, base);
      for (String suffix : List.of(SegmentFiles.LOG, SegmentFiles.INDEX, SegmentFiles.TIME_INDEX)) {
        storage.delete(AtomicFile.join(directory, SegmentFiles.name(base, suffix)));
      }
    }
  }

  /**
   * Reads the epochs that were flushed; false when the file is damaged, or missing beside records.
   */
  private boolean readEpochs() throws IOException {
    String path = AtomicFile.join(directory, FlushUnit.EPOCHS_FILE);
    byte[] bytes = AtomicFile.read(storage, path);
    if (bytes == null) {
      return false;
    }
    try {
      epochs = LeaderEpochs.decode(bytes);
      if (!clean) {
        // Beyond the recovery point the batches themselves say it, in the order in which they were
        // written.
        epochs = epochs.truncatedTo(checkpoint.recoveryPoint());
      }
      return true;
    } catch (IllegalArgumentException e) {
      LOG.warn(
          "leader epochs are damaged and will be rebuilt path={}/{} reason={}",
          storage.describe(),
          path,
          e.getMessage());
      return false;
    }
  }

  private void rebuildEpochs() throws IOException {
    epochs = LeaderEpochs.EMPTY;
    for (Segment segment : segments) {
      walkedTo = segment.baseOffset();
      BatchScanner batches = segment.scanFrom(segment.baseOffset());
      while (batches.next()) {
        noteEpoch(batches);
      }
    }
  }

  private ProducerStateTable recoverProducers(long logEnd) throws IOException {
    List<Long> usable = new ArrayList<>();
    for (long offset : bases(storage.list(directory), SegmentFiles.PRODUCERS)) {
      if (offset <= logEnd) {
        usable.add(offset);
      } else {
        storage.delete(
            AtomicFile.join(directory, SegmentFiles.name(offset, SegmentFiles.PRODUCERS)));
      }
    }
    ProducerStateTable producers = new ProducerStateTable();
    ProducerReplay.rebuild(storage, directory, usable, segments, producers, nowMs);
    return producers;
  }
}
