package io.millrace.log.segment;

import io.millrace.log.storage.AtomicFile;
import io.millrace.log.storage.LogFile;
import io.millrace.log.storage.LogStorage;
import java.io.IOException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings segments back from their files: quickly after a clean stop, by checking every batch after
 * a crash.
 */
public final class SegmentLoader {

  private static final Logger LOG = LoggerFactory.getLogger(SegmentLoader.class);

  private static final int REBUILD_INTERVAL = 4096;

  private SegmentLoader() {}

  /**
   * What recovery made of a segment.
   *
   * @param cutReason why bytes were cut off the end, or null when none were
   */
  public record Recovered(Segment segment, @Nullable String cutReason, long cutBytes) {}

  /**
   * Whether a segment has index files. They are written once the sealed file was flushed, so after
   * a crash they prove that it ends with its last batch.
   */
  public static boolean isIndexed(LogStorage storage, String directory, long baseOffset)
      throws IOException {
    return storage.exists(
            AtomicFile.join(directory, SegmentFiles.name(baseOffset, SegmentFiles.INDEX)))
        && storage.exists(
            AtomicFile.join(directory, SegmentFiles.name(baseOffset, SegmentFiles.TIME_INDEX)));
  }

  /** A segment before the last, all of it flushed. */
  public static Segment openSealed(
      LogStorage storage, String directory, long baseOffset, long nextOffset) throws IOException {
    return Segment.sealed(storage, directory, baseOffset, nextOffset);
  }

  /**
   * The last segment after a clean stop, or null when its index files do not tell where it ends.
   */
  public static @Nullable Segment openActive(
      LogStorage storage, String directory, long baseOffset, long nowMs) throws IOException {
    SparseIndex.Stored stored = readIndex(storage, directory, baseOffset);
    if (stored == null) {
      return null;
    }
    String path = AtomicFile.join(directory, SegmentFiles.name(baseOffset, SegmentFiles.LOG));
    try (LogFile file = storage.open(path, false)) {
      return Segment.recovered(
          storage,
          directory,
          baseOffset,
          file.size(),
          baseOffset + stored.relativeEnd(),
          stored.maxTimestamp(),
          stored.index(),
          stored.relativeEnd() == 0 ? -1 : nowMs);
    }
  }

  /**
   * Walks a segment after a crash, rebuilds its index and cuts what is torn. Batches that end at or
   * beyond the recovery point are read and their checksum is computed; those before it were flushed
   * whole.
   *
   * @param visitor called with each good batch
   * @throws IOException when a batch below the recovery point is damaged: that is not a torn write,
   *     and cutting would lose what was acknowledged
   */
  public static Recovered recover(
      LogStorage storage,
      String directory,
      long baseOffset,
      long recoveryPoint,
      int indexInterval,
      Consumer<BatchScanner> visitor)
      throws IOException {
    String path = AtomicFile.join(directory, SegmentFiles.name(baseOffset, SegmentFiles.LOG));
    storage.delete(AtomicFile.join(directory, SegmentFiles.name(baseOffset, SegmentFiles.INDEX)));
    storage.delete(
        AtomicFile.join(directory, SegmentFiles.name(baseOffset, SegmentFiles.TIME_INDEX)));
    try (LogFile file = storage.open(path, false)) {
      long size = file.size();
      Walk walk = new Walk(baseOffset, indexInterval);
      String problem = walk.run(new BatchScanner(file, 0, size), recoveryPoint, visitor);
      if (walk.end < size && walk.nextOffset < recoveryPoint) {
        throw new IOException(
            damaged(storage, path, walk.end, walk.nextOffset)
                + " ("
                + problem
                + "), below the recovery point "
                + recoveryPoint
                + ": flushed data was damaged; restore the replica from another broker by deleting"
                + " its directory");
      }
      boolean torn = walk.end < size && !Preallocation.isRoom(file, walk.end, size);
      if (walk.end < size) {
        file.truncate(walk.end);
      }
      file.force();
      Segment segment =
          Segment.recovered(
              storage,
              directory,
              baseOffset,
              walk.end,
              walk.nextOffset,
              walk.maxTimestamp,
              walk.index,
              walk.firstTimestamp);
      return new Recovered(segment, torn ? problem : null, size - walk.end);
    }
  }

  private static String damaged(LogStorage storage, String path, long position, long offset) {
    return storage.describe()
        + "/"
        + path
        + " is damaged at position "
        + position
        + ", offset "
        + offset;
  }

  /**
   * A sealed segment's index from its files; when they are missing or damaged, from its batches.
   */
  static SparseIndex.Stored readOrRebuild(
      LogStorage storage, String directory, long baseOffset, LogFile file, long end)
      throws IOException {
    SparseIndex.Stored stored = readIndex(storage, directory, baseOffset);
    if (stored != null) {
      return stored;
    }
    Walk walk = new Walk(baseOffset, REBUILD_INTERVAL);
    String problem = walk.run(new BatchScanner(file, 0, end), 0, batch -> {});
    if (walk.end < end) {
      String path = AtomicFile.join(directory, SegmentFiles.name(baseOffset, SegmentFiles.LOG));
      throw new IOException(
          damaged(storage, path, walk.end, walk.nextOffset) + " (" + problem + ")");
    }
    return new SparseIndex.Stored(
        walk.index, walk.maxTimestamp, (int) (walk.nextOffset - baseOffset));
  }

  private static SparseIndex.@Nullable Stored readIndex(
      LogStorage storage, String directory, long baseOffset) throws IOException {
    String offsetPath =
        AtomicFile.join(directory, SegmentFiles.name(baseOffset, SegmentFiles.INDEX));
    byte[] offsets = AtomicFile.read(storage, offsetPath);
    byte[] times =
        AtomicFile.read(
            storage,
            AtomicFile.join(directory, SegmentFiles.name(baseOffset, SegmentFiles.TIME_INDEX)));
    if (offsets == null || times == null) {
      return null;
    }
    try {
      return SparseIndex.decode(offsets, times);
    } catch (IllegalArgumentException e) {
      LOG.warn(
          "index is damaged and will be rebuilt path={}/{} reason={}",
          storage.describe(),
          offsetPath,
          e.getMessage());
      return null;
    }
  }

  /** One walk over a segment's batches. */
  private static final class Walk {
    private final long baseOffset;
    private final int indexInterval;
    private final SparseIndex index = new SparseIndex();
    private long nextOffset;
    private long maxTimestamp = -1;
    private long firstTimestamp = -1;
    private long end;
    private long lastIndexed;

    Walk(long baseOffset, int indexInterval) {
      this.baseOffset = baseOffset;
      this.nextOffset = baseOffset;
      this.indexInterval = indexInterval;
    }

    /** Walks as far as batches are good; returns what is wrong with the next. */
    String run(BatchScanner batches, long verifyFrom, Consumer<BatchScanner> visitor)
        throws IOException {
      while (batches.next()) {
        if (batches.baseOffset() < nextOffset) {
          return "batch at offset "
              + batches.baseOffset()
              + " where "
              + nextOffset
              + " was expected";
        }
        if (batches.lastOffset() >= verifyFrom && !batches.isCrcValid()) {
          return "checksum of the batch at offset " + batches.baseOffset() + " is wrong";
        }
        take(batches);
        visitor.accept(batches);
      }
      return "no whole batch";
    }

    private void take(BatchScanner batch) {
      if (batch.position() - lastIndexed > indexInterval) {
        index.add((int) (batch.baseOffset() - baseOffset), (int) batch.position(), maxTimestamp);
        lastIndexed = batch.position();
      }
      if (firstTimestamp < 0) {
        firstTimestamp = batch.maxTimestamp();
      }
      maxTimestamp = Math.max(maxTimestamp, batch.maxTimestamp());
      nextOffset = batch.lastOffset() + 1;
      end = batch.endPosition();
    }
  }
}
