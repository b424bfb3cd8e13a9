package io.millrace.client.cluster;

import io.millrace.client.MillraceException;
import io.millrace.client.PartitionDescription;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicListing;
import io.millrace.client.network.Failures;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.MetadataResponse;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Asks any broker what it knows about topics, for people rather than for routing. Any thread;
 * continues on the loop.
 */
public final class TopicDescriber {

  private TopicDescriber() {}

  /** All topics by name. */
  public static CompletableFuture<List<TopicListing>> list(
      ClusterClient cluster, long timeoutNanos) {
    return ask(cluster, null, timeoutNanos, "listTopics")
        .thenApply(
            view ->
                view.topics().values().stream()
                    .map(topic -> new TopicListing(topic.name(), topic.id(), topic.internal()))
                    .sorted(Comparator.comparing(TopicListing::name))
                    .toList());
  }

  /** These topics, each with its own result. */
  public static Map<String, CompletableFuture<TopicDescription>> describe(
      ClusterClient cluster, Collection<String> names, long timeoutNanos) {
    CompletableFuture<ClusterView> answer =
        ask(cluster, Set.copyOf(names), timeoutNanos, "describeTopics");
    Map<String, CompletableFuture<TopicDescription>> results = new HashMap<>();
    for (String name : names) {
      results.put(name, unwrapped(answer.thenApply(view -> description(name, view.topic(name)))));
    }
    return Map.copyOf(results);
  }

  /**
   * The exception itself rather than a {@link java.util.concurrent.CompletionException} around it.
   */
  private static <T> CompletableFuture<T> unwrapped(CompletableFuture<T> wrapped) {
    CompletableFuture<T> plain = new CompletableFuture<>();
    wrapped.whenComplete(
        (value, failure) -> {
          if (failure == null) {
            plain.complete(value);
          } else {
            plain.completeExceptionally(Failures.of(failure));
          }
        });
    return plain;
  }

  private static CompletableFuture<ClusterView> ask(
      ClusterClient cluster, @Nullable Set<String> names, long timeoutNanos, String operation) {
    return Attempts.run(
        cluster,
        operation,
        timeoutNanos,
        () ->
            cluster
                .askAny(
                    MetadataCodec.request(names, false),
                    cluster.config().requestTimeout().toNanos())
                .thenApply(answer -> MetadataCodec.view((MetadataResponse) answer)));
  }

  private static TopicDescription description(String name, @Nullable TopicView topic) {
    if (topic == null) {
      throw new MillraceException(
          ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
          "describe topic '" + name + "': the answer leaves it out");
    }
    if (topic.error() != ErrorCode.NONE) {
      throw new MillraceException(
          topic.error(),
          "describe topic '"
              + name
              + "': "
              + topic.error()
              + (topic.error() == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
                  ? ": there is no such topic"
                  : ": " + topic.error().message()));
    }
    return new TopicDescription(
        name,
        topic.id(),
        topic.internal(),
        topic.partitions().stream()
            .map(
                partition ->
                    new PartitionDescription(
                        partition.partition(),
                        partition.leader(),
                        partition.leaderEpoch(),
                        partition.replicas(),
                        partition.inSync(),
                        partition.offline()))
            .toList());
  }
}
