package io.millrace.server.coordinator.group;

import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.protocol.Uuid;
import io.millrace.server.coordinator.group.GroupRecord.MemberValue;
import io.millrace.server.coordinator.group.assignor.Assignor;
import io.millrace.server.coordinator.group.assignor.GroupSpec;
import io.millrace.server.coordinator.group.assignor.GroupSpec.Member;
import io.millrace.server.coordinator.group.assignor.GroupSpec.Partition;
import io.millrace.server.coordinator.group.assignor.GroupSpec.Topic;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Computes what each member of a consumer group shall own. Pure. */
final class TargetAssignment {
  private TargetAssignment() {}

  /** A number that changes when one of the topics comes, goes, grows or moves between racks. */
  static long metadataHash(Collection<String> topics, MetadataImage image) {
    long hash = 0;
    boolean racks = hasRacks(image);
    for (String name : new TreeSet<>(topics)) {
      TopicImage topic = image.topics().topic(name);
      if (topic == null) {
        continue;
      }
      hash = mix(hash, topic.id().mostSignificantBits());
      hash = mix(hash, topic.id().leastSignificantBits());
      hash = mix(hash, topic.partitions().size());
      if (racks) {
        for (PartitionImage partition : topic.partitions()) {
          hash = mix(hash, new TreeSet<>(racksOf(partition, image)).hashCode());
        }
      }
    }
    return hash;
  }

  private static long mix(long hash, long value) {
    long mixed = (hash ^ value) * 0x9E37_79B9_7F4A_7C15L + 1;
    return mixed ^ (mixed >>> 32);
  }

  /** For each member its target. */
  static Map<String, PartitionSet> compute(
      ConsumerGroup group, Assignor assignor, MetadataImage image) {
    boolean racks = hasRacks(image);
    SortedMap<Uuid, Topic> topics = new TreeMap<>();
    for (String name : group.wanted()) {
      TopicImage topic = image.topics().topic(name);
      if (topic != null) {
        List<Set<String>> near = new ArrayList<>();
        if (racks) {
          topic.partitions().forEach(partition -> near.add(racksOf(partition, image)));
        }
        topics.put(topic.id(), new Topic(topic.partitions().size(), near));
      }
    }
    SortedMap<String, Member> members = new TreeMap<>();
    for (Map.Entry<String, MemberValue> entry : group.members().entrySet()) {
      Set<Uuid> subscribed = new HashSet<>();
      for (String name : group.wants(entry.getValue())) {
        TopicImage topic = image.topics().topic(name);
        if (topic != null) {
          subscribed.add(topic.id());
        }
      }
      Set<Partition> owned = new HashSet<>();
      group
          .target(entry.getKey())
          .byTopic()
          .forEach(
              (topic, partitions) ->
                  partitions.forEach(index -> owned.add(new Partition(topic, index))));
      members.put(
          entry.getKey(),
          new Member(entry.getValue().instanceId(), entry.getValue().rackId(), subscribed, owned));
    }
    Map<String, PartitionSet> targets = new HashMap<>();
    assignor
        .assign(new GroupSpec(members, topics))
        .forEach((memberId, partitions) -> targets.put(memberId, toSet(partitions)));
    return targets;
  }

  private static PartitionSet toSet(SortedSet<Partition> partitions) {
    Map<Uuid, List<Integer>> byTopic = new HashMap<>();
    for (Partition partition : partitions) {
      byTopic.computeIfAbsent(partition.topic(), key -> new ArrayList<>()).add(partition.index());
    }
    return PartitionSet.of(byTopic);
  }

  private static boolean hasRacks(MetadataImage image) {
    for (BrokerImage broker : image.cluster().brokers().values()) {
      if (broker.rack() != null) {
        return true;
      }
    }
    return false;
  }

  private static Set<String> racksOf(PartitionImage partition, MetadataImage image) {
    Set<String> racks = new HashSet<>();
    for (int replica : partition.replicas()) {
      BrokerImage broker = image.cluster().broker(replica);
      String rack = broker == null ? null : broker.rack();
      if (rack != null) {
        racks.add(rack);
      }
    }
    return racks;
  }
}
