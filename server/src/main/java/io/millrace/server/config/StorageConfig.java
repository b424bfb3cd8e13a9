package io.millrace.server.config;

import java.nio.file.Path;
import java.util.List;

/** Where this node keeps its bytes. */
public record StorageConfig(List<Path> logDirs, Path metadataDir, long retentionCheckIntervalMs) {

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

  public StorageConfig {
    logDirs = List.copyOf(logDirs);
  }

  static List<ConfigKey<?>> keys() {
    return List.of(LOG_DIRS, LOG_DIR, METADATA_DIR, RETENTION_CHECK);
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
    return new StorageConfig(logDirs, metadata, values.get(RETENTION_CHECK));
  }
}
