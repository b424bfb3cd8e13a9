package io.millrace.server.config;

import java.util.List;

/**
 * Kafka's topic keys that have no effect here yet: their defaults describe what happens, other
 * values are refused.
 */
final class KafkaTopicKeys {
  private static final String SENTENCE = "Not implemented yet; only the default is accepted.";

  private KafkaTopicKeys() {}

  static void addTo(List<TopicConfigKey> keys) {
    add(
        keys,
        ConfigKey.oneOf(
            "compression.type",
            "producer",
            List.of("producer", "uncompressed", "gzip", "snappy", "lz4", "zstd"),
            SENTENCE));
    add(keys, ConfigKey.integer("compression.gzip.level", -1, -1, 9, SENTENCE));
    add(keys, ConfigKey.integer("compression.lz4.level", 9, 1, 17, SENTENCE));
    add(keys, ConfigKey.integer("compression.zstd.level", 3, -131_072, 22, SENTENCE));
    add(keys, ConfigKey.bool("errors.deadletterqueue.group.enable", false, SENTENCE));
    throttle(keys, "follower.replication.throttled.replicas");
    throttle(keys, "leader.replication.throttled.replicas");
    add(keys, ConfigKey.bigInteger("local.retention.bytes", -2, -2, Long.MAX_VALUE, SENTENCE));
    add(keys, ConfigKey.bigInteger("local.retention.ms", -2, -2, Long.MAX_VALUE, SENTENCE));
    add(
        keys,
        ConfigKey.integer(
            "max.decompressed.message.bytes", 2_147_483_639, 1, 2_147_483_639, SENTENCE));
    add(
        keys,
        ConfigKey.bigInteger(
            "message.timestamp.before.max.ms", Long.MAX_VALUE, 0, Long.MAX_VALUE, SENTENCE));
    add(keys, ConfigKey.bool("preallocate", false, SENTENCE));
    add(keys, ConfigKey.bigInteger("remote.copy.lag.bytes", -1, -1, Long.MAX_VALUE, SENTENCE));
    add(keys, ConfigKey.bigInteger("remote.copy.lag.ms", 0, -1, Long.MAX_VALUE, SENTENCE));
    add(keys, ConfigKey.bool("remote.log.copy.disable", false, SENTENCE));
    add(keys, ConfigKey.bool("remote.log.delete.on.disable", false, SENTENCE));
    add(keys, ConfigKey.bool("remote.storage.enable", false, SENTENCE));
    add(keys, ConfigKey.integer("segment.index.bytes", 10_485_760, 4, Integer.MAX_VALUE, SENTENCE));
    add(keys, ConfigKey.bigInteger("segment.jitter.ms", 0, 0, Long.MAX_VALUE, SENTENCE));
  }

  private static void throttle(List<TopicConfigKey> keys, String name) {
    add(keys, ConfigKey.list(name, "", "partition:broker pairs, comma-separated", SENTENCE));
  }

  private static void add(List<TopicConfigKey> keys, ConfigKey<?> key) {
    keys.add(new TopicConfigKey(key, null, false));
  }
}
