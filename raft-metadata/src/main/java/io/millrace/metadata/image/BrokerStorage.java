package io.millrace.metadata.image;

import io.millrace.protocol.Uuid;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How a broker's disks are, as it reported last; all is well until it says otherwise. The broker
 * names the replicas that it cannot serve, not where each one lies: that is its own business
 * (KIP-858 has every broker tell the directory of every replica, to reach the same end).
 *
 * @param anyGood whether a new replica can be placed
 * @param failedDirectories how many directories are out of service
 * @param offlineReplicas indexes of the replicas out of service, ascending, by topic id
 */
public record BrokerStorage(
    boolean anyGood, int failedDirectories, Map<Uuid, List<Integer>> offlineReplicas) {

  public static final BrokerStorage WELL = new BrokerStorage(true, 0, Map.of());

  public BrokerStorage {
    if (failedDirectories < 0) {
      throw new IllegalArgumentException("failedDirectories=" + failedDirectories + " is negative");
    }
    Map<Uuid, List<Integer>> sorted = new TreeMap<>();
    offlineReplicas.forEach(
        (topic, partitions) -> {
          if (!partitions.isEmpty()) {
            sorted.put(topic, partitions.stream().sorted().distinct().toList());
          }
        });
    offlineReplicas = Map.copyOf(sorted);
  }

  public boolean isOffline(Uuid topicId, int partition) {
    List<Integer> partitions = offlineReplicas.get(topicId);
    return partitions != null && partitions.contains(partition);
  }
}
