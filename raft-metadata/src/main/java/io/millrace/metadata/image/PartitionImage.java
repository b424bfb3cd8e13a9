package io.millrace.metadata.image;

import java.util.HashSet;
import java.util.List;

/**
 * The state of one partition that the controller decides.
 *
 * @param partition the index, from 0
 * @param replicas the brokers that hold it, the preferred leader first; while it is moved, the old
 *     and the new ones
 * @param isr the in-sync replicas: never empty, a subset of the replicas
 * @param leader a member of the ISR, or {@link #NO_LEADER}
 * @param leaderEpoch grows by one with each change of the leader
 * @param partitionEpoch grows by one with each change of anything here
 */
public record PartitionImage(
    int partition,
    List<Integer> replicas,
    List<Integer> isr,
    int leader,
    int leaderEpoch,
    int partitionEpoch) {

  public static final int NO_LEADER = -1;

  public PartitionImage {
    replicas = List.copyOf(replicas);
    isr = List.copyOf(isr);
    if (partition < 0 || leaderEpoch < 0 || partitionEpoch < 0) {
      throw new IllegalArgumentException(
          "negative number in partition="
              + partition
              + " leaderEpoch="
              + leaderEpoch
              + " partitionEpoch="
              + partitionEpoch);
    }
    if (replicas.isEmpty() || new HashSet<>(replicas).size() != replicas.size()) {
      throw new IllegalArgumentException("partition " + partition + " has replicas " + replicas);
    }
    if (isr.isEmpty() || !replicas.containsAll(isr)) {
      throw new IllegalArgumentException(
          "partition " + partition + " has ISR " + isr + " of replicas " + replicas);
    }
    if (leader != NO_LEADER && !isr.contains(leader)) {
      throw new IllegalArgumentException(
          "partition " + partition + " has leader " + leader + " outside its ISR " + isr);
    }
  }

  public boolean hasLeader() {
    return leader != NO_LEADER;
  }

  /** The replica that leads when all are in sync. */
  public int preferredLeader() {
    return replicas.get(0);
  }

  /**
   * The next state: partition epoch +1, leader epoch +1 when the leader differs.
   *
   * @param newLeader the leader, or {@link #NO_LEADER}
   * @param newIsr the in-sync replicas
   */
  public PartitionImage next(int newLeader, List<Integer> newIsr) {
    return new PartitionImage(
        partition,
        replicas,
        newIsr,
        newLeader,
        newLeader == leader ? leaderEpoch : leaderEpoch + 1,
        partitionEpoch + 1);
  }
}
