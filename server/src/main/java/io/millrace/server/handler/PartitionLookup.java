package io.millrace.server.handler;

import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.publish.MetadataClient;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.replication.PartitionRegistry;
import io.millrace.replication.ReplicatedPartition;
import org.jspecify.annotations.Nullable;

/** Finds this node's replica of what a client names. Any thread, wait-free. */
final class PartitionLookup {

  /**
   * @param partition null on an error
   */
  record Found(@Nullable ReplicatedPartition partition, ErrorCode error) {}

  private final MetadataClient metadata;
  private final PartitionRegistry registry;

  PartitionLookup(MetadataClient metadata, PartitionRegistry registry) {
    this.metadata = metadata;
    this.registry = registry;
  }

  MetadataImage image() {
    return metadata.image();
  }

  /** The topic of an id, when there is one, else of the name; null when there is none. */
  @Nullable TopicImage topic(String name, Uuid id) {
    return id.equals(Uuid.ZERO) ? image().topics().topic(name) : image().topics().topic(id);
  }

  Found find(String name, Uuid id, int partition) {
    TopicImage topic = topic(name, id);
    if (topic == null) {
      return new Found(
          null,
          id.equals(Uuid.ZERO) ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION : ErrorCode.UNKNOWN_TOPIC_ID);
    }
    if (topic.partition(partition) == null) {
      return new Found(null, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    }
    ReplicatedPartition found = registry.partition(topic.id(), partition);
    if (found != null) {
      return new Found(found, ErrorCode.NONE);
    }
    return new Found(
        null,
        registry.isBroken(topic.id(), partition)
            ? ErrorCode.KAFKA_STORAGE_ERROR
            : ErrorCode.NOT_LEADER_OR_FOLLOWER);
  }
}
