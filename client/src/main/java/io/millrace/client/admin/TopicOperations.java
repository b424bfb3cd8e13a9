package io.millrace.client.admin;

import io.millrace.client.ConfigEntry;
import io.millrace.client.CreatedTopic;
import io.millrace.client.MillraceException;
import io.millrace.client.NewTopic;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.CreatePartitionsRequest;
import io.millrace.protocol.message.CreatePartitionsRequest.CreatePartitionsTopic;
import io.millrace.protocol.message.CreatePartitionsResponse;
import io.millrace.protocol.message.CreateTopicsRequest;
import io.millrace.protocol.message.CreateTopicsRequest.CreatableReplicaAssignment;
import io.millrace.protocol.message.CreateTopicsRequest.CreatableTopic;
import io.millrace.protocol.message.CreateTopicsRequest.CreatableTopicConfig;
import io.millrace.protocol.message.CreateTopicsResponse;
import io.millrace.protocol.message.CreateTopicsResponse.CreatableTopicConfigs;
import io.millrace.protocol.message.CreateTopicsResponse.CreatableTopicResult;
import io.millrace.protocol.message.DeleteTopicsRequest;
import io.millrace.protocol.message.DeleteTopicsResponse;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.protocol.message.ResponseMessage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Creates, deletes and widens topics: changes that the controller makes. Any thread; continues on
 * the loop.
 */
final class TopicOperations {

  private final ClusterClient cluster;
  private final long timeoutNanos;

  TopicOperations(ClusterClient cluster, long timeoutNanos) {
    this.cluster = cluster;
    this.timeoutNanos = timeoutNanos;
  }

  Map<String, CompletableFuture<CreatedTopic>> create(
      Collection<NewTopic> topics, boolean validateOnly) {
    Map<String, NewTopic> byName = new HashMap<>();
    for (NewTopic topic : topics) {
      if (byName.put(topic.name(), topic) != null) {
        throw new IllegalArgumentException("topic '" + topic.name() + "' is given twice");
      }
    }
    return ManyAtOnce.run(
        cluster,
        "createTopics",
        byName.keySet(),
        timeoutNanos,
        names -> {
          List<CreatableTopic> wanted = new ArrayList<>();
          for (String name : names) {
            NewTopic topic = byName.get(name);
            if (topic != null) {
              wanted.add(creatable(topic));
            }
          }
          return toController(
              CreateTopicsRequest.builder()
                  .topics(wanted)
                  .timeoutMs(requestMillis())
                  .validateOnly(validateOnly)
                  .build());
        },
        (answer, results) -> {
          for (CreatableTopicResult topic : ((CreateTopicsResponse) answer).topics()) {
            MillraceException failure =
                Answers.failure(
                    topic.errorCode(), topic.errorMessage(), "create topic '" + topic.name() + "'");
            if (failure == null) {
              results.succeeded(topic.name(), created(topic));
            } else {
              results.failed(topic.name(), failure);
            }
          }
        });
  }

  private static CreatableTopic creatable(NewTopic topic) {
    List<CreatableReplicaAssignment> assignments = new ArrayList<>();
    topic
        .assignments()
        .forEach(
            (partition, brokers) ->
                assignments.add(
                    CreatableReplicaAssignment.builder()
                        .partitionIndex(partition)
                        .brokerIds(brokers)
                        .build()));
    List<CreatableTopicConfig> configs = new ArrayList<>();
    topic
        .configs()
        .forEach(
            (name, value) ->
                configs.add(CreatableTopicConfig.builder().name(name).value(value).build()));
    return CreatableTopic.builder()
        .name(topic.name())
        .numPartitions(topic.partitions())
        .replicationFactor((short) topic.replicationFactor())
        .assignments(assignments)
        .configs(configs)
        .build();
  }

  private static CreatedTopic created(CreatableTopicResult topic) {
    List<ConfigEntry> entries = new ArrayList<>();
    List<CreatableTopicConfigs> configs = topic.configs();
    if (configs != null) {
      for (CreatableTopicConfigs config : configs) {
        entries.add(
            new ConfigEntry(
                config.name(),
                config.value(),
                ConfigEntry.Source.ofCode(config.configSource()),
                config.readOnly(),
                config.isSensitive(),
                null));
      }
    }
    return new CreatedTopic(
        topic.name(), topic.topicId(), topic.numPartitions(), topic.replicationFactor(), entries);
  }

  Map<String, CompletableFuture<Void>> delete(Collection<String> topics) {
    return ManyAtOnce.<String, Void>run(
        cluster,
        "deleteTopics",
        topics,
        timeoutNanos,
        names ->
            toController(
                DeleteTopicsRequest.builder()
                    .topics(
                        names.stream()
                            .map(
                                name ->
                                    DeleteTopicsRequest.DeleteTopicState.builder()
                                        .name(name)
                                        .build())
                            .toList())
                    .timeoutMs(requestMillis())
                    .build()),
        (answer, results) -> {
          for (DeleteTopicsResponse.DeletableTopicResult topic :
              ((DeleteTopicsResponse) answer).responses()) {
            String name = topic.name();
            if (name != null) {
              end(results, name, deletionFailure(topic, name));
            }
          }
        });
  }

  private static @Nullable MillraceException deletionFailure(
      DeleteTopicsResponse.DeletableTopicResult topic, String name) {
    MillraceException failure =
        Answers.failure(topic.errorCode(), topic.errorMessage(), "delete topic '" + name + "'");
    return failure != null && failure.error() == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
        ? new FinalFailure(failure)
        : failure;
  }

  Map<String, CompletableFuture<Void>> createPartitions(
      Map<String, Integer> totals, boolean validateOnly) {
    return ManyAtOnce.<String, Void>run(
        cluster,
        "createPartitions",
        totals.keySet(),
        timeoutNanos,
        names -> {
          List<CreatePartitionsTopic> wanted = new ArrayList<>();
          for (String name : names) {
            wanted.add(
                CreatePartitionsTopic.builder()
                    .name(name)
                    .count(totals.getOrDefault(name, 0))
                    .assignments(null)
                    .build());
          }
          return toController(
              CreatePartitionsRequest.builder()
                  .topics(wanted)
                  .timeoutMs(requestMillis())
                  .validateOnly(validateOnly)
                  .build());
        },
        (answer, results) -> {
          for (CreatePartitionsResponse.CreatePartitionsTopicResult topic :
              ((CreatePartitionsResponse) answer).results()) {
            MillraceException failure =
                Answers.failure(
                    topic.errorCode(),
                    topic.errorMessage(),
                    "add partitions to topic '" + topic.name() + "'");
            boolean isUnknown =
                failure != null && failure.error() == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
            end(
                results,
                topic.name(),
                failure != null && isUnknown ? new FinalFailure(failure) : failure);
          }
        });
  }

  @SuppressWarnings("NullAway") // Void has no other value
  private static void end(
      ManyAtOnce<String, Void> results, String name, @Nullable MillraceException failure) {
    if (failure == null) {
      results.succeeded(name, null);
    } else {
      results.failed(name, failure);
    }
  }

  private CompletableFuture<ResponseMessage> toController(RequestMessage request) {
    return cluster.sendToController(request, cluster.config().requestTimeout().toNanos());
  }

  private int requestMillis() {
    return (int) cluster.config().requestTimeout().toMillis();
  }
}
