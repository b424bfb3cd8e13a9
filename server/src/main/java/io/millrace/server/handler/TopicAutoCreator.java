package io.millrace.server.handler;

import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.publish.MetadataClient;
import io.millrace.metadata.request.CreateTopics;
import io.millrace.metadata.request.CreateTopics.CreatedTopic;
import io.millrace.metadata.request.CreateTopics.NewTopic;
import io.millrace.protocol.ErrorCode;
import io.millrace.server.config.TopicDefaults;
import io.millrace.server.coordinator.group.GroupCoordinator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Creates topics that somebody asked for. Requests for a topic whose creation is under way wait for
 * that one, so that a crowd of clients that start together asks the controller once. Any thread.
 */
final class TopicAutoCreator {
  private static final long TIMEOUT_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final MetadataClient metadata;
  private final TopicDefaults defaults;
  private final OffsetsTopic offsetsTopic;
  private final Supplier<CompletableFuture<Void>> settled;
  private final Map<String, CompletableFuture<ErrorCode>> underWay = new ConcurrentHashMap<>();

  /**
   * @param settled gives a future that completes when this node's replicas are as its image says
   */
  TopicAutoCreator(
      MetadataClient metadata,
      TopicDefaults defaults,
      OffsetsTopic offsetsTopic,
      Supplier<CompletableFuture<Void>> settled) {
    this.metadata = metadata;
    this.defaults = defaults;
    this.offsetsTopic = offsetsTopic;
    this.settled = settled;
  }

  boolean isEnabled() {
    return defaults.autoCreate();
  }

  /** Creates topics; completes, never exceptionally, with the errors of those that could not be. */
  CompletableFuture<Map<String, ErrorCode>> create(Set<String> names) {
    Map<String, CompletableFuture<ErrorCode>> outcomes = new HashMap<>();
    for (String name : names) {
      outcomes.put(name, createOne(name));
    }
    return CompletableFuture.allOf(outcomes.values().toArray(CompletableFuture[]::new))
        .thenCompose(all -> settled.get())
        .thenApply(
            ready -> {
              Map<String, ErrorCode> failures = new HashMap<>();
              outcomes.forEach(
                  (name, outcome) -> {
                    if (outcome.join() != ErrorCode.NONE) {
                      failures.put(name, outcome.join());
                    }
                  });
              return failures;
            });
  }

  private CompletableFuture<ErrorCode> createOne(String name) {
    CompletableFuture<ErrorCode> mine = new CompletableFuture<>();
    CompletableFuture<ErrorCode> others = underWay.putIfAbsent(name, mine);
    if (others != null) {
      return others;
    }
    NewTopic topic = newTopic(name);
    if (topic == null) {
      underWay.remove(name);
      mine.complete(ErrorCode.LEADER_NOT_AVAILABLE);
      return mine;
    }
    metadata
        .send(new CreateTopics(List.of(topic), false), TIMEOUT_NANOS)
        .whenComplete(
            (response, failure) -> {
              underWay.remove(name);
              // The client asks again after either of these.
              mine.complete(
                  failure != null || response.topics().isEmpty()
                      ? ErrorCode.LEADER_NOT_AVAILABLE
                      : errorOf(response.topics().get(0)));
            });
    return mine;
  }

  private @Nullable NewTopic newTopic(String name) {
    MetadataImage image = metadata.image();
    return name.equals(GroupCoordinator.TOPIC)
        ? offsetsTopic.next(image)
        : new NewTopic(
            name,
            defaults.partitions(),
            defaults.replicationFactorFor(ReplicationFactors.placeable(image)));
  }

  private static ErrorCode errorOf(CreatedTopic created) {
    ErrorCode error = created.result().error();
    return switch (error) {
      case NONE -> ErrorCode.NONE;
      // Somebody was quicker, and this node's image does not show it yet.
      case TOPIC_ALREADY_EXISTS -> ErrorCode.LEADER_NOT_AVAILABLE;
      default -> error;
    };
  }
}
