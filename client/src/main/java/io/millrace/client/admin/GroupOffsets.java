package io.millrace.client.admin;

import io.millrace.client.BrokerInfo;
import io.millrace.client.MillraceException;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.TopicPartition;
import io.millrace.client.admin.ByCoordinator.Outcome;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.network.LinkUse;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.OffsetCommitRequest;
import io.millrace.protocol.message.OffsetCommitRequest.OffsetCommitRequestPartition;
import io.millrace.protocol.message.OffsetCommitRequest.OffsetCommitRequestTopic;
import io.millrace.protocol.message.OffsetCommitResponse;
import io.millrace.protocol.message.OffsetDeleteRequest;
import io.millrace.protocol.message.OffsetDeleteRequest.OffsetDeleteRequestPartition;
import io.millrace.protocol.message.OffsetDeleteRequest.OffsetDeleteRequestTopic;
import io.millrace.protocol.message.OffsetDeleteResponse;
import io.millrace.protocol.message.OffsetFetchRequest;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestGroup;
import io.millrace.protocol.message.OffsetFetchResponse;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Reads, changes and deletes what groups have committed. Any thread; continues on the loop.
 *
 * <p>Speaks of topics by name (versions up to 9), although newer versions have ids: an operator
 * wants to see offsets of topics that are gone, and those have no id any more.
 */
final class GroupOffsets {

  private static final short BY_NAME = 9;
  private static final int NO_GENERATION = -1;

  private final ClusterClient cluster;
  private final long timeoutNanos;

  GroupOffsets(ClusterClient cluster, long timeoutNanos) {
    this.cluster = cluster;
    this.timeoutNanos = timeoutNanos;
  }

  /** All that each group has committed; a group that nobody knows has nothing. */
  Map<String, CompletableFuture<Map<TopicPartition, OffsetAndMetadata>>> committed(
      Collection<String> groups) {
    return ByCoordinator.run(cluster, "committedOffsets", groups, timeoutNanos, this::askCommitted);
  }

  private CompletableFuture<Map<String, Outcome<Map<TopicPartition, OffsetAndMetadata>>>>
      askCommitted(BrokerInfo coordinator, List<String> groups, long requestNanos) {
    OffsetFetchRequest request =
        OffsetFetchRequest.builder()
            .groups(
                groups.stream()
                    .map(
                        group ->
                            OffsetFetchRequestGroup.builder().groupId(group).topics(null).build())
                    .toList())
            .build();
    return cluster
        .sendTo(coordinator, LinkUse.REQUESTS, request, BY_NAME, requestNanos)
        .thenApply(
            answer -> {
              Map<String, Outcome<Map<TopicPartition, OffsetAndMetadata>>> outcomes =
                  new HashMap<>();
              for (OffsetFetchResponse.OffsetFetchResponseGroup group :
                  ((OffsetFetchResponse) answer).groups()) {
                outcomes.put(group.groupId(), read(group));
              }
              return outcomes;
            });
  }

  private static Outcome<Map<TopicPartition, OffsetAndMetadata>> read(
      OffsetFetchResponse.OffsetFetchResponseGroup group) {
    String operation = "offsets of group '" + group.groupId() + "'";
    MillraceException failure = Answers.failure(group.errorCode(), null, operation);
    if (failure != null) {
      return Outcome.failed(failure);
    }
    Map<TopicPartition, OffsetAndMetadata> offsets = new HashMap<>();
    for (OffsetFetchResponse.OffsetFetchResponseTopics topic : group.topics()) {
      for (OffsetFetchResponse.OffsetFetchResponsePartitions each : topic.partitions()) {
        TopicPartition partition = new TopicPartition(topic.name(), each.partitionIndex());
        MillraceException refused =
            Answers.failure(each.errorCode(), null, operation + " in " + partition);
        if (refused != null) {
          return Outcome.failed(refused);
        }
        if (each.committedOffset() >= 0) {
          String metadata = each.metadata();
          offsets.put(
              partition,
              new OffsetAndMetadata(
                  each.committedOffset(),
                  each.committedLeaderEpoch(),
                  metadata == null ? "" : metadata));
        }
      }
    }
    return Outcome.of(offsets);
  }

  /** Commits for a group without being a member; refused while the group has members. */
  Map<TopicPartition, CompletableFuture<Void>> alter(
      String group, Map<TopicPartition, OffsetAndMetadata> offsets) {
    Map<TopicPartition, OffsetAndMetadata> wanted = Map.copyOf(offsets);
    List<OffsetCommitRequestTopic> topics =
        byTopic(
            wanted.keySet(),
            (topic, partitions) ->
                OffsetCommitRequestTopic.builder()
                    .name(topic)
                    .partitions(
                        partitions.stream().map(each -> commit(each, wanted.get(each))).toList())
                    .build());
    OffsetCommitRequest request =
        OffsetCommitRequest.builder()
            .groupId(group)
            .generationIdOrMemberEpoch(NO_GENERATION)
            .memberId("")
            .topics(topics)
            .build();
    CompletableFuture<Map<TopicPartition, ErrorCode>> answer =
        askOne(
            group,
            "alterGroupOffsets",
            (coordinator, requestNanos) ->
                cluster
                    .sendTo(coordinator, LinkUse.REQUESTS, request, BY_NAME, requestNanos)
                    .thenApply(
                        committed -> outcome(group, errors((OffsetCommitResponse) committed))));
    return GroupOperations.each(
        wanted.keySet(), answer, "set the offset of group '" + group + "' in");
  }

  private static OffsetCommitRequestPartition commit(
      TopicPartition partition, @Nullable OffsetAndMetadata wanted) {
    OffsetAndMetadata offset = Objects.requireNonNull(wanted);
    return OffsetCommitRequestPartition.builder()
        .partitionIndex(partition.partition())
        .committedOffset(offset.offset())
        .committedLeaderEpoch(offset.leaderEpoch())
        .committedMetadata(offset.metadata())
        .build();
  }

  private static Map<TopicPartition, ErrorCode> errors(OffsetCommitResponse answer) {
    Map<TopicPartition, ErrorCode> errors = new HashMap<>();
    answer
        .topics()
        .forEach(
            topic ->
                topic
                    .partitions()
                    .forEach(
                        each ->
                            errors.put(
                                new TopicPartition(topic.name(), each.partitionIndex()),
                                ErrorCode.forCode(each.errorCode()))));
    return errors;
  }

  /** Forgets commits; refused for topics that a member subscribes to. */
  Map<TopicPartition, CompletableFuture<Void>> delete(
      String group, Collection<TopicPartition> partitions) {
    List<TopicPartition> unwanted = List.copyOf(partitions);
    OffsetDeleteRequest request =
        OffsetDeleteRequest.builder()
            .groupId(group)
            .topics(
                byTopic(
                    unwanted,
                    (topic, each) ->
                        OffsetDeleteRequestTopic.builder()
                            .name(topic)
                            .partitions(
                                each.stream()
                                    .map(
                                        partition ->
                                            OffsetDeleteRequestPartition.builder()
                                                .partitionIndex(partition.partition())
                                                .build())
                                    .toList())
                            .build()))
            .build();
    CompletableFuture<Map<TopicPartition, ErrorCode>> answer =
        askOne(
            group,
            "deleteGroupOffsets",
            (coordinator, requestNanos) ->
                cluster
                    .sendTo(coordinator, LinkUse.REQUESTS, request, Short.MAX_VALUE, requestNanos)
                    .thenApply(deleted -> outcome(group, (OffsetDeleteResponse) deleted)));
    return GroupOperations.each(unwanted, answer, "delete the offset of group '" + group + "' in");
  }

  private static Outcome<Map<TopicPartition, ErrorCode>> outcome(
      String group, OffsetDeleteResponse answer) {
    MillraceException failure =
        Answers.failure(answer.errorCode(), null, "delete offsets of group '" + group + "'");
    if (failure != null) {
      return Outcome.failed(failure);
    }
    Map<TopicPartition, ErrorCode> errors = new HashMap<>();
    answer
        .topics()
        .forEach(
            topic ->
                topic
                    .partitions()
                    .forEach(
                        each ->
                            errors.put(
                                new TopicPartition(topic.name(), each.partitionIndex()),
                                ErrorCode.forCode(each.errorCode()))));
    return outcome(group, errors);
  }

  /** A coordinator that is none, or not yet, says so of every partition. */
  private static Outcome<Map<TopicPartition, ErrorCode>> outcome(
      String group, Map<TopicPartition, ErrorCode> errors) {
    for (ErrorCode error : errors.values()) {
      boolean isOfCoordinator =
          error == ErrorCode.NOT_COORDINATOR
              || error == ErrorCode.COORDINATOR_NOT_AVAILABLE
              || error == ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;
      if (isOfCoordinator) {
        return Outcome.failed(
            new MillraceException(error, "group '" + group + "': " + error.message()));
      }
    }
    return Outcome.of(errors);
  }

  private CompletableFuture<Map<TopicPartition, ErrorCode>> askOne(
      String group,
      String operation,
      BiFunction<BrokerInfo, Long, CompletableFuture<Outcome<Map<TopicPartition, ErrorCode>>>>
          question) {
    return Objects.requireNonNull(
        ByCoordinator.<Map<TopicPartition, ErrorCode>>run(
                cluster,
                operation,
                List.of(group),
                timeoutNanos,
                (coordinator, groups, requestNanos) ->
                    question
                        .apply(coordinator, requestNanos)
                        .thenApply(outcome -> Map.of(group, outcome)))
            .get(group));
  }

  private static <T> List<T> byTopic(
      Collection<TopicPartition> partitions, BiFunction<String, List<TopicPartition>, T> topic) {
    Map<String, List<TopicPartition>> byTopic = new TreeMap<>();
    partitions.forEach(
        each -> byTopic.computeIfAbsent(each.topic(), name -> new ArrayList<>()).add(each));
    List<T> topics = new ArrayList<>();
    byTopic.forEach((name, each) -> topics.add(topic.apply(name, each)));
    return topics;
  }
}
