package io.millrace.metadata.publish;

import io.millrace.metadata.image.ConfigResource;
import io.millrace.metadata.image.MetadataDelta;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionChange;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.record.ImageReplay;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** What a listener that comes late is told first. */
final class Images {

  private Images() {}

  /** The step from the empty image to this one. */
  static ImageReplay.Step fromNothing(MetadataImage image) {
    List<TopicImage> topics = new ArrayList<>();
    List<PartitionChange> partitions = new ArrayList<>();
    for (TopicImage topic : image.topics().byId().values()) {
      topics.add(topic);
      for (PartitionImage state : topic.partitions()) {
        partitions.add(
            new PartitionChange(topic.id(), topic.name(), state.partition(), null, state));
      }
    }
    Set<Integer> brokers = new HashSet<>();
    image.cluster().brokers().forEach(entry -> brokers.add(entry.getKey()));
    Set<ConfigResource> configs = new HashSet<>();
    image.configs().byResource().forEach(entry -> configs.add(entry.getKey()));
    return new ImageReplay.Step(
        new MetadataDelta(MetadataImage.EMPTY, topics, List.of(), partitions, brokers, configs),
        image);
  }
}
