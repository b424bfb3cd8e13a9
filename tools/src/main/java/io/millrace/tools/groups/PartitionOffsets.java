package io.millrace.tools.groups;

import io.millrace.client.TopicPartition;
import org.jspecify.annotations.Nullable;

/**
 * Where a group stands in a partition.
 *
 * @param committed null when nothing is committed
 * @param start the first offset that the log still has
 * @param end where the next record will be
 */
public record PartitionOffsets(
    TopicPartition partition, @Nullable Long committed, long start, long end) {

  public PartitionOffsets {
    if (start > end) {
      throw new IllegalArgumentException(
          partition + " starts at " + start + ", behind its end " + end);
    }
  }

  /**
   * How many records are behind the commit, as Kafka counts them: also those that retention has
   * taken since, and 0 when the log ends before the commit.
   */
  public @Nullable Long lag() {
    return committed == null ? null : Math.max(0, end - committed);
  }

  /** Records that were never read and that the log does not have any more. */
  public long lost() {
    return committed == null ? 0 : Math.max(0, Math.min(start, end) - committed);
  }

  /** The first offset that is still to be read; null when nothing is committed. */
  public @Nullable Long firstUnread() {
    return committed == null ? null : Math.max(committed, start);
  }
}
