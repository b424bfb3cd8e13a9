package io.millrace.client.cluster;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import java.util.ArrayList;
import java.util.List;

/**
 * A topic as the last answer had it.
 *
 * @param error why it cannot be used, or NONE
 * @param partitions by number, without gaps
 */
public record TopicView(
    String name, Uuid id, boolean internal, ErrorCode error, List<PartitionView> partitions) {

  /** No leader is known. */
  public static final int NO_LEADER = -1;

  public TopicView {
    partitions = List.copyOf(partitions);
  }

  /** Who leads a partition. */
  public record PartitionView(
      int partition,
      ErrorCode error,
      int leader,
      int leaderEpoch,
      List<Integer> replicas,
      List<Integer> inSync,
      List<Integer> offline) {

    public PartitionView {
      replicas = List.copyOf(replicas);
      inSync = List.copyOf(inSync);
      offline = List.copyOf(offline);
    }
  }

  public int partitionCount() {
    return partitions.size();
  }

  public boolean isUsable() {
    return error == ErrorCode.NONE && !partitions.isEmpty();
  }

  /**
   * This answer, but with the earlier one's leaders where this one is older: brokers learn of a new
   * leader at different moments, and the epoch says who is behind.
   */
  TopicView mergedOver(TopicView earlier) {
    if (!isUsable() || !earlier.isUsable() || !id.equals(earlier.id)) {
      return this;
    }
    List<PartitionView> merged = new ArrayList<>(partitions.size());
    for (PartitionView now : partitions) {
      boolean isBehind =
          now.partition() < earlier.partitionCount()
              && earlier.partitions.get(now.partition()).leaderEpoch() > now.leaderEpoch();
      merged.add(isBehind ? earlier.partitions.get(now.partition()) : now);
    }
    return new TopicView(name, id, internal, error, merged);
  }
}
