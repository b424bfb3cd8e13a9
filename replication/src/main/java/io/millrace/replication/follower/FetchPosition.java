package io.millrace.replication.follower;

/**
 * Where a follower reads on. Everything below the offset is on its disk: that is what the leader
 * takes from it.
 *
 * @param lastFetchedEpoch the epoch of the last record below the offset, -1 when the log is empty
 * @param highWatermark as the follower knows it; news for it only when the leader's is higher
 */
public record FetchPosition(
    long fetchOffset, int lastFetchedEpoch, long logStartOffset, long highWatermark) {}
