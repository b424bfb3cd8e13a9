package io.millrace.tools.groups;

import io.millrace.client.TopicPartition;
import java.util.Map;

/** Where a group is to go on in a partition. Pure; the result may lie outside of the log. */
@FunctionalInterface
public interface ResetRule {

  /**
   * The wanted offset.
   *
   * @throws IllegalArgumentException when there is none, with the reason
   */
  long target(PartitionOffsets now);

  /** The first record of the log. */
  static ResetRule toEarliest() {
    return PartitionOffsets::start;
  }

  /** Behind the last record of the log. */
  static ResetRule toLatest() {
    return PartitionOffsets::end;
  }

  /** The same offset everywhere. */
  static ResetRule toOffset(long offset) {
    if (offset < 0) {
      throw new IllegalArgumentException("--to-offset is " + offset + ", expected 0 or more");
    }
    return now -> offset;
  }

  /** So many records on, or back if negative. */
  static ResetRule shiftBy(long records) {
    return now -> {
      Long committed = now.committed();
      if (committed == null) {
        throw new IllegalArgumentException(
            "--shift-by needs a committed offset, and "
                + now.partition()
                + " has none; leave it out, or use --to-earliest or --to-latest for it");
      }
      // An absurd shift means the end of the log in its direction.
      long target = committed + records;
      boolean overflows = ((committed ^ target) & (records ^ target)) < 0;
      return overflows ? (records > 0 ? Long.MAX_VALUE : -1) : target;
    };
  }

  /** Where it is; at the end where nothing is committed. */
  static ResetRule toCurrent() {
    return now -> {
      Long committed = now.committed();
      return committed == null ? now.end() : committed;
    };
  }

  /** The offsets found for a point in time; at the end where no record is so young. */
  static ResetRule toTime(Map<TopicPartition, Long> found) {
    Map<TopicPartition, Long> offsets = Map.copyOf(found);
    return now -> {
      long offset = offsets.getOrDefault(now.partition(), -1L);
      return offset < 0 ? now.end() : offset;
    };
  }

  /** The offsets of a file, which must name the partition. */
  static ResetRule toOffsets(Map<TopicPartition, Long> offsets) {
    Map<TopicPartition, Long> wanted = Map.copyOf(offsets);
    return now -> {
      Long offset = wanted.get(now.partition());
      if (offset == null) {
        throw new IllegalArgumentException("the file does not name " + now.partition());
      }
      return offset;
    };
  }
}
