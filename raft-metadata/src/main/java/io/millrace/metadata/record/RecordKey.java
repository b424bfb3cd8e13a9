package io.millrace.metadata.record;

import io.millrace.metadata.image.ConfigResource;
import io.millrace.metadata.kv.Keys;
import io.millrace.protocol.Uuid;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Where a record stands in the store. The text is readable and ordered: a broker before its state,
 * a topic before its partitions, the partitions of a topic by index.
 */
public sealed interface RecordKey {

  /** The store's key. */
  String text();

  /** The id of the cluster. */
  record Cluster() implements RecordKey {
    @Override
    public String text() {
      return Keys.CLUSTER_ID;
    }
  }

  /** A broker's registration. */
  record Broker(int id) implements RecordKey {
    @Override
    public String text() {
      return "/brokers/" + id;
    }
  }

  /** Whether a broker is fenced or shutting down. */
  record BrokerState(int id) implements RecordKey {
    @Override
    public String text() {
      return "/brokers/" + id + "/state";
    }
  }

  /** How a broker's disks are. */
  record BrokerStorage(int id) implements RecordKey {
    @Override
    public String text() {
      return "/brokers/" + id + "/storage";
    }
  }

  /** A topic. */
  record Topic(Uuid id) implements RecordKey {
    @Override
    public String text() {
      return "/topics/" + id;
    }
  }

  /** A partition. */
  record Partition(Uuid topicId, int index) implements RecordKey {
    @Override
    public String text() {
      return "/topics/" + topicId + "/partitions/" + String.format(Locale.ROOT, "%06d", index);
    }
  }

  /** One config of a resource. */
  record Config(ConfigResource resource, String config) implements RecordKey {
    @Override
    public String text() {
      String scope = resource.type() == ConfigResource.Type.TOPIC ? "topics/" : "brokers/";
      return "/configs/"
          + scope
          + (resource.name().isEmpty() ? "default" : resource.name())
          + "/"
          + config;
    }
  }

  /** The first producer id that was not handed out. */
  record ProducerIds() implements RecordKey {
    @Override
    public String text() {
      return "/producer-ids/next";
    }
  }

  /**
   * Reads a key; null when it is not one of the cluster's records (the store has other tenants).
   */
  static @Nullable RecordKey parse(String text) {
    String[] parts = text.split("/", 5);
    if (parts.length < 3 || !parts[0].isEmpty()) {
      return null;
    }
    try {
      return switch (parts[1]) {
        case "cluster" -> text.equals(Keys.CLUSTER_ID) ? new Cluster() : null;
        case "producer-ids" ->
            parts.length == 3 && parts[2].equals("next") ? new ProducerIds() : null;
        case "brokers" -> parseBroker(parts);
        case "topics" -> parseTopic(parts);
        case "configs" -> parseConfig(parts);
        default -> null;
      };
    } catch (IllegalArgumentException malformed) {
      throw new IllegalArgumentException("metadata key '" + text + "' is malformed", malformed);
    }
  }

  private static @Nullable RecordKey parseBroker(String[] parts) {
    int id = Integer.parseInt(parts[2]);
    if (parts.length == 3) {
      return new Broker(id);
    }
    if (parts.length != 4) {
      return null;
    }
    return switch (parts[3]) {
      case "state" -> new BrokerState(id);
      case "storage" -> new BrokerStorage(id);
      default -> null;
    };
  }

  private static @Nullable RecordKey parseTopic(String[] parts) {
    Uuid id = Uuid.parse(parts[2]);
    if (parts.length == 3) {
      return new Topic(id);
    }
    return parts.length == 5 && parts[3].equals("partitions")
        ? new Partition(id, Integer.parseInt(parts[4]))
        : null;
  }

  private static @Nullable RecordKey parseConfig(String[] parts) {
    if (parts.length != 5) {
      return null;
    }
    return switch (parts[2]) {
      case "topics" -> new Config(ConfigResource.topic(parts[3]), parts[4]);
      case "brokers" ->
          new Config(
              parts[3].equals("default")
                  ? ConfigResource.BROKER_DEFAULT
                  : new ConfigResource(ConfigResource.Type.BROKER, parts[3]),
              parts[4]);
      default -> null;
    };
  }
}
