package io.millrace.client;

import io.millrace.protocol.Uuid;
import java.util.List;

/** A topic and its partitions, by number. */
public record TopicDescription(
    String name, Uuid topicId, boolean internal, List<PartitionDescription> partitions) {

  public TopicDescription {
    partitions = List.copyOf(partitions);
  }
}
