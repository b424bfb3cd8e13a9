package io.millrace.client.admin;

import io.millrace.client.BrokerInfo;
import io.millrace.client.MillraceException;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.TopicView;
import io.millrace.client.network.Failures;
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
  private final long deadlineNanos;
  private final Map<TopicPartition, Long> offsets = new HashMap<>();
  private final Map<TopicPartition, CompletableFuture<Long>> results = new LinkedHashMap<>();
  private int failures;
  private int partitionBytes = FIRST_PARTITION_BYTES;

  private RecordTimes(ClusterClient cluster, Map<TopicPartition, Long> offsets, long timeoutNanos) {
    this.cluster = cluster;
    this.deadlineNanos = cluster.clock().monotonicNanos() + timeoutNanos;
    this.offsets.putAll(offsets);
    offsets.keySet().stream()
        .sorted()
        .forEach(partition -> results.put(partition, new CompletableFuture<>()));
  }

  /**
   * Starts; any thread. Each partition has its own result: the time of the first record at the
   * offset or behind it, -1 where there is none.
   */
  static Map<TopicPartition, CompletableFuture<Long>> find(
      ClusterClient cluster, Map<TopicPartition, Long> offsets, long timeoutNanos) {
    RecordTimes times = new RecordTimes(cluster, offsets, timeoutNanos);
    Map<TopicPartition, CompletableFuture<Long>> results = Map.copyOf(times.results);
    boolean started =
        cluster.runOnLoop(
            () -> {
              results.values().forEach(cluster::failOnClose);
              times.round();
            });
    if (!started) {
      results.values().forEach(result -> result.completeExceptionally(Failures.closed()));
    }
    return results;
  }

  private void round() {
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
    List<CompletableFuture<Boolean>> answers = new ArrayList<>();
    byLeader.forEach((leader, partitions) -> answers.add(ask(leader, partitions, view)));
    homeless.forEach(partition -> refuse(partition, whyHomeless(partition, view)));
    CompletableFuture.allOf(answers.toArray(CompletableFuture<?>[]::new))
        .thenRun(
            () ->
                roundEnded(
                    homeless.isEmpty() && answers.stream().allMatch(CompletableFuture::join)));
  }

  private static MillraceException whyHomeless(TopicPartition partition, ClusterView view) {
    TopicView topic = view.topic(partition.topic());
    ErrorCode error =
        topic != null && topic.error() != ErrorCode.NONE
            ? topic.error()
            : ErrorCode.LEADER_NOT_AVAILABLE;
    return new MillraceException(error, "no leader is known for " + partition);
  }

  private void roundEnded(boolean isFine) {
    boolean isDone = results.values().stream().allMatch(CompletableFuture::isDone);
    if (isDone || cluster.isClosed()) {
      return;
    }
    if (isFine) {
      partitionBytes = Math.min(MAX_PARTITION_BYTES, 2 * partitionBytes);
      round();
    } else {
      failures++;
      cluster.refresh();
      cluster.loop().schedule(this::round, cluster.backoffNanos(failures));
    }
  }

  /** Whether the broker answered, whatever it said. */
  private CompletableFuture<Boolean> ask(
      int leader, List<TopicPartition> partitions, ClusterView view) {
    long left = deadlineNanos - cluster.clock().monotonicNanos();
    long timeout = Math.max(1_000_000, Math.min(left, cluster.config().requestTimeout().toNanos()));
    return cluster
        .send(leader, LinkUse.REQUESTS, request(partitions, view), timeout)
        .handle(
            (answer, failure) -> {
              if (answer instanceof FetchResponse response) {
                return take(response, partitions, view.namesById());
              }
              MillraceException reason = failure == null ? Failures.closed() : Failures.of(failure);
              partitions.forEach(partition -> refuse(partition, reason));
              return false;
            });
  }

  private FetchRequest request(List<TopicPartition> partitions, ClusterView view) {
    Map<String, List<FetchPartition>> byTopic = new LinkedHashMap<>();
    for (TopicPartition partition : partitions) {
      byTopic
          .computeIfAbsent(partition.topic(), topic -> new ArrayList<>())
          .add(
              FetchPartition.builder()
                  .partition(partition.partition())
                  .currentLeaderEpoch(view.leaderEpochOf(partition))
                  .fetchOffset(offsets.getOrDefault(partition, 0L))
                  .partitionMaxBytes(partitionBytes)
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
      FetchResponse response, List<TopicPartition> partitions, Map<Uuid, String> names) {
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
        refuse(
            partition,
            new MillraceException(reason, "cannot read " + partition + ": " + reason.message()));
      } else {
        take(partition, data, i == 0);
      }
    }
    return isFine;
  }

  private void take(TopicPartition partition, PartitionData data, boolean isFirst) {
    CompletableFuture<Long> result = results.get(partition);
    if (result == null || result.isDone()) {
      return;
    }
    long offset = offsets.getOrDefault(partition, 0L);
    boolean isEmpty = !(data.records() instanceof MemoryRecords some) || some.sizeInBytes() == 0;
    // The first partition gets a batch of whatever size, if there is any.
    if (offset >= data.highWatermark() || (isEmpty && isFirst)) {
      result.complete(NONE);
    } else if (data.records() instanceof MemoryRecords records) {
      try {
        settle(partition, records, offset, result);
      } catch (CorruptRecordsException corrupt) {
        result.completeExceptionally(
            new MillraceException(
                ErrorCode.CORRUPT_MESSAGE,
                "cannot read " + partition + " at offset " + offset + ": " + corrupt.getMessage(),
                corrupt));
      }
    }
  }

  private void settle(
      TopicPartition partition,
      MemoryRecords records,
      long offset,
      CompletableFuture<Long> result) {
    long next = offset;
    for (RecordBatch batch : records.batches()) {
      if (!batch.isControl() && batch.lastOffset() >= offset) {
        for (Record record : batch.records()) {
          if (record.offset() >= offset) {
            result.complete(record.timestamp());
            return;
          }
        }
      }
      next = Math.max(next, batch.nextOffset());
    }
    // Only the system's own records, or the rest of a compacted batch: goes on behind them.
    offsets.put(partition, next);
  }

  /** Fails the result unless another round may help. */
  private void refuse(TopicPartition partition, MillraceException reason) {
    CompletableFuture<Long> result = results.get(partition);
    boolean isOver = deadlineNanos - cluster.clock().monotonicNanos() <= 0;
    if (result != null && (isOver || !reason.isRetriable())) {
      result.completeExceptionally(reason);
    }
  }
}
