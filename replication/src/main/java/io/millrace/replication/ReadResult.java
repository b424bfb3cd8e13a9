package io.millrace.replication;

import io.millrace.log.EpochEnd;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.Records;
import org.jspecify.annotations.Nullable;

/**
 * The answer to one partition of a fetch. Whoever gets it releases the records.
 *
 * @param records whole batches; the first may begin below the asked offset
 * @param readableEnd the end that the reader's isolation allowed when this was read; hand it to
 *     {@link ReplicatedPartition#awaitData}
 * @param highWatermark -1 on an error
 * @param lastStableOffset -1 on an error
 * @param logStartOffset -1 on an error, except {@code OFFSET_OUT_OF_RANGE}
 * @param diverging where the reader's history leaves the leader's, null when it does not
 * @param leaderId as known here, -1 for none; worth sending with errors of leadership
 * @param leaderEpoch as known here, -1 for none
 */
public record ReadResult(
    ErrorCode error,
    Records records,
    long readableEnd,
    long highWatermark,
    long lastStableOffset,
    long logStartOffset,
    @Nullable EpochEnd diverging,
    int leaderId,
    int leaderEpoch) {

  static ReadResult failed(ErrorCode error, int leaderId, int leaderEpoch) {
    return new ReadResult(error, MemoryRecords.EMPTY, -1, -1, -1, -1, null, leaderId, leaderEpoch);
  }
}
