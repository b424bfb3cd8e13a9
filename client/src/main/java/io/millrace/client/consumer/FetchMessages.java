package io.millrace.client.consumer;

import io.millrace.client.ConsumerConfig;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.consumer.FetchEvent.Aborted;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.FetchRequest;
import io.millrace.protocol.message.FetchRequest.FetchPartition;
import io.millrace.protocol.message.FetchRequest.FetchTopic;
import io.millrace.protocol.message.FetchResponse;
import io.millrace.protocol.message.FetchResponse.AbortedTransaction;
import io.millrace.protocol.message.FetchResponse.FetchableTopicResponse;
import io.millrace.protocol.message.FetchResponse.PartitionData;
import io.millrace.protocol.message.OffsetForLeaderEpochRequest;
import io.millrace.protocol.message.OffsetForLeaderEpochRequest.OffsetForLeaderPartition;
import io.millrace.protocol.message.OffsetForLeaderEpochRequest.OffsetForLeaderTopic;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Between fetch targets and the wire's messages. Pure. */
final class FetchMessages {

  private FetchMessages() {}

  /** One fetch without a session; names go into older versions, ids into newer ones. */
  static FetchRequest request(
      Collection<FetchTarget> targets, ClusterView view, ConsumerConfig config) {
    Map<String, List<FetchPartition>> byTopic = new LinkedHashMap<>();
    for (FetchTarget target : targets) {
      byTopic
          .computeIfAbsent(target.partition.topic(), topic -> new ArrayList<>())
          .add(
              FetchPartition.builder()
                  .partition(target.partition.partition())
                  .currentLeaderEpoch(view.leaderEpochOf(target.partition))
                  .fetchOffset(target.offset)
                  .partitionMaxBytes(config.maxPartitionFetchBytes())
                  .build());
    }
    List<FetchTopic> topics = new ArrayList<>(byTopic.size());
    byTopic.forEach(
        (topic, partitions) ->
            topics.add(
                FetchTopic.builder()
                    .topic(topic)
                    .topicId(view.topicId(topic))
                    .partitions(partitions)
                    .build()));
    return FetchRequest.builder()
        .maxWaitMs((int) config.fetchMaxWait().toMillis())
        .minBytes(config.fetchMinBytes())
        .maxBytes(config.fetchMaxBytes())
        .isolationLevel((byte) config.isolation().ordinal())
        .topics(topics)
        .rackId(config.clientRack())
        .build();
  }

  /** The answers by partition. */
  static Map<TopicPartition, PartitionData> answers(
      FetchResponse response, Map<Uuid, String> names) {
    Map<TopicPartition, PartitionData> answers = new HashMap<>();
    for (FetchableTopicResponse topic : response.responses()) {
      String name = topic.topic().isEmpty() ? names.get(topic.topicId()) : topic.topic();
      if (name != null) {
        topic
            .partitions()
            .forEach(data -> answers.put(new TopicPartition(name, data.partitionIndex()), data));
      }
    }
    return answers;
  }

  /** By first offset, as the reader needs them. */
  static List<Aborted> aborted(PartitionData data) {
    List<AbortedTransaction> transactions = data.abortedTransactions();
    return transactions == null
        ? List.of()
        : transactions.stream()
            .map(each -> new Aborted(each.producerId(), each.firstOffset()))
            .sorted(Comparator.comparingLong(Aborted::firstOffset))
            .toList();
  }

  /** Asks where the log of an epoch ends, to see whether the leader still has what was read. */
  static OffsetForLeaderEpochRequest epochRequest(FetchTarget target, int leaderEpoch) {
    return OffsetForLeaderEpochRequest.builder()
        .replicaId(-1)
        .topics(
            List.of(
                OffsetForLeaderTopic.builder()
                    .topic(target.partition.topic())
                    .partitions(
                        List.of(
                            OffsetForLeaderPartition.builder()
                                .partition(target.partition.partition())
                                .currentLeaderEpoch(leaderEpoch)
                                .leaderEpoch(target.lastEpoch)
                                .build()))
                    .build()))
        .build();
  }
}
