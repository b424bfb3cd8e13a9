package io.millrace.replication.follower;

import io.millrace.log.EpochEnd;
import io.millrace.protocol.record.MemoryRecords;
import org.jspecify.annotations.Nullable;

/**
 * What a leader answered for one partition, other than an error.
 *
 * @param position where the follower was when it asked
 * @param records validated batches that continue the follower's log; the taker releases them
 * @param diverging set when the follower's log leaves the leader's; then there are no records
 * @param outOfRange whether the leader no longer has the asked offset: the follower starts anew at
 *     the leader's log start
 */
public record FetchedData(
    FetchPosition position,
    MemoryRecords records,
    long highWatermark,
    long logStartOffset,
    @Nullable EpochEnd diverging,
    boolean outOfRange) {

  /** Whether the follower has nothing to do with it and can ask on from where it is. */
  boolean isNoNews() {
    return diverging == null
        && !outOfRange
        && records.sizeInBytes() == 0
        && highWatermark <= position.highWatermark()
        && logStartOffset <= position.logStartOffset();
  }
}
