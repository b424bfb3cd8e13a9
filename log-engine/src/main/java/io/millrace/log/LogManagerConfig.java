package io.millrace.log;

/**
 * A node's settings for its logs.
 *
 * @param defaults what topics inherit
 * @param tailCacheBytes how much of the newest bytes of all logs of one directory is kept in memory
 *     for readers; at the limit the oldest part is let go
 * @param producerIdExpirationMs {@code producer.id.expiration.ms}: how long an idle idempotent
 *     producer is remembered
 * @param retentionCheckIntervalMs {@code log.retention.check.interval.ms}
 * @param checkpointIntervalMs how often recovery points and high watermarks are written down
 * @param cleaner limits of compaction
 */
public record LogManagerConfig(
    LogConfig defaults,
    long tailCacheBytes,
    long producerIdExpirationMs,
    long retentionCheckIntervalMs,
    long checkpointIntervalMs,
    CleanerConfig cleaner) {

  public static final LogManagerConfig DEFAULT =
      new LogManagerConfig(
          LogConfig.DEFAULT, 64L << 20, 86_400_000L, 300_000L, 5_000L, CleanerConfig.DEFAULT);

  public LogManagerConfig {
    if (tailCacheBytes < 0
        || producerIdExpirationMs < 1
        || retentionCheckIntervalMs < 1
        || checkpointIntervalMs < 1) {
      throw new IllegalArgumentException(
          "tailCacheBytes="
              + tailCacheBytes
              + " must not be negative, producerIdExpirationMs="
              + producerIdExpirationMs
              + " retentionCheckIntervalMs="
              + retentionCheckIntervalMs
              + " checkpointIntervalMs="
              + checkpointIntervalMs
              + " must be positive");
    }
  }

  /** Settings with the default limits of compaction. */
  public LogManagerConfig(
      LogConfig defaults,
      long tailCacheBytes,
      long producerIdExpirationMs,
      long retentionCheckIntervalMs,
      long checkpointIntervalMs) {
    this(
        defaults,
        tailCacheBytes,
        producerIdExpirationMs,
        retentionCheckIntervalMs,
        checkpointIntervalMs,
        CleanerConfig.DEFAULT);
  }

  public LogManagerConfig withCleaner(CleanerConfig newCleaner) {
    return new LogManagerConfig(
        defaults,
        tailCacheBytes,
        producerIdExpirationMs,
        retentionCheckIntervalMs,
        checkpointIntervalMs,
        newCleaner);
  }

  public LogManagerConfig withDefaults(LogConfig newDefaults) {
    return new LogManagerConfig(
        newDefaults,
        tailCacheBytes,
        producerIdExpirationMs,
        retentionCheckIntervalMs,
        checkpointIntervalMs,
        cleaner);
  }
}
