package io.millrace.log;

/**
 * A node's settings for compaction, named as in Kafka.
 *
 * @param threads {@code log.cleaner.threads}
 * @param dedupeBufferBytes {@code log.cleaner.dedupe.buffer.size}: what all cleanings at one time
 *     may hold of keys; a log with more is cleaned piece by piece
 * @param ioMaxBytesPerSecond {@code log.cleaner.io.max.bytes.per.second}: read and written, by all
 *     cleanings together
 * @param backoffMs {@code log.cleaner.backoff.ms}: how long to wait when there is nothing to clean
 */
public record CleanerConfig(
    int threads, long dedupeBufferBytes, double ioMaxBytesPerSecond, long backoffMs) {

  public static final CleanerConfig DEFAULT =
      new CleanerConfig(1, 128L << 20, Double.MAX_VALUE, 15_000);

  public CleanerConfig {
    LogConfig.require(threads >= 1, "log.cleaner.threads", threads, "at least 1");
    LogConfig.require(
        dedupeBufferBytes / threads >= 1024,
        "log.cleaner.dedupe.buffer.size",
        dedupeBufferBytes,
        "at least 1024 for each of " + threads + " threads");
    LogConfig.require(
        ioMaxBytesPerSecond > 0,
        "log.cleaner.io.max.bytes.per.second",
        ioMaxBytesPerSecond,
        "more than 0");
    LogConfig.require(backoffMs >= 1, "log.cleaner.backoff.ms", backoffMs, "at least 1");
  }
}
