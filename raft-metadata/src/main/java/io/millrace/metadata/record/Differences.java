package io.millrace.metadata.record;

import io.millrace.metadata.image.ConfigResource;
import io.millrace.metadata.image.MetadataDelta;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionChange;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.protocol.Uuid;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** Compares two images where something was touched. */
final class Differences {

  private Differences() {}

  static MetadataDelta between(
      MetadataImage before,
      MetadataImage after,
      Set<Uuid> topics,
      Set<Integer> brokers,
      Set<ConfigResource> configs) {
    List<TopicImage> created = new ArrayList<>();
    List<TopicImage> deleted = new ArrayList<>();
    List<PartitionChange> partitions = new ArrayList<>();
    for (Uuid id : new TreeSet<>(topics)) {
      TopicImage old = before.topics().topic(id);
      TopicImage now = after.topics().topic(id);
      if (old == null && now != null) {
        created.add(now);
      } else if (old != null && now == null) {
        deleted.add(old);
      }
      comparePartitions(id, old, now, partitions);
    }
    Set<Integer> changedBrokers = new TreeSet<>(brokers);
    changedBrokers.removeIf(
        id -> Objects.equals(before.cluster().broker(id), after.cluster().broker(id)));
    Set<ConfigResource> changedConfigs = new TreeSet<>(configs);
    changedConfigs.removeIf(
        resource -> before.configs().of(resource).equals(after.configs().of(resource)));
    return new MetadataDelta(before, created, deleted, partitions, changedBrokers, changedConfigs);
  }

  private static void comparePartitions(
      Uuid id, @Nullable TopicImage old, @Nullable TopicImage now, List<PartitionChange> changes) {
    String name = now != null ? now.name() : old != null ? old.name() : "";
    int count =
        Math.max(
            old == null ? 0 : old.partitions().size(), now == null ? 0 : now.partitions().size());
    for (int index = 0; index < count; index++) {
      PartitionImage oldState = old == null ? null : old.partition(index);
      PartitionImage newState = now == null ? null : now.partition(index);
      if (!Objects.equals(oldState, newState)) {
        changes.add(new PartitionChange(id, name, index, oldState, newState));
      }
    }
  }
}
