package io.millrace.metadata.controller;

import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.ClusterImage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * Spreads replicas over the active brokers that have a disk for them: leaders go round all brokers,
 * the followers of one broker's partitions go round the others, and the replicas of one partition
 * stand in different racks while there are any left. Pure but for the seed.
 */
final class ReplicaPlacer {

  private final List<BrokerImage> order;
  private final int start;

  ReplicaPlacer(ClusterImage cluster, SplittableRandom random) {
    order = alternatingRacks(cluster);
    start = order.isEmpty() ? 0 : random.nextInt(order.size());
  }

  /** How many brokers there are to place on. */
  int brokers() {
    return order.size();
  }

  /**
   * The brokers of one partition, the preferred leader first.
   *
   * @param replicationFactor 1 to {@link #brokers}
   */
  List<Integer> place(int partition, int replicationFactor) {
    int count = order.size();
    int first = (start + partition) % count;
    // After each full round of leaders the followers begin one further, so that two brokers do not
    // share all partitions.
    int shift = count > 1 ? (partition / count) % (count - 1) : 0;
    List<Integer> replicas = new ArrayList<>(replicationFactor);
    Set<String> racks = new HashSet<>();
    replicas.add(order.get(first).id());
    racks.add(rack(order.get(first)));
    for (boolean otherRackOnly : new boolean[] {true, false}) {
      for (int i = 0; i < count - 1 && replicas.size() < replicationFactor; i++) {
        BrokerImage broker = order.get((first + 1 + (shift + i) % (count - 1)) % count);
        if (!replicas.contains(broker.id()) && (racks.add(rack(broker)) || !otherRackOnly)) {
          replicas.add(broker.id());
        }
      }
    }
    return replicas;
  }

  private static List<BrokerImage> alternatingRacks(ClusterImage cluster) {
    Map<String, Deque<BrokerImage>> byRack = new TreeMap<>();
    for (BrokerImage broker : cluster.brokers().values()) {
      if (broker.takesReplicas()) {
        byRack.computeIfAbsent(rack(broker), rack -> new ArrayDeque<>()).add(broker);
      }
    }
    List<BrokerImage> order = new ArrayList<>();
    while (!byRack.isEmpty()) {
      byRack.values().removeIf(Deque::isEmpty);
      byRack.values().forEach(rack -> order.add(rack.remove()));
    }
    return order;
  }

  private static String rack(BrokerImage broker) {
    return broker.rack() == null ? "" : broker.rack();
  }
}
