package io.millrace.log;

import io.millrace.log.segment.BatchScanner;
import io.millrace.log.segment.Segment;
import io.millrace.log.tail.TailChunk;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.record.MemoryRecords;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads a log. Any thread; takes no lock, loads what the append loop published. */
final class LogReader {

  private static final Logger LOG = LoggerFactory.getLogger(LogReader.class);

  private final LogState state;

  LogReader(LogState state) {
    this.state = state;
  }

  LogRead read(long fromOffset, int maxBytes, long upToOffset, boolean minOneBatch) {
    if (state.isOffline()) {
      return new LogRead.Failed(ErrorCode.KAFKA_STORAGE_ERROR, state.offlineReason);
    }
    long end = state.offsets.logEndAcquire(); // first: the start only moves towards it
    long start = state.offsets.logStartAcquire();
    if (fromOffset < start || fromOffset > end) {
      return new LogRead.OutOfRange(start, end);
    }
    long upTo = Math.min(upToOffset, end);
    if (fromOffset >= upTo) {
      return new LogRead.Data(MemoryRecords.EMPTY, fromOffset);
    }
    TailChunk.Run tail = state.tail.read(fromOffset, maxBytes, upTo, minOneBatch);
    if (tail != null) {
      return new LogRead.Data(tail.records(), tail.nextOffset());
    }
    try {
      return onFiles(() -> readFiles(fromOffset, maxBytes, upTo, minOneBatch));
    } catch (IOException e) {
      LOG.error("read failed path={} offset={}", state.path(), fromOffset, e);
      return new LogRead.Failed(
          ErrorCode.KAFKA_STORAGE_ERROR,
          "read of " + state.path() + " at offset " + fromOffset + " failed: " + e.getMessage());
    }
  }

  private interface FileRead<T> {
    T run() throws IOException;
  }

  /** Once more when compaction or retention took the segments away under this reader. */
  @SuppressWarnings("ReferenceEquality") // a version is its own identity
  private <T> T onFiles(FileRead<T> read) throws IOException {
    Object version = state.segments.version();
    while (true) {
      try {
        return read.run();
      } catch (IOException e) {
        Object now = state.segments.version();
        if (now == version) {
          throw e;
        }
        version = now;
      }
    }
  }

  private LogRead readFiles(long fromOffset, int maxBytes, long upTo, boolean minOneBatch)
      throws IOException {
    Segment segment = state.segments.floor(fromOffset);
    while (segment != null && segment.baseOffset() < upTo) {
      Segment.Run run = segment.select(fromOffset, maxBytes, upTo, minOneBatch);
      if (run != null) {
        return new LogRead.Data(segment.slice(run), run.nextOffset());
      }
      if (fromOffset < segment.nextOffset()) {
        break; // here it is, but it may not be returned
      }
      segment = state.segments.after(segment);
    }
    return new LogRead.Data(MemoryRecords.EMPTY, fromOffset);
  }

  @Nullable TimestampOffset offsetForTimestamp(long timestamp) {
    if (timestamp == PartitionLog.LATEST_TIMESTAMP) {
      long end = state.offsets.logEndAcquire();
      return new TimestampOffset(-1, end, state.epochs.latest());
    }
    if (timestamp == PartitionLog.EARLIEST_TIMESTAMP) {
      long start = state.offsets.logStartAcquire();
      return new TimestampOffset(-1, start, state.epochs.epochAt(start));
    }
    if (state.isOffline()) {
      throw new LogStorageException(state.offlineReason);
    }
    try {
      return onFiles(
              () ->
                  Optional.ofNullable(
                      timestamp == PartitionLog.MAX_TIMESTAMP ? findMaximum() : find(timestamp)))
          .orElse(null);
    } catch (IOException e) {
      throw new LogStorageException(
          "search by time in " + state.path() + " failed: " + e.getMessage(), e);
    }
  }

  private @Nullable TimestampOffset find(long timestamp) throws IOException {
    long start = state.offsets.logStartAcquire();
    for (Segment segment : state.segments.snapshot()) {
      if (segment.nextOffset() > start && segment.maxTimestamp() >= timestamp) {
        Segment.Timed found = segment.findTimestamp(timestamp, start);
        if (found != null) {
          return new TimestampOffset(found.timestamp(), found.offset(), found.leaderEpoch());
        }
      }
    }
    return null;
  }

  private @Nullable TimestampOffset findMaximum() throws IOException {
    List<Segment> segments = state.segments.snapshot();
    long largest = -1;
    for (Segment segment : segments) {
      largest = Math.max(largest, segment.maxTimestamp());
    }
    TimestampOffset found = largest < 0 ? null : find(largest);
    return found != null || largest < 0 ? found : findMaximumOfRecords(segments);
  }

  /** Headers that compaction left tell of records that are gone; looks at all the others. */
  private @Nullable TimestampOffset findMaximumOfRecords(List<Segment> segments)
      throws IOException {
    long largest = -1;
    for (Segment segment : segments) {
      BatchScanner batches = segment.scanFrom(segment.baseOffset());
      while (batches.next()) {
        if (batches.recordCount() > 0) {
          largest = Math.max(largest, batches.maxTimestamp());
        }
      }
    }
    return largest < 0 ? null : find(largest);
  }
}
