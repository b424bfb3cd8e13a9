package io.millrace.client;

import io.millrace.protocol.Uuid;
import java.util.List;

/**
 * A topic that was created, or would be.
 *
 * @param partitions -1 when the broker did not tell
 * @param replicationFactor -1 when the broker did not tell
 */
public record CreatedTopic(
    String name, Uuid topicId, int partitions, int replicationFactor, List<ConfigEntry> configs) {

  public CreatedTopic {
    configs = List.copyOf(configs);
  }
}
