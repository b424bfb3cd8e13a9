package io.millrace.log;

import io.millrace.log.storage.AtomicFile;
import io.millrace.log.storage.LogStorage;
import java.io.IOException;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What lies under the name of a partition's directory, and so whose it is. A log directory may be
 * shared, and {@code data/node-1} or {@code photos-0} looks like a partition from outside. Ours is
 * what has our {@link PartitionMetadata#FILE}, which is written first of all, and nothing that a
 * log has not; the rest is never removed.
 */
enum Occupant {
  /** The name is free. */
  NOBODY,

  /** An empty directory: somebody's, or a log's whose files a loss of power took. */
  EMPTY,

  /** A log's files and nothing else. */
  LOG,

  /** Nothing but a log's files, without the one that says whose: an old Kafka's, for one. */
  UNMARKED,

  /** What a log has not: somebody's data. */
  FOREIGN;

  /** Twenty digits, and suffixes of {@link io.millrace.log.segment.SegmentFiles}, one or two. */
  private static final Pattern SEGMENT_FILE = Pattern.compile("\\d{20}(\\.[a-z]+){1,3}");

  static Occupant of(LogStorage storage, String name) throws IOException {
    if (!storage.exists(name)) {
      return NOBODY;
    }
    if (!storage.isDirectory(name)) {
      return FOREIGN;
    }
    List<String> files = storage.list(name);
    if (files.isEmpty()) {
      return EMPTY;
    }
    if (!files.stream().allMatch(Occupant::isOfALog)) {
      return FOREIGN;
    }
    return files.contains(PartitionMetadata.FILE) ? LOG : UNMARKED;
  }

  private static boolean isOfALog(String file) {
    return file.equals(PartitionMetadata.FILE)
        || file.equals(FlushUnit.EPOCHS_FILE)
        || file.equals(FlushUnit.EPOCHS_FILE + AtomicFile.TEMPORARY_SUFFIX)
        || SEGMENT_FILE.matcher(file).matches();
  }
}
