package io.millrace.server;

import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.Endpoint;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ListOffsetsRequest;
import io.millrace.protocol.message.ListOffsetsRequest.ListOffsetsPartition;
import io.millrace.protocol.message.ListOffsetsRequest.ListOffsetsTopic;
import io.millrace.protocol.message.ListOffsetsResponse;
import io.millrace.protocol.message.ListOffsetsResponse.ListOffsetsPartitionResponse;
import io.millrace.protocol.message.ListOffsetsResponse.ListOffsetsTopicResponse;
import io.millrace.protocol.network.Connection;
import io.millrace.protocol.network.ConnectionConfig;
import io.millrace.protocol.network.NetworkLoops;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the leaders of partitions, this broker among them, where the partitions end. What cannot be
 * learnt is left out. Any thread.
 */
final class PartitionEnds {
  private static final Logger LOG = LoggerFactory.getLogger(PartitionEnds.class);
  private static final long LATEST = -1;
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

  /** A partition by name; the name is that of one topic in the image that it was found in. */
  record Asked(String topic, int partition) {}

  private final String listener;
  private final Supplier<MetadataImage> image;
  private final NetworkLoops network;
  private final Duration timeout;
  private final ConnectionConfig config;

  PartitionEnds(
      int nodeId,
      String listener,
      Supplier<MetadataImage> image,
      NetworkLoops network,
      Duration timeout) {
    this.listener = listener;
    this.image = image;
    this.network = network;
    this.timeout = timeout;
    this.config =
        ConnectionConfig.withClientId("broker-" + nodeId + "-ends")
            .withConnectTimeout(CONNECT_TIMEOUT)
            .withMaxInFlight(1);
  }

  /** Never fails. Each leader is asked once, on a connection of its own. */
  CompletableFuture<Map<Asked, Long>> of(Collection<Asked> wanted) {
    MetadataImage now = image.get();
    Map<Integer, Set<Asked>> byLeader = new HashMap<>();
    for (Asked one : wanted) {
      TopicImage topic = now.topics().topic(one.topic());
      PartitionImage partition = topic == null ? null : topic.partition(one.partition());
      if (partition != null && partition.hasLeader()) {
        byLeader.computeIfAbsent(partition.leader(), leader -> new HashSet<>()).add(one);
      }
    }
    Map<Asked, Long> ends = new ConcurrentHashMap<>();
    List<CompletableFuture<Void>> asked = new ArrayList<>();
    byLeader.forEach((leader, partitions) -> asked.add(ask(now, leader, partitions, ends)));
    return CompletableFuture.allOf(asked.toArray(new CompletableFuture<?>[0]))
        .thenApply(done -> ends);
  }

  private CompletableFuture<Void> ask(
      MetadataImage now, int leader, Set<Asked> partitions, Map<Asked, Long> ends) {
    BrokerImage broker = now.cluster().broker(leader);
    Endpoint endpoint = broker == null ? null : broker.endpoint(listener);
    if (endpoint == null) {
      return CompletableFuture.completedFuture(null);
    }
    return Connection.connect(network, endpoint.host(), endpoint.port(), config)
        .thenCompose(
            connection ->
                connection
                    .send(request(partitions), timeout)
                    .whenComplete((response, failure) -> connection.close()))
        .thenAccept(response -> take((ListOffsetsResponse) response, ends))
        .exceptionally(
            failure -> {
              LOG.info(
                  "ends of partitions could not be learnt leader={} partitions={} because={}",
                  leader,
                  partitions.size(),
                  failure.toString());
              return null;
            });
  }

  private static ListOffsetsRequest request(Set<Asked> partitions) {
    Map<String, List<ListOffsetsPartition>> byTopic = new HashMap<>();
    for (Asked one : partitions) {
      byTopic
          .computeIfAbsent(one.topic(), topic -> new ArrayList<>())
          .add(
              ListOffsetsPartition.builder()
                  .partitionIndex(one.partition())
                  .timestamp(LATEST)
                  .build());
    }
    List<ListOffsetsTopic> topics = new ArrayList<>();
    byTopic.forEach((topic, list) -> topics.add(new ListOffsetsTopic(topic, list)));
    return ListOffsetsRequest.builder().replicaId(-1).topics(topics).build();
  }

  private static void take(ListOffsetsResponse response, Map<Asked, Long> ends) {
    for (ListOffsetsTopicResponse topic : response.topics()) {
      for (ListOffsetsPartitionResponse partition : topic.partitions()) {
        if (partition.errorCode() == ErrorCode.NONE.code() && partition.offset() >= 0) {
          ends.put(new Asked(topic.name(), partition.partitionIndex()), partition.offset());
        }
      }
    }
  }
}
