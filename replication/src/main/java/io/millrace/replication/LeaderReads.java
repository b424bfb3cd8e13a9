package io.millrace.replication;

import io.millrace.log.EpochEnd;
import io.millrace.log.LogRead;
import io.millrace.log.LogStorageException;
import io.millrace.log.PartitionLog;
import io.millrace.log.TimestampOffset;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.Records;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a leader answers to those who read and to those who ask for offsets, from what its log has
 * published. Whether it is the leader, who asks must find out before and, after a read, again.
 *
 * <p>Any thread; never waits for another one, but may touch files.
 */
final class LeaderReads {

  private static final Logger LOG = LoggerFactory.getLogger(LeaderReads.class);

  /**
   * ListOffsets' question for the start of what is on this disk; here the same as the log start.
   */
  private static final long EARLIEST_LOCAL_TIMESTAMP = -4;

  private final PartitionLog log;

  LeaderReads(PartitionLog log) {
    this.log = log;
  }

  /** The records that a request asks for. */
  ReadResult read(LeaderPartition leader, ReadRequest request) {
    long highWatermark = log.highWatermark();
    long readableEnd = endFor(request.isolation());
    long logEnd = log.logEndOffset();
    if (request.lastFetchedEpoch() >= 0 && request.fetchOffset() > 0) {
      EpochEnd end = log.endOffsetForEpoch(request.lastFetchedEpoch());
      if (end.epoch() < 0) {
        return answer(
            leader,
            ErrorCode.OFFSET_OUT_OF_RANGE,
            MemoryRecords.EMPTY,
            readableEnd,
            highWatermark,
            null);
      }
      if (end.epoch() < request.lastFetchedEpoch() || end.endOffset() < request.fetchOffset()) {
        return answer(leader, ErrorCode.NONE, MemoryRecords.EMPTY, readableEnd, highWatermark, end);
      }
    }
    if (request.fetchOffset() > readableEnd && request.fetchOffset() <= logEnd) {
      // Appended, perhaps seen under an earlier leader, but not known to be committed here yet:
      // nothing to read so far.
      return answer(leader, ErrorCode.NONE, MemoryRecords.EMPTY, readableEnd, highWatermark, null);
    }
    LogRead read =
        log.read(request.fetchOffset(), request.maxBytes(), readableEnd, request.minOneBatch());
    return answer(leader, read.error(), read.asRecords(), readableEnd, highWatermark, null);
  }

  private ReadResult answer(
      LeaderPartition leader,
      ErrorCode error,
      Records records,
      long readableEnd,
      long highWatermark,
      @Nullable EpochEnd diverging) {
    boolean failed = error != ErrorCode.NONE;
    return new ReadResult(
        error,
        records,
        readableEnd,
        failed ? -1 : highWatermark,
        failed ? -1 : Math.min(log.lastStableOffset(), highWatermark),
        log.logStartOffset(),
        diverging,
        leader.leaderId(),
        leader.leaderEpoch());
  }

  private long endFor(ReadIsolation isolation) {
    return switch (isolation) {
      case UNCOMMITTED -> log.highWatermark();
      case COMMITTED -> log.lastStableOffset();
      case LOG_END -> log.logEndOffset();
    };
  }

  /** Finds an offset by time, or one of the ends that ListOffsets names by a negative time. */
  OffsetLookup lookupOffset(LeaderPartition leader, long timestamp, ReadIsolation isolation) {
    long end = endFor(isolation);
    // Until the new leader has confirmed all from before its epoch, an end could lie below what
    // clients have seen.
    boolean endIsSettled = log.highWatermark() >= leader.epochStartOffset();
    if (timestamp == PartitionLog.LATEST_TIMESTAMP) {
      return endIsSettled
          ? new OffsetLookup(ErrorCode.NONE, -1, end, leader.leaderEpoch())
          : OffsetLookup.failed(ErrorCode.OFFSET_NOT_AVAILABLE);
    }
    TimestampOffset found;
    try {
      found =
          log.offsetForTimestamp(
              timestamp == EARLIEST_LOCAL_TIMESTAMP ? PartitionLog.EARLIEST_TIMESTAMP : timestamp);
    } catch (LogStorageException e) {
      LOG.error("search by time failed partition={}", log.id(), e);
      return OffsetLookup.failed(ErrorCode.KAFKA_STORAGE_ERROR);
    }
    if (found == null) {
      return new OffsetLookup(ErrorCode.NONE, -1, -1, -1);
    }
    boolean isEarliest =
        timestamp == PartitionLog.EARLIEST_TIMESTAMP || timestamp == EARLIEST_LOCAL_TIMESTAMP;
    if (found.offset() < end || isEarliest) {
      return new OffsetLookup(
          ErrorCode.NONE, found.timestamp(), found.offset(), found.leaderEpoch());
    }
    return endIsSettled
        ? new OffsetLookup(ErrorCode.NONE, -1, -1, -1)
        : OffsetLookup.failed(ErrorCode.OFFSET_NOT_AVAILABLE);
  }
}
