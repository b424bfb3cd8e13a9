package io.millrace.client.group;

import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.ClusterView;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.OffsetCommitRequest;
import io.millrace.protocol.message.OffsetCommitRequest.OffsetCommitRequestPartition;
import io.millrace.protocol.message.OffsetCommitRequest.OffsetCommitRequestTopic;
import io.millrace.protocol.message.OffsetCommitResponse;
import io.millrace.protocol.message.OffsetFetchRequest;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestGroup;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestTopics;
import io.millrace.protocol.message.OffsetFetchResponse;
import io.millrace.protocol.message.OffsetFetchResponse.OffsetFetchResponseGroup;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Between offsets and the wire's messages. Topics go by id where the broker speaks that (version
 * 10) and all ids are known; else by name. Pure.
 */
final class OffsetMessages {

  /** The last version of OffsetCommit and OffsetFetch in which topics have names. */
  private static final short LAST_WITH_NAMES = 9;

  private OffsetMessages() {}

  /** What a broker said of one partition. */
  record Fetched(ErrorCode error, @Nullable OffsetAndMetadata offset) {}

  /** The highest version that can say these topics. */
  static short maxVersion(Collection<TopicPartition> partitions, ClusterView view) {
    boolean allKnown =
        partitions.stream().noneMatch(each -> view.topicId(each.topic()).equals(Uuid.ZERO));
    return allKnown ? Short.MAX_VALUE : LAST_WITH_NAMES;
  }

  static OffsetCommitRequest commit(
      Identity member, Map<TopicPartition, OffsetAndMetadata> offsets, ClusterView view) {
    Map<String, List<OffsetCommitRequestPartition>> byTopic = new LinkedHashMap<>();
    offsets.forEach(
        (partition, offset) ->
            byTopic
                .computeIfAbsent(partition.topic(), topic -> new ArrayList<>())
                .add(
                    OffsetCommitRequestPartition.builder()
                        .partitionIndex(partition.partition())
                        .committedOffset(offset.offset())
                        .committedLeaderEpoch(offset.leaderEpoch())
                        .committedMetadata(offset.metadata())
                        .build()));
    List<OffsetCommitRequestTopic> topics = new ArrayList<>();
    byTopic.forEach(
        (topic, partitions) ->
            topics.add(
                OffsetCommitRequestTopic.builder()
                    .name(topic)
                    .topicId(view.topicId(topic))
                    .partitions(partitions)
                    .build()));
    return OffsetCommitRequest.builder()
        .groupId(member.groupId())
        .memberId(member.memberId())
        .generationIdOrMemberEpoch(member.epoch())
        .groupInstanceId(member.instanceId())
        .topics(topics)
        .build();
  }

  /** Errors by partition. */
  static Map<TopicPartition, ErrorCode> errors(
      OffsetCommitResponse response, Map<Uuid, String> names) {
    Map<TopicPartition, ErrorCode> errors = new HashMap<>();
    for (OffsetCommitResponse.OffsetCommitResponseTopic topic : response.topics()) {
      String name = nameOf(topic.name(), topic.topicId(), names);
      if (name != null) {
        topic
            .partitions()
            .forEach(
                each ->
                    errors.put(
                        new TopicPartition(name, each.partitionIndex()),
                        ErrorCode.forCode(each.errorCode())));
      }
    }
    return errors;
  }

  /** Null for a topic that was not asked about. */
  private static @Nullable String nameOf(String said, Uuid id, Map<Uuid, String> names) {
    return said.isEmpty() ? names.get(id) : said;
  }

  static OffsetFetchRequest fetch(
      Identity member, Collection<TopicPartition> partitions, ClusterView view) {
    Map<String, List<Integer>> byTopic =
        partitions.stream()
            .collect(
                Collectors.groupingBy(
                    TopicPartition::topic,
                    LinkedHashMap::new,
                    Collectors.mapping(TopicPartition::partition, Collectors.toList())));
    List<OffsetFetchRequestTopics> topics = new ArrayList<>();
    byTopic.forEach(
        (topic, numbers) ->
            topics.add(
                OffsetFetchRequestTopics.builder()
                    .name(topic)
                    .topicId(view.topicId(topic))
                    .partitionIndexes(numbers)
                    .build()));
    return OffsetFetchRequest.builder()
        .groups(
            List.of(
                OffsetFetchRequestGroup.builder()
                    .groupId(member.groupId())
                    .memberId(member.memberId().isEmpty() ? null : member.memberId())
                    .memberEpoch(member.epoch())
                    .topics(topics)
                    .build()))
        .requireStable(true)
        .build();
  }

  /** Answers by partition. */
  static Map<TopicPartition, Fetched> fetched(
      OffsetFetchResponseGroup group, Map<Uuid, String> names) {
    Map<TopicPartition, Fetched> found = new HashMap<>();
    for (OffsetFetchResponse.OffsetFetchResponseTopics topic : group.topics()) {
      String name = nameOf(topic.name(), topic.topicId(), names);
      if (name != null) {
        topic
            .partitions()
            .forEach(
                each -> found.put(new TopicPartition(name, each.partitionIndex()), fetched(each)));
      }
    }
    return found;
  }

  private static Fetched fetched(OffsetFetchResponse.OffsetFetchResponsePartitions each) {
    String note = each.metadata();
    return new Fetched(
        ErrorCode.forCode(each.errorCode()),
        each.committedOffset() < 0
            ? null
            : new OffsetAndMetadata(
                each.committedOffset(), each.committedLeaderEpoch(), note == null ? "" : note));
  }

  /** The ids that a request sends, to read the answer by. */
  static Map<Uuid, String> names(Collection<TopicPartition> partitions, ClusterView view) {
    Map<Uuid, String> names = new HashMap<>();
    Set<String> topics = partitions.stream().map(TopicPartition::topic).collect(Collectors.toSet());
    topics.forEach(topic -> names.put(view.topicId(topic), topic));
    return names;
  }
}
