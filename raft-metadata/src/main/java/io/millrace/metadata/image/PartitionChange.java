package io.millrace.metadata.image;

import io.millrace.protocol.Uuid;
import org.jspecify.annotations.Nullable;

/**
 * One partition that differs between two images.
 *
 * @param before null when the partition is new
 * @param after null when the partition is gone, with its topic
 */
public record PartitionChange(
    Uuid topicId,
    String topic,
    int partition,
    @Nullable PartitionImage before,
    @Nullable PartitionImage after) {

  /** Whether the leader or its epoch differs; true too for a new partition with a leader. */
  public boolean isLeadershipChange() {
    if (before == null || after == null) {
      return true;
    }
    return before.leaderEpoch() != after.leaderEpoch() || before.leader() != after.leader();
  }

  /** Whether the broker holds a replica of the partition before the change. */
  public boolean wasOn(int broker) {
    return before != null && before.replicas().contains(broker);
  }

  /** Whether the broker holds a replica of the partition after the change. */
  public boolean isOn(int broker) {
    return after != null && after.replicas().contains(broker);
  }
}
