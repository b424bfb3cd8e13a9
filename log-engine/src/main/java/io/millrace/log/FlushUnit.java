package io.millrace.log;

import io.millrace.log.segment.Segment;
import io.millrace.log.segment.SegmentFiles;
import io.millrace.log.storage.AtomicFile;
import io.millrace.log.storage.LogStorage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * What one log needs written down before its end may be called durable. Gathered on the append
 * loop, then handed to the flush loop, which alone touches it until it comes back.
 */
final class FlushUnit {

  static final String EPOCHS_FILE = "leader-epoch-checkpoint";

  private record IndexToStore(Segment segment, Segment.IndexBytes bytes) {}

  private record Snapshot(long offset, byte[] bytes) {}

  private final String directory;
  private final Set<Segment> segments = new LinkedHashSet<>(2);
  private final List<IndexToStore> indexes = new ArrayList<>(0);
  private final List<Snapshot> snapshots = new ArrayList<>(0);
  private byte @Nullable [] epochs;
  private boolean namesChanged;
  private boolean directoryNew;
  private long end = -1;
  private int generation;
  private boolean underWay;
  private volatile boolean overtaken;

  FlushUnit(String directory) {
    this.directory = directory;
  }

  void segmentWritten(Segment segment) {
    segments.add(segment);
  }

  void segmentSealed(Segment segment, Segment.IndexBytes bytes) {
    segments.add(segment);
    indexes.add(new IndexToStore(segment, bytes));
    namesChanged = true;
  }

  void producers(long offset, byte[] bytes) {
    snapshots.add(new Snapshot(offset, bytes));
    namesChanged = true;
  }

  void epochs(byte[] bytes) {
    epochs = bytes;
    namesChanged = true;
  }

  void namesChanged() {
    namesChanged = true;
  }

  void directoryNew() {
    directoryNew = true;
    namesChanged = true;
  }

  boolean makesRootEntry() {
    return directoryNew;
  }

  boolean isEmpty() {
    return segments.isEmpty() && !namesChanged;
  }

  /** Fixes up to where the log is durable once this was run. */
  FlushUnit upTo(long logEnd, int logGeneration) {
    end = logEnd;
    generation = logGeneration;
    underWay = true;
    return this;
  }

  /** Append loop: whether it was handed over and did not come back. */
  boolean isUnderWay() {
    return underWay;
  }

  void cameBack() {
    underWay = false;
  }

  /** Append loop: whether it forces a segment or writes its index. */
  boolean touches(Segment segment) {
    return segments.contains(segment);
  }

  long end() {
    return end;
  }

  int generation() {
    return generation;
  }

  /**
   * Flush loop: bytes first, then what describes them, then the names.
   *
   * @param deleted whether the log is gone: its directory's name may be another log's by now, in
   *     which nothing of this one may be written
   */
  void run(LogStorage storage, BooleanSupplier deleted) throws IOException {
    if (deleted.getAsBoolean()) {
      return;
    }
    if (directoryNew) {
      PartitionMetadata.force(storage, directory);
    }
    for (Segment segment : segments) {
      force(segment);
    }
    if (!overtaken && !deleted.getAsBoolean()) {
      describe(storage);
    }
    if (namesChanged && !deleted.getAsBoolean()) {
      storage.syncDirectory(directory);
    }
  }

  private static void force(Segment segment) throws IOException {
    try {
      if (!segment.isDeleted()) {
        segment.file().force();
      }
    } catch (IOException e) {
      if (!segment.isDeleted()) { // else it was closed meanwhile, and nobody waits for it
        throw e;
      }
    }
  }

  /** Writes what describes the bytes: indexes, producers, epochs. */
  private void describe(LogStorage storage) throws IOException {
    for (IndexToStore index : indexes) {
      if (!index.segment().isDeleted()) {
        index.segment().storeIndex(index.bytes());
      }
    }
    for (Snapshot snapshot : snapshots) {
      String path =
          AtomicFile.join(directory, SegmentFiles.name(snapshot.offset(), SegmentFiles.PRODUCERS));
      AtomicFile.writeUnsynced(storage, path, snapshot.bytes());
    }
    if (epochs != null) {
      AtomicFile.writeUnsynced(storage, AtomicFile.join(directory, EPOCHS_FILE), epochs);
    }
  }

  /** Append loop: the log was cut while this waits or runs; what it describes is no more. */
  void overtake() {
    overtaken = true;
  }

  /**
   * Append loop, after the run of an overtaken unit: takes back producer snapshots that it may have
   * written meanwhile.
   */
  void takeBack(LogStorage storage) throws IOException {
    for (Snapshot snapshot : snapshots) {
      storage.delete(
          AtomicFile.join(directory, SegmentFiles.name(snapshot.offset(), SegmentFiles.PRODUCERS)));
    }
  }

  /** Append loop, after a run: sealed segments need not keep their index in memory. */
  void completed() {
    indexes.forEach(index -> index.segment().indexStored());
  }
}
