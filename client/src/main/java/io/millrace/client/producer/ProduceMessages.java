package io.millrace.client.producer;

import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.ClusterView;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.ProduceRequest;
import io.millrace.protocol.message.ProduceRequest.PartitionProduceData;
import io.millrace.protocol.message.ProduceRequest.TopicProduceData;
import io.millrace.protocol.message.ProduceResponse;
import io.millrace.protocol.message.ProduceResponse.PartitionProduceResponse;
import io.millrace.protocol.message.ProduceResponse.TopicProduceResponse;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Between batches and the wire's produce messages. Pure. */
final class ProduceMessages {

  private ProduceMessages() {}

  /** What a broker says about one partition. */
  record Answer(ErrorCode error, String reason, long baseOffset, long logAppendTime) {}

  /** Names go into older versions, ids into newer ones; each version leaves the other out. */
  static ProduceRequest request(
      Collection<ProducerBatch> batches, ClusterView view, short acks, int timeoutMs) {
    Map<String, List<PartitionProduceData>> byTopic = new LinkedHashMap<>();
    for (ProducerBatch batch : batches) {
      byTopic
          .computeIfAbsent(batch.partition().topic(), topic -> new ArrayList<>())
          .add(
              PartitionProduceData.builder()
                  .index(batch.partition().partition())
                  .records(batch.bytes())
                  .build());
    }
    List<TopicProduceData> topics = new ArrayList<>(byTopic.size());
    byTopic.forEach(
        (topic, partitions) ->
            topics.add(
                TopicProduceData.builder()
                    .name(topic)
                    .topicId(view.topicId(topic))
                    .partitionData(partitions)
                    .build()));
    return ProduceRequest.builder()
        .transactionalId(null)
        .acks(acks)
        .timeoutMs(timeoutMs)
        .topicData(topics)
        .build();
  }

  /** The answers by partition; those that the broker forgot are absent. */
  static Map<TopicPartition, Answer> answers(ProduceResponse response, Map<Uuid, String> names) {
    Map<TopicPartition, Answer> answers = new HashMap<>();
    for (TopicProduceResponse topic : response.responses()) {
      String name = topic.name().isEmpty() ? names.get(topic.topicId()) : topic.name();
      if (name == null) {
        continue;
      }
      for (PartitionProduceResponse partition : topic.partitionResponses()) {
        answers.put(new TopicPartition(name, partition.index()), answer(partition));
      }
    }
    return answers;
  }

  private static Answer answer(PartitionProduceResponse partition) {
    ErrorCode error = ErrorCode.forCode(partition.errorCode());
    String said = partition.errorMessage();
    StringBuilder reason = new StringBuilder(error.name());
    if (said != null) {
      reason.append(": ").append(said);
    }
    partition
        .recordErrors()
        .forEach(
            each ->
                reason
                    .append("; record ")
                    .append(each.batchIndex())
                    .append(": ")
                    .append(each.batchIndexErrorMessage()));
    return new Answer(
        error, reason.toString(), partition.baseOffset(), partition.logAppendTimeMs());
  }
}
