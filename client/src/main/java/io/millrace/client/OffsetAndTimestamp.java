package io.millrace.client;

/**
 * A place in a partition.
 *
 * @param timestamp of the record there, or -1 where it is not known, as at the end of the log
 * @param leaderEpoch of the record there, or -1
 */
public record OffsetAndTimestamp(long offset, long timestamp, int leaderEpoch) {}
