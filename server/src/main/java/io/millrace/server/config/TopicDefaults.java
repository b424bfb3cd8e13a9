package io.millrace.server.config;

import java.util.List;

/**
 * What a new topic gets when its creator does not say.
 *
 * @param replicationFactor wanted copies
 * @param replicationFactorGiven false when nobody chose the factor; then a cluster with fewer
 *     brokers uses what it has
 */
public record TopicDefaults(
    int partitions,
    short replicationFactor,
    boolean replicationFactorGiven,
    boolean autoCreate,
    boolean deleteEnabled) {

  static final ConfigKey<Integer> PARTITIONS =
      ConfigKey.integer(
          "num.partitions", 1, 1, 100_000, "Partitions of a topic whose creator does not say.");
  static final ConfigKey<Integer> REPLICATION_FACTOR =
      ConfigKey.integer(
          "default.replication.factor",
          3,
          1,
          Short.MAX_VALUE,
          "Copies of a topic whose creator does not say; when not set, at most as many as there are"
              + " brokers.");
  static final ConfigKey<Boolean> AUTO_CREATE =
      ConfigKey.bool(
          "auto.create.topics.enable",
          true,
          "Creates a topic when a producer asks for one that does not exist.");
  static final ConfigKey<Boolean> DELETE =
      ConfigKey.bool("delete.topic.enable", true, "Lets clients delete topics.");

  static List<ConfigKey<?>> keys() {
    return List.of(PARTITIONS, REPLICATION_FACTOR, AUTO_CREATE, DELETE);
  }

  static TopicDefaults from(ConfigValues values) {
    return new TopicDefaults(
        values.get(PARTITIONS),
        values.get(REPLICATION_FACTOR).shortValue(),
        values.isGiven(REPLICATION_FACTOR),
        values.get(AUTO_CREATE),
        values.get(DELETE));
  }

  /** Copies of a new topic in a cluster of so many brokers. */
  public short replicationFactorFor(int brokers) {
    return replicationFactorGiven
        ? replicationFactor
        : (short) Math.max(1, Math.min(replicationFactor, brokers));
  }
}
