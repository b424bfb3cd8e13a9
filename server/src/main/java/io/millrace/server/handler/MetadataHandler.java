package io.millrace.server.handler;

import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.publish.MetadataClient;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.MetadataRequest;
import io.millrace.protocol.message.MetadataRequest.MetadataRequestTopic;
import io.millrace.protocol.message.MetadataResponse;
import io.millrace.protocol.message.MetadataResponse.MetadataResponseBroker;
import io.millrace.protocol.message.MetadataResponse.MetadataResponsePartition;
import io.millrace.protocol.message.MetadataResponse.MetadataResponseTopic;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Tells clients which brokers there are and who leads what. A topic that is asked for and does not
 * exist is created first, when node and client both allow it; the answer then waits for it, so that
 * the client need not ask again.
 */
final class MetadataHandler implements RequestHandler<MetadataRequest> {
  private static final short FIRST_WITH_AUTO_CREATION_FLAG = 4;
  private static final short FIRST_WITH_IDS_IN_REQUEST = 12;

  private final MetadataClient metadata;
  private final TopicAutoCreator autoCreator;

  MetadataHandler(MetadataClient metadata, TopicAutoCreator autoCreator) {
    this.metadata = metadata;
    this.autoCreator = autoCreator;
  }

  @Override
  public CompletableFuture<Reply> handle(RequestContext context, MetadataRequest request) {
    Set<String> missing = missingTopics(context, request);
    if (missing.isEmpty()) {
      return CompletableFuture.completedFuture(Reply.of(answer(context, request, Map.of())));
    }
    return autoCreator
        .create(missing)
        .thenApply(failures -> Reply.of(answer(context, request, failures)));
  }

  private Set<String> missingTopics(RequestContext context, MetadataRequest request) {
    List<MetadataRequestTopic> topics = request.topics();
    boolean allowed =
        autoCreator.isEnabled()
            && (context.version() < FIRST_WITH_AUTO_CREATION_FLAG
                || request.allowAutoTopicCreation());
    if (topics == null || !allowed) {
      return Set.of();
    }
    MetadataImage image = metadata.image();
    Set<String> missing = new LinkedHashSet<>();
    for (MetadataRequestTopic topic : topics) {
      String name = topic.name();
      if (name != null
          && TopicNames.problem(name) == null
          && !InternalTopics.isInternal(name)
          && image.topics().topic(name) == null) {
        missing.add(name);
      }
    }
    return missing;
  }

  private MetadataResponse answer(
      RequestContext context, MetadataRequest request, Map<String, ErrorCode> creationFailures) {
    MetadataImage image = metadata.image();
    ClusterView view = new ClusterView(image, context.listener());
    List<MetadataResponseBroker> brokers = new ArrayList<>();
    for (ClusterView.Reachable reachable : view.brokers()) {
      brokers.add(
          new MetadataResponseBroker(
              reachable.broker().id(),
              reachable.endpoint().host(),
              reachable.endpoint().port(),
              reachable.broker().rack()));
    }
    boolean clusterOperations =
        context.version() >= 8
            && context.version() <= 10
            && request.includeClusterAuthorizedOperations();
    return MetadataResponse.builder()
        .brokers(brokers)
        .clusterId(image.cluster().clusterId())
        .controllerId(view.controllerId(metadata.controllerId()))
        .topics(topics(context, request, view, creationFailures))
        .clusterAuthorizedOperations(
            clusterOperations ? AuthorizedOperations.CLUSTER : AuthorizedOperations.NOT_ASKED)
        .build();
  }

  private static List<MetadataResponseTopic> topics(
      RequestContext context,
      MetadataRequest request,
      ClusterView view,
      Map<String, ErrorCode> creationFailures) {
    int operations =
        context.version() >= 8 && request.includeTopicAuthorizedOperations()
            ? AuthorizedOperations.TOPIC
            : AuthorizedOperations.NOT_ASKED;
    List<MetadataResponseTopic> answers = new ArrayList<>();
    List<MetadataRequestTopic> wanted = request.topics();
    // Null asks for all; so does an empty list in version 0, which has no null.
    if (wanted == null || (context.version() == 0 && wanted.isEmpty())) {
      for (TopicImage topic : view.image().topics().byName()) {
        answers.add(topic(context, view, topic, operations));
      }
      return answers;
    }
    for (MetadataRequestTopic one : wanted) {
      answers.add(wanted(context, view, one, operations, creationFailures));
    }
    return answers;
  }

  private static MetadataResponseTopic wanted(
      RequestContext context,
      ClusterView view,
      MetadataRequestTopic wanted,
      int operations,
      Map<String, ErrorCode> creationFailures) {
    String name = wanted.name();
    boolean byId = !wanted.topicId().equals(Uuid.ZERO);
    if (byId && context.version() < FIRST_WITH_IDS_IN_REQUEST) {
      return failed(ErrorCode.INVALID_REQUEST, name == null ? "" : name, wanted.topicId());
    }
    if (byId) {
      TopicImage topic = view.image().topics().topic(wanted.topicId());
      return topic == null
          ? failed(ErrorCode.UNKNOWN_TOPIC_ID, null, wanted.topicId())
          : topic(context, view, topic, operations);
    }
    TopicImage topic = name == null ? null : view.image().topics().topic(name);
    if (topic != null) {
      return topic(context, view, topic, operations);
    }
    String shown = name == null ? "" : name;
    if (TopicNames.problem(name) != null) {
      return failed(ErrorCode.INVALID_TOPIC_EXCEPTION, shown, Uuid.ZERO);
    }
    return failed(
        creationFailures.getOrDefault(shown, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION),
        shown,
        Uuid.ZERO);
  }

  private static MetadataResponseTopic failed(ErrorCode error, @Nullable String name, Uuid id) {
    return MetadataResponseTopic.builder().errorCode(error.code()).name(name).topicId(id).build();
  }

  private static MetadataResponseTopic topic(
      RequestContext context, ClusterView view, TopicImage topic, int operations) {
    List<MetadataResponsePartition> partitions = new ArrayList<>(topic.partitions().size());
    for (PartitionImage partition : topic.partitions()) {
      ErrorCode error = view.leaderError(partition);
      partitions.add(
          MetadataResponsePartition.builder()
              .errorCode(error.code())
              .partitionIndex(partition.partition())
              .leaderId(error == ErrorCode.LEADER_NOT_AVAILABLE ? -1 : partition.leader())
              .leaderEpoch(context.version() >= 7 ? partition.leaderEpoch() : -1)
              .replicaNodes(partition.replicas())
              .isrNodes(partition.isr())
              .offlineReplicas(
                  context.version() >= 5 ? view.offlineReplicas(topic, partition) : List.of())
              .build());
    }
    return MetadataResponseTopic.builder()
        .name(topic.name())
        .topicId(topic.id())
        .isInternal(InternalTopics.isInternal(topic.name()))
        .partitions(partitions)
        .topicAuthorizedOperations(operations)
        .build();
  }
}
