package io.millrace.tools.groups;

import io.millrace.client.TopicPartition;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What will happen to a group's offset in a partition.
 *
 * @param from null when nothing is committed
 * @param to within the log, whatever was wished
 * @param note why it is not what was wished; empty when it is
 */
public record PlannedReset(TopicPartition partition, @Nullable Long from, long to, String note) {

  /** Applies a rule to partitions; keeps to what each log has. */
  public static List<PlannedReset> plan(ResetRule rule, List<PartitionOffsets> partitions) {
    return partitions.stream().map(partition -> plan(rule, partition)).toList();
  }

  private static PlannedReset plan(ResetRule rule, PartitionOffsets now) {
    long wanted = rule.target(now);
    long to = Math.max(now.start(), Math.min(now.end(), wanted));
    String note = "";
    if (to > wanted) {
      note = wanted < 0 ? "the log starts here" : "the log starts here, " + wanted + " is gone";
    } else if (to < wanted) {
      note = wanted == Long.MAX_VALUE ? "the log ends here" : "the log ends here, not " + wanted;
    }
    return new PlannedReset(now.partition(), now.committed(), to, note);
  }

  /** Whether the offset moves. */
  public boolean isChange() {
    return from == null || from != to;
  }

  /** How far, in words of an operator: {@code +5}, {@code -3}, {@code 0}, or {@code new}. */
  public String difference() {
    if (from == null) {
      return "new";
    }
    long by = to - from;
    return by > 0 ? "+" + by : Long.toString(by);
  }
}
