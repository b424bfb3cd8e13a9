package io.millrace.server.handler;

import io.millrace.metadata.image.ConfigResource;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.server.config.ConfigKey;
import io.millrace.server.config.NodeConfig;
import io.millrace.server.config.TopicConfigKey;
import io.millrace.server.config.TopicConfigs;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Says what every config is and where its value comes from. Immutable; any thread. */
final class ConfigDescriber {

  /** Where a value comes from, with Kafka's numbers. */
  enum Source {
    DYNAMIC_TOPIC(1),
    STATIC_BROKER(4),
    DEFAULT(5);

    private final byte code;

    Source(int code) {
      this.code = (byte) code;
    }

    byte code() {
      return code;
    }
  }

  /** One place that a value could come from. */
  record Synonym(String name, String value, Source source) {}

  /** One config. The first synonym is where the value comes from. */
  record Entry(String name, ConfigKey<?> key, boolean readOnly, List<Synonym> synonyms) {

    String value() {
      return synonyms.get(0).value();
    }

    Source source() {
      return synonyms.get(0).source();
    }
  }

  private static final String GROUP_PREFIX = "group.";
  private static final Set<String> OF_GROUPS =
      Set.of("group.consumer.session.timeout.ms", "group.consumer.heartbeat.interval.ms");

  private final NodeConfig node;

  ConfigDescriber(NodeConfig node) {
    this.node = node;
  }

  List<Entry> topic(MetadataImage image, String topic) {
    List<Entry> entries = new ArrayList<>();
    for (TopicConfigKey key : TopicConfigs.all()) {
      List<Synonym> synonyms = new ArrayList<>();
      add(
          synonyms,
          key.name(),
          image.configs().get(ConfigResource.topic(topic), key.name()),
          Source.DYNAMIC_TOPIC);
      ConfigKey<?> nodeKey = key.nodeKey();
      if (nodeKey != null) {
        // Coarser keys of the file (log.retention.hours) have been turned into this one's unit.
        add(
            synonyms,
            nodeKey.name(),
            node.topicConfigDefaults().get(key.name()),
            Source.STATIC_BROKER);
      }
      add(
          synonyms,
          nodeKey == null ? key.name() : nodeKey.name(),
          TopicConfigs.defaultText(key.key(), replicas(image, topic)),
          Source.DEFAULT);
      entries.add(new Entry(key.name(), key.key(), false, synonyms));
    }
    return entries;
  }

  List<Entry> broker() {
    Map<String, String> given = node.given();
    List<Entry> entries = new ArrayList<>();
    for (ConfigKey<?> key : NodeConfig.keys()) {
      List<Synonym> synonyms = new ArrayList<>();
      add(synonyms, key.name(), given.get(key.name()), Source.STATIC_BROKER);
      add(synonyms, key.name(), key.defaultText(), Source.DEFAULT);
      entries.add(new Entry(key.name(), key, true, synonyms));
    }
    return entries;
  }

  /** What Kafka can set for one group; here nodes have it for all. */
  List<Entry> group() {
    return broker().stream()
        .filter(entry -> OF_GROUPS.contains(entry.name()))
        .map(
            entry ->
                new Entry(
                    entry.name().substring(GROUP_PREFIX.length()),
                    entry.key(),
                    true,
                    entry.synonyms()))
        .toList();
  }

  private static int replicas(MetadataImage image, String topic) {
    var found = image.topics().topic(topic);
    return found == null || found.partitions().isEmpty()
        ? 1
        : found.partitions().get(0).replicas().size();
  }

  private static void add(
      List<Synonym> synonyms, String name, @Nullable String value, Source source) {
    if (value != null) {
      synonyms.add(new Synonym(name, value, source));
    }
  }
}
