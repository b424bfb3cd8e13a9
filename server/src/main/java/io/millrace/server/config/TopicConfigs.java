package io.millrace.server.config;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Every key a topic can have: Kafka's names, and {@code flush.before.ack}. Constants; any thread.
 */
public final class TopicConfigs {
  private static final long WEEK_MS = 7L * 24 * 3600 * 1000;

  public static final ConfigKey<Boolean> FLUSH_BEFORE_ACK =
      ConfigKey.bool(
          "flush.before.ack",
          true,
          "Acknowledges a batch only when it is on stable storage; false leaves that to the page"
              + " cache, as Kafka does.");
  public static final ConfigKey<Integer> MAX_MESSAGE_BYTES =
      ConfigKey.integer(
          "max.message.bytes",
          1_048_588,
          0,
          Integer.MAX_VALUE,
          "Largest record batch, compressed.");
  public static final ConfigKey<String> TIMESTAMP_TYPE =
      ConfigKey.oneOf(
          "message.timestamp.type",
          "CreateTime",
          List.of("CreateTime", "LogAppendTime"),
          "Whether a record keeps its producer's time or gets the broker's.");
  public static final ConfigKey<Long> TIMESTAMP_AFTER_MAX =
      ConfigKey.bigInteger(
          "message.timestamp.after.max.ms",
          3_600_000,
          0,
          Long.MAX_VALUE,
          "How far in the future a record's timestamp may lie.");
  public static final ConfigKey<Integer> MIN_IN_SYNC =
      ConfigKey.integer(
          "min.insync.replicas",
          1,
          1,
          Integer.MAX_VALUE,
          "Copies that must be in sync for a write with acks=all.");
  public static final ConfigKey<Long> RETENTION_MS =
      ConfigKey.bigInteger(
          "retention.ms", WEEK_MS, -1, Long.MAX_VALUE, "Age at which records go; -1 keeps them.");
  public static final ConfigKey<Long> RETENTION_BYTES =
      ConfigKey.bigInteger(
          "retention.bytes",
          -1,
          -1,
          Long.MAX_VALUE,
          "Size to which a partition is cut; -1 for none.");
  public static final ConfigKey<Integer> SEGMENT_BYTES =
      ConfigKey.integer(
          "segment.bytes", 1 << 30, 1024, Integer.MAX_VALUE, "Size of one file of a log.");
  public static final ConfigKey<Long> SEGMENT_MS =
      ConfigKey.bigInteger(
          "segment.ms", WEEK_MS, 1, Long.MAX_VALUE, "Age at which a log goes on in a new file.");
  public static final ConfigKey<Integer> INDEX_INTERVAL =
      ConfigKey.integer(
          "index.interval.bytes",
          4096,
          0,
          Integer.MAX_VALUE,
          "Bytes of log between two index entries.");
  public static final ConfigKey<Boolean> UNCLEAN_ELECTION =
      ConfigKey.bool(
          "unclean.leader.election.enable",
          false,
          "Lets a replica lead that is not in sync, which loses records.");

  public static final ConfigKey<Long> FILE_DELETE_DELAY =
      ConfigKey.bigInteger(
          "file.delete.delay.ms",
          60_000,
          0,
          Long.MAX_VALUE,
          "How long files of a deleted log stay on disk.");

  public static final ConfigKey<List<String>> CLEANUP_POLICY =
      ConfigKey.someOf(
          "cleanup.policy",
          "delete",
          List.of("delete", "compact"),
          "What becomes of old records: delete lets them go by age and size, compact keeps the last"
              + " of each key.");
  public static final ConfigKey<Double> MIN_DIRTY_RATIO =
      ConfigKey.fraction(
          "min.cleanable.dirty.ratio",
          0.5,
          0,
          1,
          "Part of a compacted log that was written since its last cleaning when it is cleaned"
              + " again.");
  public static final ConfigKey<Long> DELETE_RETENTION_MS =
      ConfigKey.bigInteger(
          "delete.retention.ms",
          86_400_000,
          0,
          Long.MAX_VALUE,
          "How long a compacted log keeps a tombstone once all that it deletes is gone.");
  public static final ConfigKey<Long> MIN_COMPACTION_LAG_MS =
      ConfigKey.bigInteger(
          "min.compaction.lag.ms",
          0,
          0,
          Long.MAX_VALUE,
          "Age that a record has before compaction may remove it.");
  public static final ConfigKey<Long> MAX_COMPACTION_LAG_MS =
      ConfigKey.bigInteger(
          "max.compaction.lag.ms",
          Long.MAX_VALUE,
          1,
          Long.MAX_VALUE,
          "Age of a record at which its log is cleaned whatever the ratio.");

  public static final ConfigKey<Boolean> START_ADDED_PARTITIONS =
      ConfigKey.bool(
          "group.start.added.partitions",
          true,
          "Groups with offsets on the topic read partitions that are added to it from the"
              + " beginning; false leaves that to each client's auto.offset.reset, as Kafka does.");

  private static final List<TopicConfigKey> ALL = declare();

  private TopicConfigs() {}

  public static List<TopicConfigKey> all() {
    return ALL;
  }

  public static @Nullable TopicConfigKey find(String name) {
    for (TopicConfigKey key : ALL) {
      if (key.name().equals(name)) {
        return key;
      }
    }
    return null;
  }

  /**
   * Checks one setting of a topic.
   *
   * @throws ConfigException naming key, value and range
   */
  public static void check(String name, String value) {
    TopicConfigKey key = find(name);
    if (key == null) {
      String guess = Spelling.nearest(name, ALL.stream().map(TopicConfigKey::name).toList());
      throw new ConfigException(
          "unknown topic config " + name + (guess == null ? "" : ", did you mean " + guess + "?"));
    }
    key.check(value);
  }

  /**
   * A topic's value: its own, else the node's, else the key's default. A stored value that this
   * version refuses counts as not set, because a topic that exists must open.
   */
  public static <T> T effective(
      ConfigKey<T> key, Map<String, String> own, Map<String, String> nodeDefaults) {
    for (Map<String, String> level : List.of(own, nodeDefaults)) {
      String text = level.get(key.name());
      if (text != null) {
        try {
          return key.parse(text);
        } catch (ConfigException refused) {
          // The next level decides, see above.
        }
      }
    }
    return key.defaultValue();
  }

  /**
   * A key's default as a topic of so many replicas has it. Only min.insync.replicas differs: where
   * nobody chose, two of three or more replicas must have a record before it is acknowledged,
   * because with one an acknowledged record dies with one disk.
   */
  public static String defaultText(ConfigKey<?> key, int replicas) {
    return key.equals(MIN_IN_SYNC)
        ? Integer.toString(defaultMinInSync(replicas))
        : key.defaultText();
  }

  /** What min.insync.replicas is where nobody chose. */
  public static int defaultMinInSync(int replicas) {
    return replicas >= 3 ? 2 : 1;
  }

  static List<ConfigKey<?>> nodeKeys() {
    List<ConfigKey<?>> keys = new ArrayList<>();
    for (TopicConfigKey key : ALL) {
      if (key.nodeKey() != null && key.implemented()) {
        keys.add(key.nodeKey());
      }
    }
    keys.add(RETENTION_MINUTES);
    keys.add(RETENTION_HOURS);
    keys.add(ROLL_HOURS);
    return keys;
  }

  /** The node-wide defaults that the file sets, under the topics' names. */
  static Map<String, String> nodeDefaults(ConfigValues values) {
    Map<String, String> defaults = new TreeMap<>();
    spread(values, RETENTION_HOURS, RETENTION_MS, 3_600_000L, defaults);
    spread(values, RETENTION_MINUTES, RETENTION_MS, 60_000L, defaults);
    spread(values, ROLL_HOURS, SEGMENT_MS, 3_600_000L, defaults);
    for (TopicConfigKey key : ALL) {
      ConfigKey<?> nodeKey = key.nodeKey();
      if (nodeKey != null && key.implemented() && values.isGiven(nodeKey)) {
        defaults.put(key.name(), values.given().getOrDefault(nodeKey.name(), ""));
      }
    }
    return defaults;
  }

  private static void spread(
      ConfigValues values,
      ConfigKey<Long> coarse,
      ConfigKey<Long> key,
      long unit,
      Map<String, String> into) {
    if (values.isGiven(coarse)) {
      long value = values.get(coarse);
      into.put(key.name(), Long.toString(value < 0 ? -1 : Math.multiplyExact(value, unit)));
    }
  }

  static final ConfigKey<Long> RETENTION_HOURS =
      ConfigKey.bigInteger(
          "log.retention.hours", 168, -1, 2_562_047_788_015L, "Like log.retention.ms, in hours.");
  static final ConfigKey<Long> RETENTION_MINUTES =
      ConfigKey.bigInteger(
          "log.retention.minutes",
          10_080,
          -1,
          153_722_867_280_912L,
          "Like log.retention.ms, in minutes.");
  static final ConfigKey<Long> ROLL_HOURS =
      ConfigKey.bigInteger(
          "log.roll.hours", 168, 1, 2_562_047_788_015L, "Like log.roll.ms, in hours.");

  private static List<TopicConfigKey> declare() {
    List<TopicConfigKey> keys = new ArrayList<>();
    works(keys, FLUSH_BEFORE_ACK, "log.flush.before.ack");
    works(keys, MAX_MESSAGE_BYTES, "message.max.bytes");
    works(keys, TIMESTAMP_TYPE, "log.message.timestamp.type");
    works(keys, TIMESTAMP_AFTER_MAX, "log.message.timestamp.after.max.ms");
    works(keys, MIN_IN_SYNC, "min.insync.replicas");
    works(keys, RETENTION_MS, "log.retention.ms");
    works(keys, RETENTION_BYTES, "log.retention.bytes");
    works(keys, SEGMENT_BYTES, "log.segment.bytes");
    works(keys, SEGMENT_MS, "log.roll.ms");
    works(keys, INDEX_INTERVAL, "log.index.interval.bytes");
    works(keys, FILE_DELETE_DELAY, "log.segment.delete.delay.ms");
    works(keys, CLEANUP_POLICY, "log.cleanup.policy");
    works(keys, MIN_DIRTY_RATIO, "log.cleaner.min.cleanable.ratio");
    works(keys, DELETE_RETENTION_MS, "log.cleaner.delete.retention.ms");
    works(keys, MIN_COMPACTION_LAG_MS, "log.cleaner.min.compaction.lag.ms");
    works(keys, MAX_COMPACTION_LAG_MS, "log.cleaner.max.compaction.lag.ms");
    works(keys, UNCLEAN_ELECTION, "unclean.leader.election.enable");
    works(keys, START_ADDED_PARTITIONS, "group.start.added.partitions");
    // Every acknowledged batch is flushed already, so any interval is kept.
    String flushed =
        "Accepted for Kafka's sake: flush.before.ack flushes more often than any interval.";
    works(
        keys,
        ConfigKey.bigInteger("flush.messages", Long.MAX_VALUE, 1, Long.MAX_VALUE, flushed),
        "log.flush.interval.messages");
    works(
        keys,
        ConfigKey.bigInteger("flush.ms", Long.MAX_VALUE, 0, Long.MAX_VALUE, flushed),
        "log.flush.interval.ms");
    KafkaTopicKeys.addTo(keys);
    return List.copyOf(keys);
  }

  private static void works(List<TopicConfigKey> keys, ConfigKey<?> key, String nodeKey) {
    keys.add(
        new TopicConfigKey(
            key, key.named(nodeKey, "Default of " + key.name() + " for topics."), true));
  }
}
