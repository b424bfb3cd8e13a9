package io.millrace.metadata.controller;

import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.ConfigResource;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.record.MetadataChange;
import io.millrace.metadata.record.MetadataRecord.PartitionRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/** Walks over all partitions of an image and collects what changes. */
final class Partitions {

  static final String UNCLEAN_ELECTION = "unclean.leader.election.enable";

  private Partitions() {}

  /** One step of a partition; returns the same object when nothing changes. */
  interface Step {
    PartitionImage next(TopicImage topic, PartitionImage state);
  }

  /** Applies a step to every partition, in order of topic ids, until so many changes are found. */
  static List<MetadataChange> change(MetadataImage image, int limit, Step step) {
    List<MetadataChange> changes = new ArrayList<>();
    for (TopicImage topic : image.topics().byId().values()) {
      for (PartitionImage state : topic.partitions()) {
        PartitionImage next = step.next(topic, state);
        if (!next.equals(state)) {
          changes.add(MetadataChange.put(new PartitionRecord(topic.id(), next)));
          if (changes.size() >= limit) {
            return changes;
          }
        }
      }
    }
    return changes;
  }

  /** Who of those that take part has the disk of a partition's replica. */
  static IntPredicate serving(
      MetadataImage image, TopicImage topic, PartitionImage state, IntPredicate takesPart) {
    return id -> {
      BrokerImage broker = image.cluster().broker(id);
      return broker != null
          && takesPart.test(id)
          && !broker.storage().isOffline(topic.id(), state.partition());
    };
  }

  /** Who is active and has the disk of a partition's replica. */
  static IntPredicate serving(MetadataImage image, TopicImage topic, PartitionImage state) {
    return id -> image.cluster().serves(id, topic.id(), state.partition());
  }

  /** Whether a replica outside the ISR may lead the topic when no other lives. */
  static boolean uncleanAllowed(MetadataImage image, String topic) {
    String setting = image.configs().get(ConfigResource.topic(topic), UNCLEAN_ELECTION);
    if (setting == null) {
      setting = image.configs().get(ConfigResource.BROKER_DEFAULT, UNCLEAN_ELECTION);
    }
    return Boolean.parseBoolean(setting);
  }
}
