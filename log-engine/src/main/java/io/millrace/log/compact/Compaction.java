package io.millrace.log.compact;

import io.millrace.log.compact.CompactionRules.Piece;
import io.millrace.log.segment.Segment;
import io.millrace.log.storage.LogStorage;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.CorruptRecordsException;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordCursor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * One cleaning of one log, in small steps, so that it can be slowed down and ended at any point.
 *
 * <pre>
 *   MAPPING: read the dirty part, note each key's newest offset
 *      |        (memory full: the cleaning goes as far as was read)
 *      v
 *   CLEANING group by group from the log's start &lt;--- swapped()
 *      |   \
 *      |    +--&gt; READY: a group was rewritten, to be swapped in by the log's owner
 *      v
 *   DONE
 * </pre>
 *
 * <p>Confined to a cleaner loop. Reads segments only; writes one file that is not the log's yet.
 */
public final class Compaction {

  /**
   * What is cleaned, and how.
   *
   * @param segments all that may be cleaned, from the log's start on
   * @param firstDirty below it the log was cleaned already
   * @param rememberedBatches last offsets of batches that a producer may send again
   * @param segmentBytes how large a new segment may become
   * @param memoryBytes for the keys
   */
  public record Task(
      LogStorage storage,
      String directory,
      List<Segment> segments,
      long firstDirty,
      Set<Long> rememberedBatches,
      int segmentBytes,
      int indexIntervalBytes,
      long memoryBytes,
      long nowMs,
      long deleteRetentionMs) {}

  /** Segments, and the one that is to take their place. */
  public record Rewritten(List<Segment> sources, Segment cleaned) {}

  /** How far a cleaning is. */
  public enum Phase {
    MAPPING,
    CLEANING,
    READY,
    DONE
  }

  /** As many files as are renamed at once; the owner of the log waits for that. */
  private static final int MAX_GROUP = 32;

  private static final int BUFFER = 1 << 20;

  /** Kept free for those who append. */
  private static final long FREE_BYTES = 64L << 20;

  private final Task task;
  private final LatestOffsets latest;
  private final long goal;
  private ByteBuffer readBuffer = ByteBuffer.allocate(BUFFER);
  private final ByteBuffer writeBuffer = ByteBuffer.allocate(BUFFER);
  private Phase phase = Phase.MAPPING;
  private int segmentIndex;
  private @Nullable BatchReader reader;
  private long mappedEnd;
  private List<Piece> pieces = List.of();
  private List<Integer> groupEnds = List.of();
  private int group;
  private boolean checking;
  private @Nullable BatchFilter filter;
  private @Nullable CleanedSegment output;
  private @Nullable Rewritten rewritten;
  private long nextHorizonMs = Long.MAX_VALUE;
  private long bytesRead;
  private long bytesWritten;
  private long recordsRead;
  private long recordsKept;
  private long withoutKey;

  public Compaction(Task task, long secret0, long secret1) {
    this.task = task;
    List<Segment> segments = task.segments();
    this.goal =
        segments.isEmpty()
            ? task.firstDirty()
            : Math.max(task.firstDirty(), segments.get(segments.size() - 1).nextOffset());
    this.mappedEnd = goal;
    this.latest = new LatestOffsets(task.memoryBytes(), goal - task.firstDirty(), secret0, secret1);
  }

  public Phase phase() {
    return phase;
  }

  /** Where the part ends that is clean once this is done. */
  public long mappedEnd() {
    return mappedEnd;
  }

  /** When the next tombstone may go; known at the end. */
  public long nextHorizonMs() {
    return nextHorizonMs;
  }

  public long bytesRead() {
    return bytesRead;
  }

  public long bytesWritten() {
    return bytesWritten;
  }

  public long recordsRead() {
    return recordsRead;
  }

  public long recordsKept() {
    return recordsKept;
  }

  /** Records that went because they had no key. */
  public long withoutKey() {
    return withoutKey;
  }

  public int keys() {
    return latest.size();
  }

  /** What waits in READY. */
  public Rewritten rewritten() {
    Rewritten ready = rewritten;
    if (phase != Phase.READY || ready == null) {
      throw new IllegalStateException("nothing to swap in phase " + phase);
    }
    return ready;
  }

  /** The group that was READY is in the log now. */
  public void swapped() {
    rewritten();
    rewritten = null;
    phase = Phase.CLEANING;
    nextGroup();
  }

  /**
   * Works until about so many bytes were read, or the phase is READY or DONE.
   *
   * @throws CorruptRecordsException when a batch is damaged
   */
  public void step(int bytes) throws IOException {
    long until = bytesRead + bytes;
    while (bytesRead < until && (phase == Phase.MAPPING || phase == Phase.CLEANING)) {
      if (phase == Phase.MAPPING) {
        map();
      } else {
        clean();
      }
    }
  }

  // ---- MAPPING

  private void map() throws IOException {
    BatchReader batches = reader;
    if (batches == null) {
      while (segmentIndex < task.segments().size()
          && task.segments().get(segmentIndex).nextOffset() <= task.firstDirty()) {
        segmentIndex++;
      }
      if (segmentIndex == task.segments().size()) {
        beginCleaning();
        return;
      }
      Segment segment = task.segments().get(segmentIndex);
      batches = read(segment, segment.positionBefore(task.firstDirty()));
      reader = batches;
    }
    RecordBatch batch = batches.next();
    readBuffer = batches.buffer();
    if (batch == null) {
      reader = null;
      segmentIndex++;
      return;
    }
    bytesRead += batch.sizeInBytes();
    if (batch.baseOffset() >= task.firstDirty() && !take(batch)) {
      mappedEnd = batch.baseOffset();
      beginCleaning();
    }
  }

  /** Notes a batch's keys; false when they may not fit. */
  private boolean take(RecordBatch batch) {
    if (batch.isControl() || batch.isTransactional() || batch.recordCount() == 0) {
      return true;
    }
    if (!latest.hasRoomFor(batch.recordCount())) {
      if (latest.size() == 0) {
        throw new CorruptRecordsException(
            "batch at offset "
                + batch.baseOffset()
                + " has "
                + batch.recordCount()
                + " records, log.cleaner.dedupe.buffer.size lets a thread hold "
                + latest.limit()
                + " keys");
      }
      return false;
    }
    if (!batch.isCrcValid()) {
      throw new CorruptRecordsException("checksum is wrong, " + batch);
    }
    RecordCursor cursor = RecordCursor.over(batch, Compression.DEFAULT_MAX_DECOMPRESSED_BYTES);
    while (cursor.next()) {
      if (cursor.hasKey()) {
        latest.put(cursor);
      }
    }
    return true;
  }

  private BatchReader read(Segment segment, long position) throws IOException {
    return new BatchReader(segment.file(), position, segment.endPosition(), readBuffer);
  }

  // ---- CLEANING

  private void beginCleaning() throws IOException {
    reader = null;
    List<Piece> within = new ArrayList<>();
    for (Segment segment : task.segments()) {
      if (segment.baseOffset() < mappedEnd) {
        within.add(
            new Piece(
                segment.baseOffset(),
                segment.nextOffset(),
                segment.endPosition(),
                segment.maxTimestamp()));
      }
    }
    pieces = within;
    groupEnds = CompactionRules.groupEnds(within, task.segmentBytes(), MAX_GROUP);
    group = -1;
    phase = Phase.CLEANING;
    nextGroup();
  }

  private int groupStart() {
    return group == 0 ? 0 : groupEnds.get(group - 1);
  }

  private void nextGroup() {
    group++;
    if (group == groupEnds.size()) {
      phase = Phase.DONE;
      return;
    }
    segmentIndex = groupStart();
    // A segment that was cleaned before is often as it should be: look before writing.
    checking =
        groupEnds.get(group) - segmentIndex == 1
            && pieces.get(segmentIndex).nextOffset() <= task.firstDirty();
    filter = null;
  }

  private void clean() throws IOException {
    BatchFilter batchFilter = filter;
    if (batchFilter == null) {
      batchFilter = beginGroup();
    }
    BatchReader batches = reader;
    if (batches == null) {
      batches = read(task.segments().get(segmentIndex), 0);
      reader = batches;
    }
    RecordBatch batch = batches.next();
    readBuffer = batches.buffer();
    if (batch != null) {
      bytesRead += batch.sizeInBytes();
      batchFilter.take(batch);
      if (checking && batchFilter.isChanged()) {
        checking = false;
        filter = null; // once more, for writing
        reader = null;
      }
      return;
    }
    reader = null;
    segmentIndex++;
    if (segmentIndex == groupEnds.get(group)) {
      endGroup(batchFilter);
    }
  }

  private BatchFilter beginGroup() throws IOException {
    CleanedSegment cleaned = null;
    if (!checking) {
      checkSpace();
      cleaned =
          new CleanedSegment(
              task.storage(),
              task.directory(),
              pieces.get(groupStart()).baseOffset(),
              task.indexIntervalBytes(),
              writeBuffer);
    }
    output = cleaned;
    CompactionBounds bounds =
        new CompactionBounds(
            task.firstDirty(),
            mappedEnd,
            task.nowMs(),
            saturatedSum(task.nowMs(), task.deleteRetentionMs()));
    BatchFilter batchFilter =
        new BatchFilter(
            latest,
            bounds,
            task.rememberedBatches(),
            cleaned == null ? batch -> {} : cleaned::write);
    filter = batchFilter;
    return batchFilter;
  }

  private static long saturatedSum(long nowMs, long retentionMs) {
    return retentionMs > Long.MAX_VALUE - nowMs ? Long.MAX_VALUE : nowMs + retentionMs;
  }

  private void checkSpace() throws IOException {
    long bytes = 0;
    for (int i = groupStart(); i < groupEnds.get(group); i++) {
      bytes += pieces.get(i).bytes();
    }
    long usable = task.storage().usableBytes();
    if (usable < bytes + FREE_BYTES) {
      throw new IOException(
          "cleaning needs up to "
              + bytes
              + " bytes beside "
              + FREE_BYTES
              + " kept free, the disk has "
              + usable
              + " left");
    }
  }

  private void endGroup(BatchFilter batchFilter) throws IOException {
    batchFilter.endOfSegment();
    nextHorizonMs = Math.min(nextHorizonMs, batchFilter.nextHorizonMs());
    recordsRead += batchFilter.recordsRead();
    recordsKept += batchFilter.recordsKept();
    withoutKey += batchFilter.withoutKey();
    CleanedSegment cleaned = output;
    output = null;
    List<Segment> sources =
        List.copyOf(task.segments().subList(groupStart(), groupEnds.get(group)));
    if (cleaned == null) {
      nextGroup();
    } else if (sources.size() == 1 && !batchFilter.isChanged()) {
      cleaned.discard();
      nextGroup();
    } else {
      bytesWritten += cleaned.bytes();
      Segment segment = cleaned.finish();
      long end = sources.get(sources.size() - 1).nextOffset();
      if (segment.nextOffset() != end) {
        segment.discardCleaned();
        throw new CorruptRecordsException(
            "segments end at offset " + end + " but their batches at " + segment.nextOffset());
      }
      rewritten = new Rewritten(sources, segment);
      phase = Phase.READY;
    }
  }

  /** Removes what was written and is not the log's. */
  public void abandon() throws IOException {
    CleanedSegment cleaned = output;
    output = null;
    if (cleaned != null) {
      cleaned.discard();
    }
    Rewritten ready = rewritten;
    rewritten = null;
    if (ready != null) {
      ready.cleaned().discardCleaned();
    }
  }
}
