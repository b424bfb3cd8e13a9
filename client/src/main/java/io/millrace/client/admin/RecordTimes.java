package io.millrace.client.admin;

import io.millrace.client.MillraceException;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.LeaderRounds;
import io.millrace.client.network.LinkUse;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.FetchRequest;
import io.millrace.protocol.message.FetchRequest.FetchPartition;
import io.millrace.protocol.message.FetchRequest.FetchTopic;
import io.millrace.protocol.message.FetchResponse;
import io.millrace.protocol.message.FetchResponse.PartitionData;
import io.millrace.protocol.record.CorruptRecordsException;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.Record;
import io.millrace.protocol.record.RecordBatch;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Finds when the records at given offsets were written. The protocol answers offsets by time, not
 * times by offset, so this fetches: little of each partition, one request per leader and round.
 *
 * <p>A batch that is larger than the little comes only when it is the first that a broker finds for
 * the request. Therefore each round asks for what is still open, and for more of it; at least one
 * partition of each leader is settled in every round. Runs on the client's loop.
 */
final class RecordTimes {
  private static final int FIRST_PARTITION_BYTES = 64 << 10;
  private static final int MAX_PARTITION_BYTES = 4 << 20;
  private static final int MAX_ANSWER_BYTES = 16 << 20;
  private static final long NONE = -1;

  private final ClusterClient cluster;
  private final Map<TopicPartition, Long> offsets = new HashMap<>();
  private final Map<Integer, Integer> partitionBytes = new HashMap<>();

  private RecordTimes(ClusterClient cluster, Map<TopicPartition, Long> offsets) {
    this.cluster = cluster;
    this.offsets.putAll(offsets);
  }

  /**
   * Starts; any thread. Each partition has its own result: the time of the first record at the
   * offset or behind it, -1 where there is none.
   */
  static Map<TopicPartition, CompletableFuture<Long>> find(
      ClusterClient cluster, Map<TopicPartition, Long> offsets, long timeoutNanos) {
    RecordTimes times = new RecordTimes(cluster, offsets);
    return LeaderRounds.run(
        cluster, offsets.keySet().stream().sorted().toList(), timeoutNanos, times::ask);
  }

  private CompletableFuture<Boolean> ask(
      LeaderRounds<Long> rounds,
      int leader,
      List<TopicPartition> partitions,
      ClusterView view,
      long timeoutNanos) {
    int most = partitionBytes.getOrDefault(leader, FIRST_PARTITION_BYTES);
    partitionBytes.put(leader, Math.min(MAX_PARTITION_BYTES, 2 * most));
    return cluster
        .send(leader, LinkUse.REQUESTS, request(partitions, view, most), timeoutNanos)
        .thenApply(answer -> take(rounds, (FetchResponse) answer, partitions, view.namesById()));
  }

  private FetchRequest request(
      List<TopicPartition> partitions, ClusterView view, int partitionMaxBytes) {
    Map<String, List<FetchPartition>> byTopic = new LinkedHashMap<>();
    for (TopicPartition partition : partitions) {
      byTopic
          .computeIfAbsent(partition.topic(), topic -> new ArrayList<>())
          .add(
              FetchPartition.builder()
                  .partition(partition.partition())
                  .currentLeaderEpoch(view.leaderEpochOf(partition))
                  .fetchOffset(offsets.getOrDefault(partition, 0L))
                  .partitionMaxBytes(partitionMaxBytes)
                  .build());
    }
    List<FetchTopic> topics = new ArrayList<>();
    byTopic.forEach(
        (topic, each) ->
            topics.add(
                FetchTopic.builder()
                    .topic(topic)
                    .topicId(view.topicId(topic))
                    .partitions(each)
                    .build()));
    return FetchRequest.builder()
        .maxWaitMs(0)
        .minBytes(0)
        .maxBytes(MAX_ANSWER_BYTES)
        .topics(topics)
        .build();
  }

  private boolean take(
      LeaderRounds<Long> rounds,
      FetchResponse response,
      List<TopicPartition> partitions,
      Map<Uuid, String> names) {
    ErrorCode error = ErrorCode.forCode(response.errorCode());
    Map<TopicPartition, PartitionData> answers = new HashMap<>();
    response
        .responses()
        .forEach(
            topic -> {
              String name = topic.topic().isEmpty() ? names.get(topic.topicId()) : topic.topic();
              if (name != null) {
                topic
                    .partitions()
                    .forEach(
                        data -> answers.put(new TopicPartition(name, data.partitionIndex()), data));
              }
            });
    boolean isFine = error == ErrorCode.NONE;
    for (int i = 0; i < partitions.size(); i++) {
      TopicPartition partition = partitions.get(i);
      PartitionData data = answers.get(partition);
      ErrorCode reason =
          data == null
              ? error == ErrorCode.NONE ? ErrorCode.UNKNOWN_SERVER_ERROR : error
              : ErrorCode.forCode(data.errorCode());
      if (data == null || reason != ErrorCode.NONE) {
        isFine = false;
        rounds.refuse(
            partition,
            new MillraceException(reason, "cannot read " + partition + ": " + reason.message()));
      } else {
        take(rounds, partition, data, i == 0);
      }
    }
    return isFine;
  }

  private void take(
      LeaderRounds<Long> rounds, TopicPartition partition, PartitionData data, boolean isFirst) {
    long offset = offsets.getOrDefault(partition, 0L);
    boolean isEmpty = !(data.records() instanceof MemoryRecords some) || some.sizeInBytes() == 0;
    // The first partition gets a batch of whatever size, if there is any.
    if (offset >= data.highWatermark() || (isEmpty && isFirst)) {
      rounds.complete(partition, NONE);
    } else if (data.records() instanceof MemoryRecords records) {
      try {
        settle(rounds, partition, records, offset);
      } catch (CorruptRecordsException corrupt) {
        rounds.fail(
            partition,
            new MillraceException(
                ErrorCode.CORRUPT_MESSAGE,
                "cannot read " + partition + " at offset " + offset + ": " + corrupt.getMessage(),
                corrupt));
      }
    }
  }

  private void settle(
      LeaderRounds<Long> rounds, TopicPartition partition, MemoryRecords records, long offset) {
    long next = offset;
    for (RecordBatch batch : records.batches()) {
      if (!batch.isControl() && batch.lastOffset() >= offset) {
        for (Record record : batch.records()) {
          if (record.offset() >= offset) {
            rounds.complete(partition, record.timestamp());
            return;
          }
        }
      }
      next = Math.max(next, batch.nextOffset());
    }
    // Only the system's own records, or the rest of a compacted batch: goes on behind them.
    offsets.put(partition, next);
  }
}
