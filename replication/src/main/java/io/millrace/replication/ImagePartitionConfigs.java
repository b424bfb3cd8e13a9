package io.millrace.replication;

import io.millrace.log.LogConfig;
import io.millrace.metadata.image.ConfigResource;
import io.millrace.metadata.image.ConfigsImage;
import io.millrace.metadata.image.MetadataImage;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;

/** A topic's settings from the newest image, over the node's own defaults. Any thread. */
public final class ImagePartitionConfigs implements PartitionConfigSource {

  private static final String MIN_IN_SYNC = "min.insync.replicas";

  private final Supplier<MetadataImage> image;
  private final int defaultMinInSync;
  private final LogConfig defaultLogConfig;

  /**
   * What was last looked up, for the image it came from: produces ask for the same topics again and
   * again.
   */
  private volatile Known known = new Known(ConfigsImage.EMPTY, Map.of());

  private record Known(ConfigsImage configs, Map<String, Integer> minInSync) {}

  public ImagePartitionConfigs(
      Supplier<MetadataImage> image, int defaultMinInSync, LogConfig defaultLogConfig) {
    this.image = image;
    this.defaultMinInSync = defaultMinInSync;
    this.defaultLogConfig = defaultLogConfig;
  }

  // hot: once per produced batch
  @Override
  @SuppressWarnings("ReferenceEquality") // of an immutable image: the same one or not
  public int minInSyncReplicas(String topic) {
    ConfigsImage configs = image.get().configs();
    Known held = known;
    Integer value = held.configs == configs ? held.minInSync.get(topic) : null;
    return value != null ? value : lookUp(configs, held, topic);
  }

  @SuppressWarnings("ReferenceEquality")
  private int lookUp(ConfigsImage configs, Known held, String topic) {
    int value = defaultMinInSync;
    String set = configs.get(ConfigResource.topic(topic), MIN_IN_SYNC);
    if (set == null) {
      set = configs.get(ConfigResource.BROKER_DEFAULT, MIN_IN_SYNC);
    }
    if (set != null) {
      value = parse(set, defaultMinInSync);
    }
    Map<String, Integer> next =
        held.configs == configs ? new HashMap<>(held.minInSync) : new HashMap<>();
    next.put(topic, value);
    known = new Known(configs, next); // a lost update only costs another lookup
    return value;
  }

  private static int parse(String set, int otherwise) {
    try {
      return Integer.parseInt(set.trim());
    } catch (NumberFormatException e) {
      return otherwise; // the controller refuses such values; an image cannot be refused
    }
  }

  @Override
  public LogConfig logConfig(String topic) {
    Map<String, String> overrides = new HashMap<>();
    for (Map.Entry<String, String> entry : image.get().configs().of(ConfigResource.topic(topic))) {
      overrides.put(entry.getKey(), entry.getValue());
    }
    return defaultLogConfig.with(overrides);
  }
}
