package io.millrace.server.config;

import io.millrace.log.CleanerConfig;
import java.nio.file.Path;
import java.util.List;

/** Where this node keeps its bytes. */
public record StorageConfig(
    List<Path> logDirs,
    Path metadataDir,
    long retentionCheckIntervalMs,
    boolean cleanerEnabled,
    CleanerConfig cleaner) {

  private static final long MIN_BUFFER_PER_THREAD = 1 << 20;

  static final ConfigKey<List<String>> LOG_DIRS =
      ConfigKey.list(
          "log.dirs",
          "",
          "a comma-separated list of directories",
          "Directories for the partitions' logs; log.dir, else ./data, when not set.");
  static final ConfigKey<String> LOG_DIR =
      ConfigKey.text(
          "log.dir",
          "data",
          "a directory",
          "The one directory for logs, when log.dirs is not set.");
  static final ConfigKey<String> METADATA_DIR =
      ConfigKey.text(
          "metadata.log.dir",
          "",
          "a directory",
          "Directory for the metadata quorum's log; the first of log.dirs when not set.");
  static final ConfigKey<Long> RETENTION_CHECK =
      ConfigKey.bigInteger(
          "log.retention.check.interval.ms",
          300_000,
          1,
          Long.MAX_VALUE,
          "Time between two looks for segments that retention lets go.");
  static final ConfigKey<Boolean> CLEANER_ENABLE =
      ConfigKey.bool(
          "log.cleaner.enable",
          true,
          "Compacts the logs of topics that ask for it; false leaves them to grow.");
  static final ConfigKey<Integer> CLEANER_THREADS =
      ConfigKey.integer(
          "log.cleaner.threads", 1, 1, 64, "Threads that compact logs, for all directories.");
  static final ConfigKey<Long> CLEANER_DEDUPE_BUFFER =
      ConfigKey.bigInteger(
          "log.cleaner.dedupe.buffer.size",
          128L << 20,
          1 << 20,
          16L << 30,
          "Memory for keys while logs are compacted, all threads together; taken as far as needed.");
  static final ConfigKey<Double> CLEANER_IO_MAX =
      ConfigKey.fraction(
          "log.cleaner.io.max.bytes.per.second",
          Double.MAX_VALUE,
          1,
          Double.MAX_VALUE,
          "Bytes that compaction may read and write a second.");
  static final ConfigKey<Long> CLEANER_BACKOFF =
      ConfigKey.bigInteger(
          "log.cleaner.backoff.ms",
          15_000,
          1,
          Long.MAX_VALUE,
          "Time until the next look when no log needs compaction.");

  public StorageConfig {
    logDirs = List.copyOf(logDirs);
  }

  static List<ConfigKey<?>> keys() {
    return List.of(
        LOG_DIRS,
        LOG_DIR,
        METADATA_DIR,
        RETENTION_CHECK,
        CLEANER_ENABLE,
        CLEANER_THREADS,
        CLEANER_DEDUPE_BUFFER,
        CLEANER_IO_MAX,
        CLEANER_BACKOFF);
  }

  static StorageConfig from(ConfigValues values) {
    List<String> dirs = values.get(LOG_DIRS);
    if (dirs.isEmpty()) {
      dirs = List.of(values.get(LOG_DIR));
    }
    List<Path> logDirs =
        dirs.stream().map(Path::of).map(path -> path.toAbsolutePath().normalize()).toList();
    if (logDirs.stream().distinct().count() != logDirs.size()) {
      throw ConfigValues.bad(LOG_DIRS, String.join(",", dirs), "each directory once");
    }
    String metadataDir = values.get(METADATA_DIR);
    Path metadata =
        metadataDir.isEmpty() ? logDirs.get(0) : Path.of(metadataDir).toAbsolutePath().normalize();
    return new StorageConfig(
        logDirs,
        metadata,
        values.get(RETENTION_CHECK),
        values.get(CLEANER_ENABLE),
        cleaner(values));
  }

  private static CleanerConfig cleaner(ConfigValues values) {
    long buffer = values.get(CLEANER_DEDUPE_BUFFER);
    int threads = values.get(CLEANER_THREADS);
    if (buffer / threads < MIN_BUFFER_PER_THREAD) {
      throw ConfigValues.bad(
          CLEANER_DEDUPE_BUFFER,
          Long.toString(buffer),
          "at least "
              + MIN_BUFFER_PER_THREAD
              + " for each of "
              + threads
              + " threads of log.cleaner.threads");
    }
    return new CleanerConfig(
        threads, buffer, values.get(CLEANER_IO_MAX), values.get(CLEANER_BACKOFF));
  }
}
