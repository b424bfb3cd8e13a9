package io.millrace.server.coordinator.group;

import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.image.TopicsImage;
import io.millrace.protocol.Uuid;
import java.util.ArrayList;
import java.util.List;

/** Clusters made of topics alone. */
final class Images {
  private Images() {}

  static MetadataImage with(MetadataImage image, Uuid id, String name, int partitions) {
    List<PartitionImage> list = new ArrayList<>();
    for (int i = 0; i < partitions; i++) {
      list.add(new PartitionImage(i, List.of(1), List.of(1), 1, 0, 0));
    }
    return topics(image, image.topics().with(new TopicImage(id, name, list)));
  }

  static MetadataImage without(MetadataImage image, Uuid id) {
    return topics(image, image.topics().without(id));
  }

  private static MetadataImage topics(MetadataImage image, TopicsImage topics) {
    return new MetadataImage(
        image.revision() + 1,
        image.term(),
        image.cluster(),
        topics,
        image.configs(),
        image.nextProducerId());
  }
}
