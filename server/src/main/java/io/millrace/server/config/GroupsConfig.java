package io.millrace.server.config;

import io.millrace.server.coordinator.group.GroupConfig;
import io.millrace.server.coordinator.group.MigrationPolicy;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Group coordination: the rules of groups, and the internal topic that keeps them.
 *
 * @param rules what the coordinator goes by
 * @param topicReplicationFactor wanted copies; a cluster that has fewer brokers uses what it has
 *     when {@code topicReplicationFactorGiven} is false
 * @param threads event loops that the groups are shared out to
 * @param loadChunkBytes how much of a partition is read at a time when its groups are loaded
 */
public record GroupsConfig(
    GroupConfig rules,
    int topicPartitions,
    int topicReplicationFactor,
    boolean topicReplicationFactorGiven,
    int topicSegmentBytes,
    int threads,
    int loadChunkBytes,
    long expiryIntervalMs) {

  private static final List<String> ASSIGNORS = List.of("uniform", "range");

  static final ConfigKey<Integer> MIN_SESSION =
      ConfigKey.integer(
          "group.min.session.timeout.ms",
          GroupConfig.DEFAULT.minSessionTimeoutMs(),
          1,
          Integer.MAX_VALUE,
          "Shortest session timeout that a member of a classic group may ask for.");
  static final ConfigKey<Integer> MAX_SESSION =
      ConfigKey.integer(
          "group.max.session.timeout.ms",
          GroupConfig.DEFAULT.maxSessionTimeoutMs(),
          1,
          Integer.MAX_VALUE,
          "Longest session timeout that a member of a classic group may ask for.");
  static final ConfigKey<Integer> MAX_SIZE =
      ConfigKey.integer(
          "group.max.size",
          GroupConfig.DEFAULT.maxSize(),
          1,
          Integer.MAX_VALUE,
          "Members of one classic group; more are refused.");
  static final ConfigKey<Integer> INITIAL_DELAY =
      ConfigKey.integer(
          "group.initial.rebalance.delay.ms",
          GroupConfig.DEFAULT.initialRebalanceDelayMs(),
          0,
          Integer.MAX_VALUE,
          "How long an empty classic group waits for more members after its first.");
  static final ConfigKey<Integer> CONSUMER_SESSION =
      ConfigKey.integer(
          "group.consumer.session.timeout.ms",
          GroupConfig.DEFAULT.consumerSessionTimeoutMs(),
          1,
          Integer.MAX_VALUE,
          "A silent member of a consumer group is put out after so long.");
  static final ConfigKey<Integer> CONSUMER_HEARTBEAT =
      ConfigKey.integer(
          "group.consumer.heartbeat.interval.ms",
          GroupConfig.DEFAULT.consumerHeartbeatIntervalMs(),
          1,
          Integer.MAX_VALUE,
          "How often the members of a consumer group are to speak.");
  static final ConfigKey<Integer> CONSUMER_MAX_SIZE =
      ConfigKey.integer(
          "group.consumer.max.size",
          GroupConfig.DEFAULT.consumerMaxSize(),
          1,
          Integer.MAX_VALUE,
          "Members of one consumer group; more are refused.");
  static final ConfigKey<List<String>> CONSUMER_ASSIGNORS =
      ConfigKey.list(
          "group.consumer.assignors",
          String.join(",", GroupConfig.DEFAULT.consumerAssignors()),
          "a comma-separated list of " + String.join(", ", ASSIGNORS),
          "Server-side assignors of consumer groups, the default first.");
  static final ConfigKey<Integer> METADATA_MAX =
      ConfigKey.integer(
          "offset.metadata.max.bytes",
          GroupConfig.DEFAULT.offsetMetadataMaxBytes(),
          0,
          1 << 19,
          "Most that a commit may say beside the offset.");
  static final ConfigKey<Integer> RETENTION_MINUTES =
      ConfigKey.integer(
          "offsets.retention.minutes",
          (int) (GroupConfig.DEFAULT.offsetsRetentionMs() / 60_000),
          1,
          Integer.MAX_VALUE,
          "Offsets of a group that nobody is in go after so long.");
  static final ConfigKey<Boolean> RETENTION_KEEPS_UNREAD =
      ConfigKey.bool(
          "offsets.retention.keep.unread",
          GroupConfig.DEFAULT.keepUnreadOffsets(),
          "Keeps an offset beyond its retention while there is data after it; false lets it go, as"
              + " Kafka does.");
  static final ConfigKey<Long> RETENTION_CHECK =
      ConfigKey.bigInteger(
          "offsets.retention.check.interval.ms",
          600_000,
          1,
          Long.MAX_VALUE / 1_000_000,
          "Time between two looks for offsets whose retention is over.");
  static final ConfigKey<Integer> TOPIC_PARTITIONS =
      ConfigKey.integer(
          "offsets.topic.num.partitions",
          50,
          1,
          10_000,
          "Partitions of the internal topic of groups when it is created; fixed from then on.");
  static final ConfigKey<Integer> TOPIC_FACTOR =
      ConfigKey.integer(
          "offsets.topic.replication.factor",
          3,
          1,
          Short.MAX_VALUE,
          "Copies of the internal topic of groups; when not set, at most as many as there are"
              + " brokers.");
  static final ConfigKey<Integer> TOPIC_SEGMENT =
      ConfigKey.integer(
          "offsets.topic.segment.bytes",
          100 << 20,
          1024,
          Integer.MAX_VALUE,
          "Segment size of the internal topic of groups when it is created.");
  static final ConfigKey<Integer> THREADS =
      ConfigKey.integer(
          "group.coordinator.threads", 1, 1, 64, "Event loops that coordinate groups.");
  static final ConfigKey<Integer> LOAD_CHUNK =
      ConfigKey.integer(
          "offsets.load.buffer.size",
          5 << 20,
          1024,
          256 << 20,
          "How much is read at a time when groups are loaded.");

  static final ConfigKey<String> MIGRATION =
      ConfigKey.oneOf(
          "group.consumer.migration.policy",
          GroupConfig.DEFAULT.migrationPolicy().configName(),
          Stream.of(MigrationPolicy.values()).map(MigrationPolicy::configName).toList(),
          "Which groups with members may change their protocol: classic ones to the consumer"
              + " protocol (upgrade), back (downgrade), both or none.");

  static final ConfigKey<Boolean> HOLD_HEARTBEATS =
      ConfigKey.bool(
          "group.hold.heartbeats",
          GroupConfig.DEFAULT.holdHeartbeats(),
          "Keeps the answer to a classic member's heartbeat back, so that a rebalance reaches it at"
              + " once, and begins the rebalance when it reaches all; false does as Kafka does.");

  static final ConfigKey<Boolean> REMOVE_LOST =
      ConfigKey.bool(
          "group.remove.lost.members",
          GroupConfig.DEFAULT.removeLostMembers(),
          "Puts a member out whose connection broke and who does not come back when it should"
              + " speak; false waits for its session to end, as Kafka does.");

  static List<ConfigKey<?>> keys() {
    return List.of(
        MIGRATION,
        HOLD_HEARTBEATS,
        REMOVE_LOST,
        MIN_SESSION,
        MAX_SESSION,
        MAX_SIZE,
        INITIAL_DELAY,
        CONSUMER_SESSION,
        CONSUMER_HEARTBEAT,
        CONSUMER_MAX_SIZE,
        CONSUMER_ASSIGNORS,
        METADATA_MAX,
        RETENTION_MINUTES,
        RETENTION_KEEPS_UNREAD,
        RETENTION_CHECK,
        TOPIC_PARTITIONS,
        TOPIC_FACTOR,
        TOPIC_SEGMENT,
        THREADS,
        LOAD_CHUNK);
  }

  static GroupsConfig from(ConfigValues values) {
    check(values);
    GroupConfig rules =
        new GroupConfig(
            values.get(MIN_SESSION),
            values.get(MAX_SESSION),
            values.get(MAX_SIZE),
            values.get(INITIAL_DELAY),
            GroupConfig.DEFAULT.newMemberJoinTimeoutMs(),
            values.get(METADATA_MAX),
            values.get(RETENTION_MINUTES) * 60_000L,
            values.get(RETENTION_KEEPS_UNREAD),
            values.get(CONSUMER_SESSION),
            values.get(CONSUMER_HEARTBEAT),
            values.get(CONSUMER_MAX_SIZE),
            values.get(CONSUMER_ASSIGNORS),
            GroupConfig.DEFAULT.maxRecordBytes(),
            MigrationPolicy.named(values.get(MIGRATION)),
            TopicConfigs.effective(
                TopicConfigs.START_ADDED_PARTITIONS, Map.of(), TopicConfigs.nodeDefaults(values)),
            values.get(HOLD_HEARTBEATS),
            values.get(REMOVE_LOST));
    return new GroupsConfig(
        rules,
        values.get(TOPIC_PARTITIONS),
        values.get(TOPIC_FACTOR),
        values.isGiven(TOPIC_FACTOR),
        values.get(TOPIC_SEGMENT),
        values.get(THREADS),
        values.get(LOAD_CHUNK),
        values.get(RETENTION_CHECK));
  }

  private static void check(ConfigValues values) {
    if (values.get(MIN_SESSION) > values.get(MAX_SESSION)) {
      throw ConfigValues.bad(
          MIN_SESSION,
          values.get(MIN_SESSION).toString(),
          "at most group.max.session.timeout.ms=" + values.get(MAX_SESSION));
    }
    if (values.get(CONSUMER_HEARTBEAT) >= values.get(CONSUMER_SESSION)) {
      throw ConfigValues.bad(
          CONSUMER_HEARTBEAT,
          values.get(CONSUMER_HEARTBEAT).toString(),
          "less than group.consumer.session.timeout.ms=" + values.get(CONSUMER_SESSION));
    }
    List<String> assignors = values.get(CONSUMER_ASSIGNORS);
    if (assignors.isEmpty()
        || !ASSIGNORS.containsAll(assignors)
        || assignors.stream().distinct().count() != assignors.size()) {
      throw ConfigValues.bad(
          CONSUMER_ASSIGNORS, String.join(",", assignors), CONSUMER_ASSIGNORS.allowed());
    }
  }
}
