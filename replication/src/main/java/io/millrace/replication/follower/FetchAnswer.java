package io.millrace.replication.follower;

import io.millrace.log.EpochEnd;
import io.millrace.log.TopicPartitionId;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.FetchResponse.PartitionData;
import io.millrace.protocol.record.BatchValidation;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.RecordBatchValidator;
import io.millrace.protocol.record.Records;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads what a leader answered for one partition. Nothing of it is believed unseen: records whose
 * checksums are wrong never reach a log. Records that are not handed on are released here.
 */
final class FetchAnswer {

  private static final Logger LOG = LoggerFactory.getLogger(FetchAnswer.class);

  private FetchAnswer() {}

  /**
   * What the follower can do something with; null for an error, and for data that must not be used.
   *
   * @param asked where the follower was when it asked
   */
  static @Nullable FetchedData read(
      int leaderId, TopicPartitionId id, FetchPosition asked, PartitionData data) {
    ErrorCode error = ErrorCode.forCode(data.errorCode());
    if (error == ErrorCode.NONE) {
      return readData(leaderId, id, asked, data);
    }
    release(data.records());
    if (error == ErrorCode.OFFSET_OUT_OF_RANGE && data.logStartOffset() >= 0) {
      return new FetchedData(asked, MemoryRecords.EMPTY, -1, data.logStartOffset(), null, true);
    }
    // Errors of leadership end with the next image; the others may pass.
    LOG.debug("refused by leader={} partition={} error={}", leaderId, id, error);
    return null;
  }

  private static @Nullable FetchedData readData(
      int leaderId, TopicPartitionId id, FetchPosition asked, PartitionData data) {
    Records records = data.records() == null ? MemoryRecords.EMPTY : data.records();
    if (data.divergingEpoch().epoch() >= 0) {
      release(records);
      EpochEnd diverging =
          new EpochEnd(data.divergingEpoch().epoch(), data.divergingEpoch().endOffset());
      return new FetchedData(asked, MemoryRecords.EMPTY, -1, -1, diverging, false);
    }
    if (!(records instanceof MemoryRecords memory)) {
      release(records);
      return null;
    }
    String problem = problemWith(memory);
    if (problem != null) {
      LOG.warn(
          "records of the leader are damaged leader={} partition={} offset={} problem={}",
          leaderId,
          id,
          asked.fetchOffset(),
          problem);
      memory.release();
      return null;
    }
    return new FetchedData(asked, memory, data.highWatermark(), data.logStartOffset(), null, false);
  }

  private static @Nullable String problemWith(MemoryRecords records) {
    return records.sizeInBytes() > 0
            && RecordBatchValidator.validateReplicated(records)
                instanceof BatchValidation.Invalid invalid
        ? invalid.toString()
        : null;
  }

  static void release(@Nullable Records records) {
    if (records != null) {
      records.release();
    }
  }
}
