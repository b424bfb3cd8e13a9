package io.millrace.log;

/**
 * How a compacted topic's logs are cleaned, named as in Kafka.
 *
 * @param enabled whether {@code cleanup.policy} names {@code compact}
 * @param minDirtyRatio {@code min.cleanable.dirty.ratio}: a log is cleaned when at least this part
 *     of its bytes was written since the last cleaning
 * @param deleteRetentionMs {@code delete.retention.ms}: how long a tombstone stays once everything
 *     older of its key is gone, so that a reader that is behind sees it
 * @param minLagMs {@code min.compaction.lag.ms}: younger records are left alone
 * @param maxLagMs {@code max.compaction.lag.ms}: a log whose oldest uncleaned record is older is
 *     cleaned whatever the ratio
 */
public record CompactionConfig(
    boolean enabled, double minDirtyRatio, long deleteRetentionMs, long minLagMs, long maxLagMs) {

  /** Kafka's defaults; not compacted. */
  public static final CompactionConfig DISABLED =
      new CompactionConfig(false, 0.5, 86_400_000L, 0, Long.MAX_VALUE);

  public CompactionConfig {
    LogConfig.require(
        minDirtyRatio >= 0 && minDirtyRatio <= 1,
        "min.cleanable.dirty.ratio",
        minDirtyRatio,
        "0 to 1");
    LogConfig.require(
        deleteRetentionMs >= 0, "delete.retention.ms", deleteRetentionMs, "at least 0");
    LogConfig.require(minLagMs >= 0, "min.compaction.lag.ms", minLagMs, "at least 0");
    LogConfig.require(maxLagMs >= 1, "max.compaction.lag.ms", maxLagMs, "at least 1");
  }

  public CompactionConfig enabled(boolean compact) {
    return new CompactionConfig(compact, minDirtyRatio, deleteRetentionMs, minLagMs, maxLagMs);
  }
}
