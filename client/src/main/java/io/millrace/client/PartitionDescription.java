package io.millrace.client;

import java.util.List;

/**
 * Where a partition lives.
 *
 * @param leader id of the broker that leads, -1 when none does
 * @param leaderEpoch rises with each leader; -1 when the broker is too old to say
 * @param replicas all that shall have a copy, the preferred leader first
 * @param inSyncReplicas those that have every acknowledged record
 * @param offlineReplicas those that do not run
 */
public record PartitionDescription(
    int partition,
    int leader,
    int leaderEpoch,
    List<Integer> replicas,
    List<Integer> inSyncReplicas,
    List<Integer> offlineReplicas) {

  public PartitionDescription {
    replicas = List.copyOf(replicas);
    inSyncReplicas = List.copyOf(inSyncReplicas);
    offlineReplicas = List.copyOf(offlineReplicas);
  }

  public boolean hasLeader() {
    return leader >= 0;
  }

  public boolean isUnderReplicated() {
    return inSyncReplicas.size() < replicas.size();
  }
}
