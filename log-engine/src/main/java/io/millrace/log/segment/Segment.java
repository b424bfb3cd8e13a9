package io.millrace.log.segment;

import io.millrace.concurrent.SingleWriter;
import io.millrace.log.storage.AtomicFile;
import io.millrace.log.storage.LogFile;
import io.millrace.log.storage.LogStorage;
import io.millrace.protocol.record.Record;
import io.millrace.protocol.record.Records;
import java.io.IOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.lang.ref.SoftReference;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A file of batches and its index. The last segment of a log is active: the append loop writes to
 * it. The others are sealed and do not change but by truncation, which makes one active again.
 *
 * <p>Readers on any thread see bytes up to {@link #endPosition()}, released after the bytes were
 * written. The file is opened when first touched; a sealed segment's index is read when first
 * needed and may be dropped under memory pressure.
 */
@SingleWriter
public final class Segment {

  /** A batch's place. */
  public record Place(long position, long offset, int leaderEpoch) {}

  /** A record found by time. */
  public record Timed(long timestamp, long offset, int leaderEpoch) {}

  /** A run of whole batches. */
  public record Run(long position, int length, long nextOffset) {}

  private static final long UNKNOWN = Long.MIN_VALUE;

  private static final VarHandle END;

  static {
    try {
      END = MethodHandles.lookup().findVarHandle(Segment.class, "endPosition", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final LogStorage storage;
  private final String directory;
  private final long baseOffset;
  private volatile @Nullable LogFile file;
  private volatile @Nullable SparseIndex liveIndex;
  private volatile SoftReference<SparseIndex> storedIndex = new SoftReference<>(null);
  private volatile long maxTimestamp =
      -1; // UNKNOWN until asked for, in a sealed segment found at start
  private volatile long nextOffset;
  private volatile boolean deleted;
  private volatile @Nullable SparseIndex pinnedIndex;

  @SuppressWarnings("unused") // through END
  private long endPosition;

  // Confined to the append loop.
  private long stagedPosition;
  private long stagedMaxTimestamp = -1;
  private long lastIndexed;
  private long firstAppendMs = -1;
  private long allocated; // where the file ends; what is behind the batches is zeros
  private boolean preallocates = true;

  private Segment(LogStorage storage, String directory, long baseOffset) {
    this.storage = storage;
    this.directory = directory;
    this.baseOffset = baseOffset;
    this.nextOffset = baseOffset;
  }

  /** A new, empty, active segment; its file is made now. */
  public static Segment create(LogStorage storage, String directory, long baseOffset)
      throws IOException {
    Segment segment = new Segment(storage, directory, baseOffset);
    segment.liveIndex = new SparseIndex();
    segment.file().truncate(0);
    return segment;
  }

  /**
   * A segment that compaction writes in place of others; not part of the log until {@link
   * #takeName} gave it a name.
   */
  public static Segment beginCleaned(LogStorage storage, String directory, long baseOffset)
      throws IOException {
    Segment segment = new Segment(storage, directory, baseOffset);
    segment.liveIndex = new SparseIndex();
    segment.preallocates = false;
    segment.file = storage.open(segment.path(SegmentFiles.LOG + SegmentFiles.CLEANED), true);
    segment.file().truncate(0);
    return segment;
  }

  /** A sealed segment that is known to be whole. Its index is read when it is needed. */
  static Segment sealed(LogStorage storage, String directory, long baseOffset, long nextOffset)
      throws IOException {
    Segment segment = new Segment(storage, directory, baseOffset);
    segment.nextOffset = nextOffset;
    segment.maxTimestamp = UNKNOWN;
    long size = segment.file().size();
    segment.stagedPosition = size;
    END.setRelease(segment, size);
    return segment;
  }

  /** An active segment with a known index. */
  static Segment recovered(
      LogStorage storage,
      String directory,
      long baseOffset,
      long size,
      long nextOffset,
      long maxTimestamp,
      SparseIndex index,
      long firstTimestamp) {
    Segment segment = new Segment(storage, directory, baseOffset);
    segment.nextOffset = nextOffset;
    segment.maxTimestamp = maxTimestamp;
    segment.stagedMaxTimestamp = maxTimestamp;
    segment.stagedPosition = size;
    segment.allocated = size;
    END.setRelease(segment, size);
    segment.liveIndex = index;
    segment.lastIndexed = size;
    segment.firstAppendMs = firstTimestamp;
    return segment;
  }

  private String path(String suffix) {
    return AtomicFile.join(directory, SegmentFiles.name(baseOffset, suffix));
  }

  /** Opens the file when nobody did yet. Only the opening takes a lock. */
  public LogFile file() throws IOException {
    LogFile open = file;
    if (open != null) {
      return open;
    }
    synchronized (this) {
      open = file;
      if (open == null) {
        open = storage.open(path(SegmentFiles.LOG), liveIndex != null);
        file = open;
      }
      return open;
    }
  }

  // ---- any thread

  public long baseOffset() {
    return baseOffset;
  }

  /** One past the last offset in the file; at least the base offset. */
  public long nextOffset() {
    return nextOffset;
  }

  public long endPosition() {
    return (long) END.getAcquire(this);
  }

  /** The largest timestamp, or -1. */
  public long maxTimestamp() throws IOException {
    long known = maxTimestamp;
    if (known == UNKNOWN) {
      load();
      known = maxTimestamp;
    }
    return known;
  }

  /**
   * Reads index and largest timestamp. When the segment was pinned meanwhile, what was read may be
   * its successor's, and what was pinned counts.
   */
  private SparseIndex load() throws IOException {
    SparseIndex.Stored stored;
    try {
      stored = SegmentLoader.readOrRebuild(storage, directory, baseOffset, file(), endPosition());
    } catch (IOException e) {
      SparseIndex pinned = pinnedIndex;
      if (pinned != null) {
        return pinned;
      }
      throw e;
    }
    SparseIndex pinned = pinnedIndex;
    if (pinned != null) {
      return pinned;
    }
    if (maxTimestamp == UNKNOWN) {
      maxTimestamp = stored.maxTimestamp(); // every thread computes the same
    }
    storedIndex = new SoftReference<>(stored.index());
    return stored.index();
  }

  /**
   * Opens the file and reads into memory for good what readers need of other files, because another
   * segment is about to take their names. Cleaner loop, before {@link #markDeleted}.
   */
  public void pin() throws IOException {
    file();
    SparseIndex index = index();
    maxTimestamp();
    pinnedIndex = index;
  }

  private SparseIndex index() throws IOException {
    SparseIndex live = liveIndex;
    if (live != null) {
      return live;
    }
    SparseIndex pinned = pinnedIndex;
    if (pinned != null) {
      return pinned;
    }
    SparseIndex index = storedIndex.get();
    return index == null ? load() : index;
  }

  /** Where an indexed batch lies that begins at or before an offset. */
  public long positionBefore(long offset) throws IOException {
    return index().positionAtOrBefore(relative(offset));
  }

  /** Finds the first batch that ends at or after an offset, or null. */
  public @Nullable Place find(long offset) throws IOException {
    BatchScanner batches = scanFrom(offset);
    while (batches.next()) {
      if (batches.lastOffset() >= offset) {
        return new Place(batches.position(), batches.baseOffset(), batches.leaderEpoch());
      }
    }
    return null;
  }

  /** Walks the batches from an indexed one at or before an offset on. */
  public BatchScanner scanFrom(long offset) throws IOException {
    return new BatchScanner(file(), index().positionAtOrBefore(relative(offset)), endPosition());
  }

  private int relative(long offset) {
    return (int) Math.max(-1, Math.min(Integer.MAX_VALUE, offset - baseOffset));
  }

  /**
   * The whole batches from the one that holds an offset on, as many as fit.
   *
   * @return null when the offset lies behind this segment's last batch, or nothing may be returned
   * @throws IOException also when the batch should be here: who got nothing would ask again forever
   */
  public @Nullable Run select(long offset, int maxBytes, long upToOffset, boolean minOneBatch)
      throws IOException {
    long end = endPosition();
    Place first = find(offset);
    if (first == null && offset < nextOffset) {
      throw new IOException(
          storage.describe() + "/" + path(SegmentFiles.LOG) + " has no batch for offset " + offset);
    }
    if (first == null) {
      return null;
    }
    long wanted = Math.min(end, first.position() + maxBytes);
    SparseIndex index = index();
    // Batches between the first and both of these indexed places are wanted for certain, so the
    // walk begins behind them.
    long jump =
        Math.min(
            index.positionAtOrBeforePosition((int) wanted - 1),
            index.positionAtOrBefore(relative(upToOffset)));
    BatchScanner batches = new BatchScanner(file(), Math.max(first.position(), jump), end);
    long stop = Math.max(first.position(), jump);
    long next = -1;
    while (batches.next() && batches.lastOffset() < upToOffset) {
      boolean fits = batches.endPosition() <= wanted;
      if (!fits && !(minOneBatch && batches.position() == first.position())) {
        break;
      }
      stop = batches.endPosition();
      next = batches.lastOffset() + 1;
      if (!fits) {
        break;
      }
    }
    if (stop == first.position()) {
      return null;
    }
    // Nothing behind the jump fitted: the run ends where the batch at the jump begins.
    return new Run(
        first.position(), (int) (stop - first.position()), next >= 0 ? next : batches.baseOffset());
  }

  public Records slice(Run run) throws IOException {
    return file().slice(run.position(), run.length());
  }

  /** The first record that is not older than a timestamp, at or above an offset; or null. */
  public @Nullable Timed findTimestamp(long timestamp, long fromOffset) throws IOException {
    BatchScanner batches =
        new BatchScanner(file(), index().positionForTimestamp(timestamp), endPosition());
    while (batches.next()) {
      if (batches.maxTimestamp() < timestamp || batches.lastOffset() < fromOffset) {
        continue;
      }
      for (Record record : batches.batch().records()) {
        if (record.timestamp() >= timestamp && record.offset() >= fromOffset) {
          return new Timed(record.timestamp(), record.offset(), batches.leaderEpoch());
        }
      }
    }
    return null;
  }

  // ---- append loop

  /** Where the next staged batch will lie. */
  public long stagedPosition() {
    return stagedPosition;
  }

  /** When the first batch came, or -1. */
  public long firstAppendMs() {
    return firstAppendMs;
  }

  /**
   * Counts a batch in that {@link #write} will bring to the file, and indexes it when it is time.
   */
  public void stage(
      long batchBaseOffset, int size, long batchMaxTimestamp, int indexInterval, long nowMs) {
    if (firstAppendMs < 0) {
      firstAppendMs = nowMs;
    }
    SparseIndex index = liveIndex;
    if (index == null) {
      throw new IllegalStateException("segment " + baseOffset + " is sealed");
    }
    if (stagedPosition - lastIndexed > indexInterval) {
      index.add((int) (batchBaseOffset - baseOffset), (int) stagedPosition, stagedMaxTimestamp);
      lastIndexed = stagedPosition;
    }
    stagedPosition += size;
    stagedMaxTimestamp = Math.max(stagedMaxTimestamp, batchMaxTimestamp);
  }

  /** Writes staged bytes behind what is there, then shows them to readers. */
  public void write(ByteBuffer bytes, long newNextOffset) throws IOException {
    long position = (long) END.get(this);
    int size = bytes.remaining();
    long end = position + size;
    file().write(bytes, position);
    if (end > allocated) {
      allocated = end;
      makeRoom(size);
    }
    maxTimestamp = stagedMaxTimestamp;
    nextOffset = newNextOffset;
    END.setRelease(this, end);
  }

  private void makeRoom(int written) throws IOException {
    int room = preallocates ? Preallocation.roomFor(written, allocated) : 0;
    if (room == 0) {
      return;
    }
    long end = allocated;
    allocated += room; // whatever comes of it, sealing cuts up to here
    try {
      Preallocation.make(file(), end, room);
    } catch (IOException noSpace) {
      // The batches themselves may still fit. If not, their own write says so.
      preallocates = false;
    }
  }

  /** The index files of this segment as it is now; to be written by {@link #storeIndex}. */
  public record IndexBytes(byte[] offsets, byte[] times) {}

  /**
   * Ends the active role; readers keep the index in memory until it was stored and is not needed.
   * The file ends with its last batch from now on, which is durable before the index files are.
   */
  public @Nullable IndexBytes seal() throws IOException {
    SparseIndex index = liveIndex;
    if (index == null) {
      return null;
    }
    if (allocated > endPosition()) {
      allocated = endPosition();
      file().truncate(allocated);
    }
    IndexBytes bytes =
        new IndexBytes(
            index.encodeOffsets(),
            index.encodeTimes(stagedMaxTimestamp, (int) (nextOffset - baseOffset)));
    storedIndex = new SoftReference<>(index);
    return bytes;
  }

  /** Writes the index files; durable after the directory's sync. Blocking: flush loop. */
  public void storeIndex(IndexBytes bytes) throws IOException {
    AtomicFile.writeUnsynced(storage, path(SegmentFiles.INDEX), bytes.offsets());
    AtomicFile.writeUnsynced(storage, path(SegmentFiles.TIME_INDEX), bytes.times());
  }

  /** Lets go of the index in memory, now that its files are there. Append loop. */
  public void indexStored() {
    liveIndex = null;
  }

  /**
   * This segment cut at a batch boundary, active again. Readers of the old one read what is left of
   * the file.
   */
  public Segment truncatedTo(long offset) throws IOException {
    Place cut = find(offset);
    long size = cut == null ? endPosition() : cut.position();
    SparseIndex index = index().truncatedTo((int) size);
    long newNext = baseOffset;
    long timestamp = -1;
    BatchScanner batches = new BatchScanner(file(), 0, size);
    while (batches.next()) {
      newNext = batches.lastOffset() + 1;
      timestamp = Math.max(timestamp, batches.maxTimestamp());
    }
    END.setRelease(this, size);
    file().truncate(size);
    file().force();
    storage.delete(path(SegmentFiles.INDEX));
    storage.delete(path(SegmentFiles.TIME_INDEX));
    Segment active =
        recovered(storage, directory, baseOffset, size, newNext, timestamp, index, firstAppendMs);
    active.file = file;
    return active;
  }

  /**
   * Renames the files so that a restart does not see them; they stay readable until {@link #close}.
   */
  public void markDeleted() throws IOException {
    file(); // a reader that holds this segment must find it open
    deleted = true;
    for (String suffix :
        new String[] {SegmentFiles.LOG, SegmentFiles.INDEX, SegmentFiles.TIME_INDEX}) {
      if (storage.exists(path(suffix))) {
        storage.rename(path(suffix), path(suffix) + SegmentFiles.DELETED);
      }
    }
  }

  /** Removes what {@link #markDeleted} renamed. Flush loop. */
  public void removeDeleted() throws IOException {
    close();
    for (String suffix :
        new String[] {SegmentFiles.LOG, SegmentFiles.INDEX, SegmentFiles.TIME_INDEX}) {
      storage.delete(path(suffix) + SegmentFiles.DELETED);
    }
  }

  /** Lets a cleaned segment take the name of the first that it replaces. Append loop. */
  public void takeName() throws IOException {
    storage.delete(path(SegmentFiles.INDEX));
    storage.delete(path(SegmentFiles.TIME_INDEX));
    storage.rename(path(SegmentFiles.LOG + SegmentFiles.CLEANED), path(SegmentFiles.LOG));
  }

  /** Notes that another segment took this one's name; it was pinned and stays readable. */
  public void markReplaced() {
    deleted = true;
  }

  /** Removes a cleaned segment that will not be part of the log. */
  public void discardCleaned() throws IOException {
    close();
    storage.delete(path(SegmentFiles.LOG + SegmentFiles.CLEANED));
  }

  /** Whether it left the log; nothing of it need be flushed any more. */
  public boolean isDeleted() {
    return deleted;
  }

  public void close() throws IOException {
    LogFile open = file;
    if (open != null) {
      open.close();
    }
  }
}
