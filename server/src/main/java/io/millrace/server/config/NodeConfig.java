package io.millrace.server.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;

/**
 * All that a node is told, a record per subject. Immutable.
 *
 * @param topicConfigDefaults node-wide defaults of topic configs, under the topics' names
 * @param notImplemented Kafka's keys that the file has and this node does not heed
 * @param given the file as it was, for DescribeConfigs
 */
public record NodeConfig(
    QuorumConfig quorum,
    ListenerConfig listeners,
    NetworkConfig network,
    StorageConfig storage,
    ReplicationConfig replication,
    TopicDefaults topics,
    GroupsConfig groups,
    Map<String, String> topicConfigDefaults,
    Set<String> notImplemented,
    Map<String, String> given) {

  public NodeConfig {
    topicConfigDefaults = Map.copyOf(topicConfigDefaults);
    given = Map.copyOf(given);
  }

  /** A single node with defaults: broker and voter, clients on port 9092, data in ./data. */
  public static NodeConfig defaults() {
    return from(new Properties());
  }

  /**
   * Reads a configuration by Kafka's key names.
   *
   * @throws ConfigException for a key nobody knows or a value out of range
   */
  public static NodeConfig from(Properties properties) {
    Map<String, String> given = new LinkedHashMap<>();
    for (String name : properties.stringPropertyNames()) {
      // Kafka's old name of the same thing.
      String ours = name.equals("broker.id") ? "node.id" : name;
      given.put(ours, properties.getProperty(name).trim());
    }
    Set<String> notImplemented = sortOutForeignKeys(given.keySet());
    ConfigValues values = new ConfigValues(given);
    for (ConfigKey<?> key : keys()) {
      values.refuseEmpty(key);
      values.get(key); // A bad value is refused even where another key takes precedence.
    }
    return new NodeConfig(
        QuorumConfig.from(values),
        ListenerConfig.from(values),
        NetworkConfig.from(values),
        StorageConfig.from(values),
        ReplicationConfig.from(values),
        TopicDefaults.from(values),
        GroupsConfig.from(values),
        TopicConfigs.nodeDefaults(values),
        notImplemented,
        given);
  }

  /** Every key that has an effect, for help and reference. */
  public static List<ConfigKey<?>> keys() {
    List<ConfigKey<?>> keys = new ArrayList<>();
    keys.addAll(QuorumConfig.keys());
    keys.addAll(ListenerConfig.keys());
    keys.addAll(NetworkConfig.keys());
    keys.addAll(StorageConfig.keys());
    keys.addAll(ReplicationConfig.keys());
    keys.addAll(TopicDefaults.keys());
    keys.addAll(GroupsConfig.keys());
    keys.addAll(TopicConfigs.nodeKeys());
    return List.copyOf(keys);
  }

  private static Set<String> sortOutForeignKeys(Set<String> given) {
    Set<String> ours = new TreeSet<>();
    keys().forEach(key -> ours.add(key.name()));
    Set<String> foreign = new TreeSet<>(given);
    foreign.removeAll(ours);
    if (foreign.isEmpty()) {
      return Set.of();
    }
    Set<String> kafkas = KnownKafkaKeys.names();
    for (String key : foreign) {
      if (!kafkas.contains(key) && !KnownKafkaKeys.isKafkaPrefix(key)) {
        Set<String> candidates = new TreeSet<>(kafkas);
        candidates.addAll(ours);
        String guess = Spelling.nearest(key, candidates);
        throw new ConfigException(
            "unknown key "
                + key
                + (guess == null
                    ? ": see the reference of configuration keys"
                    : ", did you mean " + guess + "?"));
      }
    }
    return Set.copyOf(foreign);
  }
}
