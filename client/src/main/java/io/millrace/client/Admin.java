package io.millrace.client;

import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Changes and describes a cluster. Each call goes to the broker that can answer it, and is repeated
 * while the trouble is passing (a leader moves, a connection breaks) until {@code
 * default.api.timeout.ms}.
 *
 * <p>Thread-safe; nothing blocks except {@link #close()}. Where a call names several resources,
 * each has its own future: one bad name does not spoil the others. Futures fail with {@link
 * MillraceException}, and complete on the client's loop.
 */
public interface Admin extends AutoCloseable {

  static AdminBuilder builder() {
    return new AdminBuilder();
  }

  /** Creates one topic. */
  default CompletableFuture<CreatedTopic> createTopic(NewTopic topic) {
    return Results.only(createTopics(List.of(topic), false), topic.name());
  }

  /**
   * Creates topics; completes when the cluster's metadata has them.
   *
   * @param validateOnly only checks whether it would work
   */
  Map<String, CompletableFuture<CreatedTopic>> createTopics(
      Collection<NewTopic> topics, boolean validateOnly);

  /** Deletes one topic, with all its records. */
  default CompletableFuture<Void> deleteTopic(String topic) {
    return Results.only(deleteTopics(List.of(topic)), topic);
  }

  /** Deletes topics, with all their records. */
  Map<String, CompletableFuture<Void>> deleteTopics(Collection<String> topics);

  /** All topics, by name; internal ones too, marked. */
  CompletableFuture<List<TopicListing>> listTopics();

  /** One topic. */
  default CompletableFuture<TopicDescription> describeTopic(String topic) {
    return Results.only(describeTopics(List.of(topic)), topic);
  }

  Map<String, CompletableFuture<TopicDescription>> describeTopics(Collection<String> topics);

  /**
   * Adds partitions until a topic has the given number.
   *
   * @param totals topic to its new number of partitions
   */
  Map<String, CompletableFuture<Void>> createPartitions(
      Map<String, Integer> totals, boolean validateOnly);

  /** All configs of each resource, with their sources. */
  Map<ConfigResource, CompletableFuture<List<ConfigEntry>>> describeConfigs(
      Collection<ConfigResource> resources);

  /** Changes configs; those not named stay as they are. */
  Map<ConfigResource, CompletableFuture<Void>> alterConfigs(
      Map<ConfigResource, List<ConfigChange>> changes, boolean validateOnly);

  /** The brokers, fenced ones too, and the controller. */
  CompletableFuture<ClusterDescription> describeCluster();

  /** The metadata quorum: leader, term, lag of each voter. */
  CompletableFuture<QuorumDescription> describeQuorum();

  /** One offset of each partition; offset -1 where a timestamp finds no record. */
  Map<TopicPartition, CompletableFuture<OffsetAndTimestamp>> listOffsets(
      Map<TopicPartition, OffsetSpec> partitions);

  /** Fails what is under way, and frees threads and connections. */
  @Override
  void close();

  /** As {@link #close()}, but first lets what is under way end, at most this long. */
  void close(Duration timeout);
}
