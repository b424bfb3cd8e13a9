package io.millrace.log;

/**
 * How compaction is doing on a node, for an operator.
 *
 * @param cleanings finished since the start
 * @param bytesRead by cleanings since the start
 * @param bytesWritten into new segments since the start
 * @param lastBytesPerSecond read by the last finished cleaning
 * @param maxDirtyRatio of the dirtiest log when somebody looked last, 0 to 1
 * @param lastRunMs wall time when a cleaning last ended, -1 when none did
 * @param uncleanablePartitions logs that cannot be cleaned for now; the log file says why
 */
public record CleanerStats(
    long cleanings,
    long bytesRead,
    long bytesWritten,
    long lastBytesPerSecond,
    double maxDirtyRatio,
    long lastRunMs,
    int uncleanablePartitions) {

  static final CleanerStats NONE = new CleanerStats(0, 0, 0, 0, 0, -1, 0);

  CleanerStats with(CleanerStats other) {
    return new CleanerStats(
        cleanings + other.cleanings,
        bytesRead + other.bytesRead,
        bytesWritten + other.bytesWritten,
        Math.max(lastBytesPerSecond, other.lastBytesPerSecond),
        Math.max(maxDirtyRatio, other.maxDirtyRatio),
        Math.max(lastRunMs, other.lastRunMs),
        uncleanablePartitions + other.uncleanablePartitions);
  }
}
