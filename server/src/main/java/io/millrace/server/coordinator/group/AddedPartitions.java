package io.millrace.server.coordinator.group;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.metadata.image.ConfigResource;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.protocol.Uuid;
import io.millrace.server.coordinator.CoordinatorTurn;
import io.millrace.server.coordinator.group.GroupRecord.OffsetRecord;
import io.millrace.server.coordinator.group.GroupRecord.SeenRecord;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has groups read partitions that are added to their topics from the beginning, whatever their
 * members would do without a committed offset ({@code docs/decisions/094}).
 *
 * <p>For each group and topic that it has committed for, the number of partitions is kept that the
 * topic had when the group was last brought up to date with it. When the topic has more, the group
 * gets offset 0 for those of the new ones that it has not committed for, and the number grows, in
 * one turn. So a coordinator that comes later knows what came later.
 */
@ConfinedTo("the shard's loop")
final class AddedPartitions {
  /** Whether it is done for a topic; the same name is the cluster's setting. */
  static final String CONFIG = "group.start.added.partitions";

  private static final Logger LOG = LoggerFactory.getLogger(AddedPartitions.class);

  private final boolean enabled;
  private final CommittedOffsets offsets;
  private final Map<String, Map<Uuid, Integer>> seen = new HashMap<>();
  private final Map<Uuid, Set<String>> groups = new HashMap<>();

  AddedPartitions(boolean enabled, CommittedOffsets offsets) {
    this.enabled = enabled;
    this.offsets = offsets;
  }

  void replay(SeenRecord record) {
    Integer partitions = record.partitions();
    if (partitions != null) {
      put(record.group(), record.topicId(), partitions);
      return;
    }
    seen.computeIfPresent(
        record.group(),
        (group, topics) -> {
          topics.remove(record.topicId());
          return topics.isEmpty() ? null : topics;
        });
    groups.computeIfPresent(
        record.topicId(),
        (topic, readers) -> {
          readers.remove(record.group());
          return readers.isEmpty() ? null : readers;
        });
  }

  private void put(String group, Uuid topic, int partitions) {
    seen.computeIfAbsent(group, key -> new HashMap<>()).put(topic, partitions);
    groups.computeIfAbsent(topic, key -> new HashSet<>()).add(group);
  }

  private @Nullable Integer seen(String group, Uuid topic) {
    return seen.getOrDefault(group, Map.of()).get(topic);
  }

  /** The group has committed for the topic: from here on it is kept up to date. */
  void note(CoordinatorTurn<GroupRecord> turn, String group, TopicImage topic) {
    if (seen(group, topic.id()) == null) {
      turn.append(new SeenRecord(group, topic.id(), topic.partitions().size()));
    }
  }

  /** The group has no offset for the topic any more. */
  void forget(CoordinatorTurn<GroupRecord> turn, String group, Uuid topic) {
    if (seen(group, topic) != null) {
      turn.append(new SeenRecord(group, topic, null));
    }
  }

  /** Before offsets of the topic are told or taken: gives the group what it lacks. */
  void catchUp(CoordinatorTurn<GroupRecord> turn, String group, @Nullable TopicImage topic) {
    Integer before = topic == null ? null : seen(group, topic.id());
    if (topic == null || before == null || before >= topic.partitions().size()) {
      return;
    }
    int now = topic.partitions().size();
    int started = 0;
    if (isEnabled(turn.image(), topic.name())) {
      for (int partition = before; partition < now; partition++) {
        CommittedOffsets.Key key = new CommittedOffsets.Key(topic.name(), partition);
        CommittedOffset known = offsets.of(group).get(key);
        if (known == null || !known.topicId().equals(topic.id())) {
          CommittedOffset start = new CommittedOffset(0, -1, "", turn.wallMillis(), -1, topic.id());
          turn.append(new OffsetRecord(group, topic.name(), partition, start));
          started++;
        }
      }
    }
    turn.append(new SeenRecord(group, topic.id(), now));
    LOG.info(
        "topic has more partitions group={} topic={} before={} now={} startedAtTheBeginning={}",
        group,
        topic.name(),
        before,
        now,
        started);
  }

  void catchUpAll(CoordinatorTurn<GroupRecord> turn, String group) {
    for (Uuid topic : List.copyOf(seen.getOrDefault(group, Map.of()).keySet())) {
      catchUp(turn, group, turn.image().topics().topic(topic));
    }
  }

  /** The image has more partitions of these topics. */
  void onPartitionsAdded(CoordinatorTurn<GroupRecord> turn, Set<Uuid> topics) {
    for (Uuid topic : topics) {
      for (String group : List.copyOf(groups.getOrDefault(topic, Set.of()))) {
        catchUp(turn, group, turn.image().topics().topic(topic));
      }
    }
  }

  void onTopicsDeleted(CoordinatorTurn<GroupRecord> turn, Set<Uuid> topics) {
    for (Uuid topic : topics) {
      for (String group : List.copyOf(groups.getOrDefault(topic, Set.of()))) {
        forget(turn, group, topic);
      }
    }
  }

  /**
   * The log is read: brings groups up to date that could not be while there was no coordinator. Of
   * a group that was written by one that did not keep the number (Kafka's), all partitions that
   * there are now count as seen.
   */
  void onLoaded(CoordinatorTurn<GroupRecord> turn) {
    for (String group : List.copyOf(offsets.groups())) {
      for (CommittedOffset offset : offsets.of(group).values()) {
        TopicImage topic = turn.image().topics().topic(offset.topicId());
        if (topic != null && seen(group, topic.id()) == null) {
          put(group, topic.id(), topic.partitions().size());
        }
      }
    }
    for (String group : List.copyOf(seen.keySet())) {
      catchUpAll(turn, group);
    }
  }

  /** Whether a partition is one that the group would start at its beginning, once it is known. */
  boolean isComing(String group, @Nullable TopicImage topic, int partition) {
    return topic != null
        && seen(group, topic.id()) != null
        && partition >= topic.partitions().size();
  }

  private boolean isEnabled(MetadataImage image, String topic) {
    String own = image.configs().get(ConfigResource.topic(topic), CONFIG);
    return own == null ? enabled : Boolean.parseBoolean(own);
  }
}
