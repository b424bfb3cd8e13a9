package io.millrace.server.handler;

import io.millrace.metadata.controller.ControllerConfig;
import io.millrace.metadata.publish.MetadataClient;
import io.millrace.metadata.request.CreateTopics;
import io.millrace.metadata.request.CreateTopics.CreatedTopic;
import io.millrace.metadata.request.CreateTopics.NewTopic;
import io.millrace.metadata.request.Result;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.CreateTopicsRequest;
import io.millrace.protocol.message.CreateTopicsRequest.CreatableReplicaAssignment;
import io.millrace.protocol.message.CreateTopicsRequest.CreatableTopic;
import io.millrace.protocol.message.CreateTopicsRequest.CreatableTopicConfig;
import io.millrace.protocol.message.CreateTopicsResponse;
import io.millrace.protocol.message.CreateTopicsResponse.CreatableTopicConfigs;
import io.millrace.protocol.message.CreateTopicsResponse.CreatableTopicResult;
import io.millrace.server.config.ConfigException;
import io.millrace.server.config.TopicConfigs;
import io.millrace.server.config.TopicDefaults;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Creates topics. What can be said without the cluster's state (names, configs, duplicates) is said
 * here, per topic; the rest is the controller's.
 */
final class CreateTopicsHandler implements RequestHandler<CreateTopicsRequest> {
  static final int MAX_PARTITIONS = ControllerConfig.DEFAULTS.maxPartitionsPerTopic();
  private static final int DEFAULT = -1;

  private final MetadataClient metadata;
  private final ControllerCalls controller;
  private final TopicDefaults defaults;
  private final ConfigDescriber configs;
  private final Supplier<CompletableFuture<Void>> settled;

  /**
   * @param settled gives a future that completes when this node's replicas are as its image says
   */
  CreateTopicsHandler(
      MetadataClient metadata,
      ControllerCalls controller,
      TopicDefaults defaults,
      ConfigDescriber configs,
      Supplier<CompletableFuture<Void>> settled) {
    this.metadata = metadata;
    this.controller = controller;
    this.defaults = defaults;
    this.configs = configs;
    this.settled = settled;
  }

  @Override
  public CompletableFuture<Reply> handle(RequestContext context, CreateTopicsRequest request) {
    Map<String, CreatableTopicResult> refused = new LinkedHashMap<>();
    List<NewTopic> good = new ArrayList<>();
    Set<String> twice = duplicates(request);
    for (CreatableTopic topic : request.topics()) {
      Result problem =
          twice.contains(topic.name())
              ? Result.of(ErrorCode.INVALID_REQUEST, "topic is named twice in one request")
              : problem(topic);
      if (problem != null) {
        refused.put(topic.name(), failed(topic.name(), problem));
      } else {
        good.add(newTopic(topic));
      }
    }
    if (good.isEmpty()) {
      return CompletableFuture.completedFuture(answer(refused));
    }
    return controller
        .send(
            new CreateTopics(good, request.validateOnly()),
            request.timeoutMs(),
            response -> {
              response.topics().forEach(created -> refused.put(created.name(), result(created)));
              return refused;
            },
            failure -> {
              good.forEach(topic -> refused.put(topic.name(), failed(topic.name(), failure)));
              return refused;
            })
        // The client goes on at once with what it created; this node should be ready for it.
        .thenCompose(results -> settled.get().thenApply(ready -> answer(results)));
  }

  private static Set<String> duplicates(CreateTopicsRequest request) {
    Set<String> seen = new HashSet<>();
    Set<String> twice = new HashSet<>();
    for (CreatableTopic topic : request.topics()) {
      if (!seen.add(topic.name())) {
        twice.add(topic.name());
      }
    }
    return twice;
  }

  private static @Nullable Result problem(CreatableTopic topic) {
    String badName = TopicNames.problem(topic.name());
    if (badName != null) {
      return Result.of(ErrorCode.INVALID_TOPIC_EXCEPTION, badName);
    }
    if (InternalTopics.isInternal(topic.name())) {
      return InternalTopics.refusal(topic.name(), "create");
    }
    boolean assigned = !topic.assignments().isEmpty();
    if (assigned && (topic.numPartitions() != DEFAULT || topic.replicationFactor() != DEFAULT)) {
      return Result.of(
          ErrorCode.INVALID_REQUEST,
          "partitions and replication factor must be -1 when replicas are assigned by hand");
    }
    if (topic.numPartitions() == 0
        || topic.numPartitions() < DEFAULT
        || topic.numPartitions() > MAX_PARTITIONS) {
      return Result.of(
          ErrorCode.INVALID_PARTITIONS,
          "partitions="
              + topic.numPartitions()
              + ", expected 1 to "
              + MAX_PARTITIONS
              + " or -1 for the default");
    }
    if (topic.replicationFactor() == 0 || topic.replicationFactor() < DEFAULT) {
      return Result.of(
          ErrorCode.INVALID_REPLICATION_FACTOR,
          "replication factor="
              + topic.replicationFactor()
              + ", expected 1 or more, or -1 for the default");
    }
    Set<Integer> partitions = new HashSet<>();
    for (CreatableReplicaAssignment assignment : topic.assignments()) {
      if (!partitions.add(assignment.partitionIndex())) {
        return Result.of(
            ErrorCode.INVALID_REPLICA_ASSIGNMENT,
            "partition " + assignment.partitionIndex() + " is assigned twice");
      }
    }
    return problemOfConfigs(topic);
  }

  private static @Nullable Result problemOfConfigs(CreatableTopic topic) {
    Set<String> keys = new HashSet<>();
    for (CreatableTopicConfig config : topic.configs()) {
      String value = config.value();
      if (!keys.add(config.name())) {
        return Result.of(ErrorCode.INVALID_REQUEST, "config " + config.name() + " is given twice");
      }
      if (value == null) {
        return Result.of(ErrorCode.INVALID_CONFIG, "config " + config.name() + " has no value");
      }
      try {
        TopicConfigs.check(config.name(), value);
      } catch (ConfigException e) {
        return Result.of(ErrorCode.INVALID_CONFIG, String.valueOf(e.getMessage()));
      }
    }
    return null;
  }

  private NewTopic newTopic(CreatableTopic topic) {
    Map<Integer, List<Integer>> assignments = new HashMap<>();
    topic.assignments().forEach(one -> assignments.put(one.partitionIndex(), one.brokerIds()));
    Map<String, String> given = new HashMap<>();
    for (CreatableTopicConfig config : topic.configs()) {
      String value = config.value();
      if (value != null) {
        given.put(config.name(), value);
      }
    }
    boolean assigned = !assignments.isEmpty();
    int partitions = topic.numPartitions();
    int factor = topic.replicationFactor();
    if (!assigned && partitions == DEFAULT) {
      partitions = defaults.partitions();
    }
    if (!assigned && factor == DEFAULT) {
      factor = defaults.replicationFactorFor(ReplicationFactors.placeable(metadata.image()));
    }
    return new NewTopic(topic.name(), partitions, factor, assignments, given);
  }

  private CreatableTopicResult result(CreatedTopic created) {
    if (!created.result().isOk()) {
      return failed(created.name(), created.result());
    }
    Uuid id = created.id();
    List<CreatableTopicConfigs> described =
        configs.topic(metadata.image(), created.name()).stream()
            .map(
                entry ->
                    new CreatableTopicConfigs(
                        entry.name(), entry.value(), false, entry.source().code(), false))
            .toList();
    return CreatableTopicResult.builder()
        .name(created.name())
        .topicId(id == null ? Uuid.ZERO : id)
        .numPartitions(created.partitions())
        .replicationFactor((short) created.replicationFactor())
        .configs(described)
        .build();
  }

  private static CreatableTopicResult failed(String name, Result result) {
    return CreatableTopicResult.builder()
        .name(name)
        .errorCode(result.error().code())
        .errorMessage(result.message())
        .configs(List.of())
        .build();
  }

  private static Reply answer(Map<String, CreatableTopicResult> results) {
    return Reply.of(CreateTopicsResponse.builder().topics(List.copyOf(results.values())).build());
  }
}
