package io.millrace.client.consumer;

import io.millrace.client.ConsumerConfig;
import io.millrace.client.OffsetAndTimestamp;
import io.millrace.client.OffsetSpec;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.cluster.OffsetLookup;
import io.millrace.client.cluster.TopicDescriber;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/** Questions about logs that touch no position. Any thread. */
final class OffsetQueries {

  private final ConsumerConfig config;
  private final ClusterClient cluster;

  OffsetQueries(ConsumerConfig config, ClusterClient cluster) {
    this.config = config;
    this.cluster = cluster;
  }

  CompletableFuture<Map<TopicPartition, OffsetAndTimestamp>> forTimes(
      Map<TopicPartition, Long> timestamps) {
    Map<TopicPartition, Long> specs = new HashMap<>();
    timestamps.forEach(
        (partition, millis) -> specs.put(partition, OffsetSpec.forTimestamp(millis).timestamp()));
    return lookup(specs)
        .thenApply(
            found -> {
              Map<TopicPartition, OffsetAndTimestamp> present = new HashMap<>(found);
              present.values().removeIf(offset -> offset.offset() < 0);
              return Map.copyOf(present);
            });
  }

  CompletableFuture<Map<TopicPartition, Long>> offsets(
      Collection<TopicPartition> partitions, OffsetSpec spec) {
    Map<TopicPartition, Long> specs = new HashMap<>();
    partitions.forEach(partition -> specs.put(partition, spec.timestamp()));
    return lookup(specs)
        .thenApply(
            found -> {
              Map<TopicPartition, Long> offsets = new HashMap<>();
              found.forEach((partition, offset) -> offsets.put(partition, offset.offset()));
              return Map.copyOf(offsets);
            });
  }

  private CompletableFuture<Map<TopicPartition, OffsetAndTimestamp>> lookup(
      Map<TopicPartition, Long> specs) {
    Map<TopicPartition, CompletableFuture<OffsetAndTimestamp>> results =
        OffsetLookup.list(
            cluster, specs, config.isolation(), config.client().apiTimeout().toNanos());
    return CompletableFuture.allOf(results.values().toArray(CompletableFuture<?>[]::new))
        .thenApply(
            done -> {
              Map<TopicPartition, OffsetAndTimestamp> found = new HashMap<>();
              results.forEach((partition, result) -> found.put(partition, result.join()));
              return found;
            });
  }

  CompletableFuture<TopicDescription> describe(String topic) {
    return Objects.requireNonNull(
        TopicDescriber.describe(cluster, List.of(topic), config.client().apiTimeout().toNanos())
            .get(topic));
  }
}
