package io.millrace.metadata.image;

import io.millrace.protocol.Uuid;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A topic and its partitions.
 *
 * @param id never used again after the topic is deleted
 * @param name legal by Kafka's rule
 * @param partitions in order of their index: {@code partitions.get(i).partition() == i}
 */
public record TopicImage(Uuid id, String name, List<PartitionImage> partitions) {

  public TopicImage {
    partitions = List.copyOf(partitions);
    for (int i = 0; i < partitions.size(); i++) {
      if (partitions.get(i).partition() != i) {
        throw new IllegalArgumentException(
            "topic " + name + " has partition " + partitions.get(i).partition() + " at index " + i);
      }
    }
  }

  /** The partition of an index, or null. */
  public @Nullable PartitionImage partition(int index) {
    return index >= 0 && index < partitions.size() ? partitions.get(index) : null;
  }
}
