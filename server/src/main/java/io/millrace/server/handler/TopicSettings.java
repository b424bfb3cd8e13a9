package io.millrace.server.handler;

import io.millrace.log.CompactionConfig;
import io.millrace.log.LogConfig;
import io.millrace.metadata.image.ConfigResource;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PersistentMap;
import io.millrace.metadata.image.TopicImage;
import io.millrace.replication.PartitionConfigSource;
import io.millrace.server.config.ConfigKey;
import io.millrace.server.config.TopicConfigs;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What holds for each topic: its own configs over the node's over the defaults. Remembered per
 * image, so that a produce costs one look-up. Any thread.
 */
public final class TopicSettings implements PartitionConfigSource {

  /** The settings of one topic. */
  record Settings(LogConfig log, int minInSyncReplicas, long timestampAfterMaxMs) {}

  private record Known(MetadataImage image, ConcurrentHashMap<String, Settings> byTopic) {}

  private final Supplier<MetadataImage> image;
  private final Map<String, String> nodeDefaults;
  // Replaced whole when the image is another one; threads that still hold the old one read what was
  // true a moment ago.
  private volatile Known known = new Known(MetadataImage.EMPTY, new ConcurrentHashMap<>());

  public TopicSettings(Supplier<MetadataImage> image, Map<String, String> nodeDefaults) {
    this.image = image;
    this.nodeDefaults = Map.copyOf(nodeDefaults);
  }

  // hot: once per produced batch
  @SuppressWarnings(
      "ReferenceEquality") // another object is another image, equal or not: then look again
  Settings of(String topic) {
    MetadataImage now = image.get();
    Known held = known;
    if (held.image() != now) {
      held = new Known(now, new ConcurrentHashMap<>());
      known = held;
    }
    Settings settings = held.byTopic().get(topic);
    if (settings == null) {
      settings = lookUp(now, topic);
      held.byTopic().put(topic, settings);
    }
    return settings;
  }

  @Override
  public int minInSyncReplicas(String topic) {
    return of(topic).minInSyncReplicas();
  }

  @Override
  public LogConfig logConfig(String topic) {
    return of(topic).log();
  }

  /** What a log has when its topic says nothing. */
  public LogConfig nodeLogConfig() {
    return logConfig(Map.of());
  }

  private Settings lookUp(MetadataImage now, String topic) {
    PersistentMap<String, String> set = now.configs().of(ConfigResource.topic(topic));
    Map<String, String> own = new HashMap<>();
    for (Map.Entry<String, String> entry : set) {
      own.put(entry.getKey(), entry.getValue());
    }
    return new Settings(
        logConfig(own),
        minInSync(own, now.topics().topic(topic)),
        value(TopicConfigs.TIMESTAMP_AFTER_MAX, own));
  }

  private int minInSync(Map<String, String> own, @Nullable TopicImage topic) {
    String key = TopicConfigs.MIN_IN_SYNC.name();
    if (own.containsKey(key) || nodeDefaults.containsKey(key)) {
      return value(TopicConfigs.MIN_IN_SYNC, own);
    }
    int replicas =
        topic == null || topic.partitions().isEmpty()
            ? 1
            : topic.partitions().get(0).replicas().size();
    return TopicConfigs.defaultMinInSync(replicas);
  }

  private LogConfig logConfig(Map<String, String> own) {
    List<String> policies = value(TopicConfigs.CLEANUP_POLICY, own);
    return new LogConfig(
        value(TopicConfigs.SEGMENT_BYTES, own),
        value(TopicConfigs.SEGMENT_MS, own),
        value(TopicConfigs.RETENTION_MS, own),
        value(TopicConfigs.RETENTION_BYTES, own),
        policies.contains("delete"),
        value(TopicConfigs.MAX_MESSAGE_BYTES, own),
        value(TopicConfigs.TIMESTAMP_TYPE, own).equals("LogAppendTime"),
        value(TopicConfigs.FLUSH_BEFORE_ACK, own),
        value(TopicConfigs.INDEX_INTERVAL, own),
        value(TopicConfigs.FILE_DELETE_DELAY, own),
        new CompactionConfig(
            policies.contains("compact"),
            value(TopicConfigs.MIN_DIRTY_RATIO, own),
            value(TopicConfigs.DELETE_RETENTION_MS, own),
            value(TopicConfigs.MIN_COMPACTION_LAG_MS, own),
            value(TopicConfigs.MAX_COMPACTION_LAG_MS, own)));
  }

  private <T> T value(ConfigKey<T> key, Map<String, String> own) {
    return TopicConfigs.effective(key, own, nodeDefaults);
  }
}
