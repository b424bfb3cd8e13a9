package io.millrace.client;

import java.util.List;
import java.util.Map;

/**
 * A topic to create.
 *
 * @param partitions how many; {@link #BROKER_DEFAULT} leaves it to the cluster
 * @param replicationFactor copies of each; {@link #BROKER_DEFAULT} leaves it to the cluster
 * @param assignments brokers by partition, the preferred leader first; empty leaves it to the
 *     cluster, and otherwise both numbers must be left to it
 * @param configs topic configs by Kafka's names
 */
public record NewTopic(
    String name,
    int partitions,
    int replicationFactor,
    Map<Integer, List<Integer>> assignments,
    Map<String, String> configs) {

  /** The cluster's default. */
  public static final int BROKER_DEFAULT = -1;

  public NewTopic {
    assignments = Map.copyOf(assignments);
    configs = Map.copyOf(configs);
    if (!assignments.isEmpty()
        && (partitions != BROKER_DEFAULT || replicationFactor != BROKER_DEFAULT)) {
      throw new IllegalArgumentException(
          "topic '" + name + "': give assignments or numbers of partitions and replicas, not both");
    }
  }

  /** With the cluster's defaults. */
  public static NewTopic of(String name) {
    return of(name, BROKER_DEFAULT, BROKER_DEFAULT);
  }

  public static NewTopic of(String name, int partitions, int replicationFactor) {
    return new NewTopic(name, partitions, replicationFactor, Map.of(), Map.of());
  }

  /** On these brokers. */
  public static NewTopic of(String name, Map<Integer, List<Integer>> assignments) {
    return new NewTopic(name, BROKER_DEFAULT, BROKER_DEFAULT, assignments, Map.of());
  }

  /** The same topic with these configs. */
  public NewTopic withConfigs(Map<String, String> chosen) {
    return new NewTopic(name, partitions, replicationFactor, assignments, chosen);
  }
}
