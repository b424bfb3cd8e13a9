package io.millrace.client.cluster;

import io.millrace.client.IsolationLevel;
import io.millrace.client.MillraceException;
import io.millrace.client.OffsetAndTimestamp;
import io.millrace.client.TopicPartition;
import io.millrace.client.network.LinkUse;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ListOffsetsRequest;
import io.millrace.protocol.message.ListOffsetsRequest.ListOffsetsPartition;
import io.millrace.protocol.message.ListOffsetsRequest.ListOffsetsTopic;
import io.millrace.protocol.message.ListOffsetsResponse;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Asks leaders for offsets by timestamp or by one of the wire's special timestamps. Runs on the
 * client's loop.
 */
public final class OffsetLookup {
  private final ClusterClient cluster;
  private final IsolationLevel isolation;
  private final Map<TopicPartition, Long> asked;

  private OffsetLookup(
      ClusterClient cluster, Map<TopicPartition, Long> asked, IsolationLevel isolation) {
    this.cluster = cluster;
    this.asked = Map.copyOf(asked);
    this.isolation = isolation;
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
    OffsetLookup lookup = new OffsetLookup(cluster, timestamps, isolation);
    return LeaderRounds.run(cluster, timestamps.keySet(), timeoutNanos, lookup::ask);
  }

  private CompletableFuture<Boolean> ask(
      LeaderRounds<OffsetAndTimestamp> rounds,
      int leader,
      List<TopicPartition> partitions,
      ClusterView view,
      long timeoutNanos) {
    return cluster
        .send(leader, LinkUse.REQUESTS, request(partitions, view, timeoutNanos), timeoutNanos)
        .thenApply(
            answer -> {
              take(rounds, (ListOffsetsResponse) answer, partitions);
              return false; // who is not settled has another leader, or none
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

  private static void take(
      LeaderRounds<OffsetAndTimestamp> rounds,
      ListOffsetsResponse response,
      List<TopicPartition> partitions) {
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
                          if (error != ErrorCode.NONE) {
                            rounds.refuse(
                                partition,
                                new MillraceException(
                                    error, "no offset of " + partition + ": " + error.message()));
                          } else {
                            rounds.complete(
                                partition,
                                new OffsetAndTimestamp(
                                    answer.offset(), answer.timestamp(), answer.leaderEpoch()));
                          }
                        }));
    forgotten.forEach(
        partition ->
            rounds.refuse(
                partition,
                new MillraceException(
                    ErrorCode.UNKNOWN_SERVER_ERROR,
                    "the broker's answer leaves out " + partition)));
  }
}
