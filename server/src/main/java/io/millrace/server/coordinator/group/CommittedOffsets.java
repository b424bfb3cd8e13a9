package io.millrace.server.coordinator.group;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.OffsetCommitRequest;
import io.millrace.protocol.message.OffsetCommitRequest.OffsetCommitRequestPartition;
import io.millrace.protocol.message.OffsetCommitRequest.OffsetCommitRequestTopic;
import io.millrace.protocol.message.OffsetCommitResponse;
import io.millrace.protocol.message.OffsetCommitResponse.OffsetCommitResponsePartition;
import io.millrace.protocol.message.OffsetCommitResponse.OffsetCommitResponseTopic;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestGroup;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestTopics;
import io.millrace.protocol.message.OffsetFetchResponse.OffsetFetchResponsePartitions;
import io.millrace.protocol.message.OffsetFetchResponse.OffsetFetchResponseTopics;
import io.millrace.server.coordinator.CoordinatorTurn;
import io.millrace.server.coordinator.group.GroupRecord.OffsetRecord;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The offsets of all groups of a shard. Kept by name of the topic, as Kafka keeps them, but each
 * belongs to the topic id that it was committed for: a topic that was deleted and made again starts
 * without offsets.
 */
@ConfinedTo("the shard's loop")
final class CommittedOffsets {

  /** A partition by name. */
  record Key(String topic, int partition) implements Comparable<Key> {
    @Override
    public int compareTo(Key other) {
      int byTopic = topic.compareTo(other.topic);
      return byTopic != 0 ? byTopic : Integer.compare(partition, other.partition);
    }
  }

  private static final short FIRST_COMMIT_BY_ID = 10;

  private final Map<String, SortedMap<Key, CommittedOffset>> byGroup = new HashMap<>();
  private final int maxMetadataChars;

  private final AddedPartitions added;

  CommittedOffsets(int maxMetadataChars, boolean startAddedPartitions) {
    this.maxMetadataChars = maxMetadataChars;
    this.added = new AddedPartitions(startAddedPartitions, this);
  }

  /** What holds for partitions that are added to topics. */
  AddedPartitions added() {
    return added;
  }

  /** Offsets of all groups. */
  int count() {
    int count = 0;
    for (SortedMap<Key, CommittedOffset> offsets : byGroup.values()) {
      count += offsets.size();
    }
    return count;
  }

  void replay(OffsetRecord record) {
    Key key = new Key(record.topic(), record.partition());
    CommittedOffset value = record.value();
    if (value != null) {
      byGroup.computeIfAbsent(record.group(), group -> new TreeMap<>()).put(key, value);
      return;
    }
    SortedMap<Key, CommittedOffset> offsets = byGroup.get(record.group());
    if (offsets != null) {
      offsets.remove(key);
      if (offsets.isEmpty()) {
        byGroup.remove(record.group());
      }
    }
  }

  /** A view. */
  SortedMap<Key, CommittedOffset> of(String group) {
    return byGroup.getOrDefault(group, new TreeMap<>());
  }

  /** The groups that have offsets. */
  Set<String> groups() {
    return byGroup.keySet();
  }

  boolean has(String group) {
    return byGroup.containsKey(group);
  }

  // ---- commit

  OffsetCommitResponse commit(
      CoordinatorTurn<GroupRecord> turn, short version, OffsetCommitRequest request) {
    boolean byId = version >= FIRST_COMMIT_BY_ID;
    long now = turn.wallMillis();
    long expires = request.retentionTimeMs() < 0 ? -1 : now + request.retentionTimeMs();
    return commitAnswer(
        request,
        (topic, partition) -> {
          TopicImage image = find(turn.image(), topic.name(), topic.topicId());
          if (image == null && (byId || isId(topic.topicId()))) {
            return ErrorCode.UNKNOWN_TOPIC_ID;
          }
          if (image == null || image.partition(partition.partitionIndex()) == null) {
            return ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
          }
          String metadata =
              partition.committedMetadata() == null ? "" : partition.committedMetadata();
          if (metadata.length() > maxMetadataChars) {
            return ErrorCode.OFFSET_METADATA_TOO_LARGE;
          }
          added.catchUp(turn, request.groupId(), image);
          added.note(turn, request.groupId(), image);
          turn.append(
              new OffsetRecord(
                  request.groupId(),
                  image.name(),
                  partition.partitionIndex(),
                  new CommittedOffset(
                      partition.committedOffset(),
                      partition.committedLeaderEpoch(),
                      metadata,
                      now,
                      expires,
                      image.id())));
          return ErrorCode.NONE;
        });
  }

  /** An answer with the same shape as the request. */
  static OffsetCommitResponse commitAnswer(
      OffsetCommitRequest request,
      BiFunction<OffsetCommitRequestTopic, OffsetCommitRequestPartition, ErrorCode> outcome) {
    List<OffsetCommitResponseTopic> topics = new ArrayList<>(request.topics().size());
    for (OffsetCommitRequestTopic topic : request.topics()) {
      List<OffsetCommitResponsePartition> partitions = new ArrayList<>(topic.partitions().size());
      for (OffsetCommitRequestPartition partition : topic.partitions()) {
        partitions.add(
            new OffsetCommitResponsePartition(
                partition.partitionIndex(), outcome.apply(topic, partition).code()));
      }
      topics.add(new OffsetCommitResponseTopic(topic.name(), topic.topicId(), partitions));
    }
    return OffsetCommitResponse.builder().topics(topics).build();
  }

  // ---- fetch

  /**
   * The offsets that were asked for, or all.
   *
   * @param mayWait whether a partition that this broker does not know yet is to be asked for again,
   *     where the group would start it at its beginning
   */
  List<OffsetFetchResponseTopics> fetch(
      CoordinatorTurn<GroupRecord> turn,
      OffsetFetchRequestGroup request,
      boolean byId,
      boolean mayWait) {
    MetadataImage image = turn.image();
    if (request.topics() == null) {
      added.catchUpAll(turn, request.groupId());
    } else {
      for (OffsetFetchRequestTopics topic : request.topics()) {
        added.catchUp(turn, request.groupId(), find(image, topic.name(), topic.topicId()));
      }
    }
    SortedMap<Key, CommittedOffset> offsets = of(request.groupId());
    if (request.topics() == null) {
      return fetchAll(image, offsets, byId);
    }
    List<OffsetFetchResponseTopics> topics = new ArrayList<>();
    for (OffsetFetchRequestTopics topic : request.topics()) {
      TopicImage known = find(image, topic.name(), topic.topicId());
      String name = known != null ? known.name() : topic.name();
      Function<Integer, OffsetFetchResponsePartitions> answer =
          known == null && (byId || isId(topic.topicId()))
              ? partition -> noOffset(partition, ErrorCode.UNKNOWN_TOPIC_ID)
              : partition -> {
                CommittedOffset offset = offsets.get(new Key(name, partition));
                if (offset != null && isOf(offset, known)) {
                  return fetched(partition, offset);
                }
                boolean wait = mayWait && added.isComing(request.groupId(), known, partition);
                return noOffset(
                    partition, wait ? ErrorCode.UNSTABLE_OFFSET_COMMIT : ErrorCode.NONE);
              };
      topics.add(
          new OffsetFetchResponseTopics(
              topic.name(),
              topic.topicId(),
              topic.partitionIndexes().stream().map(answer).toList()));
    }
    return topics;
  }

  private static List<OffsetFetchResponseTopics> fetchAll(
      MetadataImage image, SortedMap<Key, CommittedOffset> offsets, boolean byId) {
    Map<String, List<OffsetFetchResponsePartitions>> byTopic = new TreeMap<>();
    offsets.forEach(
        (key, offset) -> {
          TopicImage topic = image.topics().topic(key.topic());
          if (isOf(offset, topic) && (topic != null || !byId)) {
            byTopic
                .computeIfAbsent(key.topic(), name -> new ArrayList<>())
                .add(fetched(key.partition(), offset));
          }
        });
    List<OffsetFetchResponseTopics> topics = new ArrayList<>();
    byTopic.forEach(
        (name, partitions) -> {
          TopicImage topic = image.topics().topic(name);
          topics.add(
              byId && topic != null
                  ? new OffsetFetchResponseTopics("", topic.id(), partitions)
                  : new OffsetFetchResponseTopics(name, Uuid.ZERO, partitions));
        });
    return topics;
  }

  /**
   * Whether the offset speaks of the topic that has its name now; of none: benefit of the doubt.
   */
  private static boolean isOf(CommittedOffset offset, @Nullable TopicImage topic) {
    return topic == null || !isId(offset.topicId()) || offset.topicId().equals(topic.id());
  }

  private static OffsetFetchResponsePartitions fetched(int partition, CommittedOffset offset) {
    return new OffsetFetchResponsePartitions(
        partition, offset.offset(), offset.leaderEpoch(), offset.metadata(), (short) 0);
  }

  static OffsetFetchResponsePartitions noOffset(int partition, ErrorCode error) {
    return new OffsetFetchResponsePartitions(partition, -1, -1, "", error.code());
  }

  // ---- delete

  void deleteAll(CoordinatorTurn<GroupRecord> turn, String group) {
    for (Key key : List.copyOf(of(group).keySet())) {
      delete(turn, group, key);
    }
  }

  void delete(CoordinatorTurn<GroupRecord> turn, String group, Key key) {
    CommittedOffset gone = of(group).get(key);
    turn.append(new OffsetRecord(group, key.topic(), key.partition(), null));
    boolean last =
        of(group)
            .subMap(new Key(key.topic(), 0), new Key(key.topic(), Integer.MAX_VALUE))
            .isEmpty();
    if (gone != null && last) {
      added.forget(turn, group, gone.topicId());
    }
  }

  /** The topics are no more: neither are their offsets. */
  void onTopicsDeleted(CoordinatorTurn<GroupRecord> turn, Set<Uuid> topics) {
    for (String group : List.copyOf(byGroup.keySet())) {
      for (Map.Entry<Key, CommittedOffset> entry : List.copyOf(of(group).entrySet())) {
        if (topics.contains(entry.getValue().topicId())) {
          delete(turn, group, entry.getKey());
        }
      }
    }
    added.onTopicsDeleted(turn, topics);
  }

  private static @Nullable TopicImage find(MetadataImage image, String name, Uuid id) {
    return isId(id) ? image.topics().topic(id) : image.topics().topic(name);
  }

  private static boolean isId(Uuid id) {
    return !id.equals(Uuid.ZERO);
  }
}
