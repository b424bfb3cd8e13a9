package io.millrace.metadata.image;

import java.util.List;
import java.util.Set;

/**
 * What differs between two images that a listener sees one after the other. Several revisions may
 * lie between them; a delta after a snapshot is the difference too, never "everything". A topic
 * that was deleted and created again under the same name shows as the deletion of one id and the
 * creation of another.
 *
 * @param before the image that the listener saw last, or {@link MetadataImage#EMPTY}
 * @param createdTopics topics whose id is new
 * @param deletedTopics topics whose id is gone, as they were
 * @param partitions every partition that is new, changed or gone, those of created and deleted
 *     topics included
 * @param brokers ids of brokers that are new, changed or gone
 * @param configs resources whose configs changed; look them up in the image
 */
public record MetadataDelta(
    MetadataImage before,
    List<TopicImage> createdTopics,
    List<TopicImage> deletedTopics,
    List<PartitionChange> partitions,
    Set<Integer> brokers,
    Set<ConfigResource> configs) {

  public MetadataDelta {
    createdTopics = List.copyOf(createdTopics);
    deletedTopics = List.copyOf(deletedTopics);
    partitions = List.copyOf(partitions);
    brokers = Set.copyOf(brokers);
    configs = Set.copyOf(configs);
  }
}
