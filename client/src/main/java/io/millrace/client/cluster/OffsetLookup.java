package io.millrace.client.cluster;

import io.millrace.client.BrokerInfo;
import io.millrace.client.IsolationLevel;
import io.millrace.client.MillraceException;
import io.millrace.client.OffsetAndTimestamp;
import io.millrace.client.TopicPartition;
import io.millrace.client.network.Failures;
import io.millrace.client.network.LinkUse;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ListOffsetsRequest;
import io.millrace.protocol.message.ListOffsetsRequest.ListOffsetsPartition;
import io.millrace.protocol.message.ListOffsetsRequest.ListOffsetsTopic;
import io.millrace.protocol.message.ListOffsetsResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Asks leaders for offsets by timestamp or by one of the wire's special timestamps; one request per
 * leader and round, and another round for partitions whose leader was not the right one, until the
 * time is over. Runs on the client's loop.
 */
public final class OffsetLookup {

  private final ClusterClient cluster;
  private final IsolationLevel isolation;
  private final long deadlineNanos;
  private final Map<TopicPartition, Long> asked;
  private final Map<TopicPartition, CompletableFuture<OffsetAndTimestamp>> results =
      new LinkedHashMap<>();
  private int rounds;

  private OffsetLookup(
      ClusterClient cluster,
      Map<TopicPartition, Long> asked,
      IsolationLevel isolation,
      long timeoutNanos) {
    this.cluster = cluster;
    this.asked = Map.copyOf(asked);
    this.isolation = isolation;
    this.deadlineNanos = cluster.clock().monotonicNanos() + timeoutNanos;
    asked.keySet().forEach(partition -> results.put(partition, new CompletableFuture<>()));
  }

  /**
   * Starts; any thread. Each partition has its own result, offset -1 where no record has the
   * timestamp.
   */
  public static Map<TopicPartition, CompletableFuture<OffsetAndTimestamp>> list(
      ClusterClient cluster,
      Map<TopicPartition, Long> timestamps,
      IsolationLevel isolation,
      long timeoutNanos) {
    OffsetLookup lookup = new OffsetLookup(cluster, timestamps, isolation, timeoutNanos);
    Map<TopicPartition, CompletableFuture<OffsetAndTimestamp>> results = Map.copyOf(lookup.results);
    boolean started =
        cluster.runOnLoop(
            () -> {
              results.values().forEach(cluster::failOnClose);
              lookup.round();
            });
    if (!started) {
      results.values().forEach(result -> result.completeExceptionally(Failures.closed()));
    }
    return results;
  }

  private void round() {
    rounds++;
    ClusterView view = cluster.view();
    Map<Integer, List<TopicPartition>> byLeader = new HashMap<>();
    List<TopicPartition> homeless = new ArrayList<>();
    results.forEach(
        (partition, result) -> {
          if (!result.isDone()) {
            cluster.track(partition.topic());
            BrokerInfo leader = view.leaderOf(partition);
            if (leader == null) {
              homeless.add(partition);
            } else {
              byLeader.computeIfAbsent(leader.id(), id -> new ArrayList<>()).add(partition);
            }
          }
        });
    List<CompletableFuture<Void>> answers = new ArrayList<>();
    byLeader.forEach((leader, partitions) -> answers.add(ask(leader, partitions, view)));
    homeless.forEach(partition -> refuse(partition, whyHomeless(partition, view)));
    CompletableFuture.allOf(answers.toArray(CompletableFuture<?>[]::new)).thenRun(this::roundEnded);
  }

  private MillraceException whyHomeless(TopicPartition partition, ClusterView view) {
    TopicView topic = view.topic(partition.topic());
    if (topic != null && topic.error() != ErrorCode.NONE) {
      return new MillraceException(
          topic.error(), "topic '" + partition.topic() + "': " + topic.error().message());
    }
    if (topic != null && partition.partition() >= topic.partitionCount()) {
      return new MillraceException(
          ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
          "topic '"
              + partition.topic()
              + "' has partitions 0 to "
              + (topic.partitionCount() - 1)
              + ", not "
              + partition.partition());
    }
    return new MillraceException(
        ErrorCode.LEADER_NOT_AVAILABLE, "no leader is known for " + partition);
  }

  private void roundEnded() {
    boolean isDone = results.values().stream().allMatch(CompletableFuture::isDone);
    if (!isDone && !cluster.isClosed()) {
      cluster.refresh();
      cluster.loop().schedule(this::round, cluster.backoffNanos(rounds));
    }
  }

  private CompletableFuture<Void> ask(
      int leader, List<TopicPartition> partitions, ClusterView view) {
    long left = deadlineNanos - cluster.clock().monotonicNanos();
    long timeout = Math.max(1_000_000, Math.min(left, cluster.config().requestTimeout().toNanos()));
    return cluster
        .send(leader, LinkUse.REQUESTS, request(partitions, view, timeout), timeout)
        .handle(
            (answer, failure) -> {
              if (answer instanceof ListOffsetsResponse response) {
                take(response, partitions);
              } else {
                MillraceException reason =
                    failure == null ? Failures.closed() : Failures.of(failure);
                partitions.forEach(partition -> refuse(partition, reason));
              }
              return null;
            });
  }

  private ListOffsetsRequest request(
      List<TopicPartition> partitions, ClusterView view, long timeoutNanos) {
    Map<String, List<ListOffsetsPartition>> byTopic = new LinkedHashMap<>();
    for (TopicPartition partition : partitions) {
      byTopic
          .computeIfAbsent(partition.topic(), topic -> new ArrayList<>())
          .add(
              ListOffsetsPartition.builder()
                  .partitionIndex(partition.partition())
                  .currentLeaderEpoch(view.leaderEpochOf(partition))
                  .timestamp(asked.getOrDefault(partition, -1L))
                  .build());
    }
    List<ListOffsetsTopic> topics = new ArrayList<>();
    byTopic.forEach(
        (topic, each) ->
            topics.add(ListOffsetsTopic.builder().name(topic).partitions(each).build()));
    return ListOffsetsRequest.builder()
        .replicaId(-1)
        .isolationLevel((byte) isolation.ordinal())
        .topics(topics)
        .timeoutMs((int) (timeoutNanos / 1_000_000))
        .build();
  }

  private void take(ListOffsetsResponse response, List<TopicPartition> partitions) {
    List<TopicPartition> forgotten = new ArrayList<>(partitions);
    response
        .topics()
        .forEach(
            topic ->
                topic
                    .partitions()
                    .forEach(
                        answer -> {
                          TopicPartition partition =
                              new TopicPartition(topic.name(), answer.partitionIndex());
                          forgotten.remove(partition);
                          ErrorCode error = ErrorCode.forCode(answer.errorCode());
                          CompletableFuture<OffsetAndTimestamp> result = results.get(partition);
                          if (error != ErrorCode.NONE) {
                            refuse(
                                partition,
                                new MillraceException(
                                    error, "no offset of " + partition + ": " + error.message()));
                          } else if (result != null) {
                            result.complete(
                                new OffsetAndTimestamp(
                                    answer.offset(), answer.timestamp(), answer.leaderEpoch()));
                          }
                        }));
    forgotten.forEach(
        partition ->
            refuse(
                partition,
                new MillraceException(
                    ErrorCode.UNKNOWN_SERVER_ERROR,
                    "the broker's answer leaves out " + partition)));
  }

  /** Fails the result unless another round may help. */
  private void refuse(TopicPartition partition, MillraceException reason) {
    CompletableFuture<OffsetAndTimestamp> result = results.get(partition);
    boolean isOver = deadlineNanos - cluster.clock().monotonicNanos() <= 0;
    if (result != null && (isOver || !reason.isRetriable())) {
      result.completeExceptionally(reason);
    }
  }
}
