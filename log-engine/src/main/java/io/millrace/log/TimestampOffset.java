package io.millrace.log;

/**
 * A record found by its time.
 *
 * @param timestamp the record's own, or -1 when the question was for an end of the log
 * @param leaderEpoch of the batch that holds it, or -1
 */
public record TimestampOffset(long timestamp, long offset, int leaderEpoch) {}
