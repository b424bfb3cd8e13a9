package io.millrace.server.handler;

import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.publish.MetadataClient;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.DescribeTopicPartitionsRequest;
import io.millrace.protocol.message.DescribeTopicPartitionsRequest.TopicRequest;
import io.millrace.protocol.message.DescribeTopicPartitionsResponse;
import io.millrace.protocol.message.DescribeTopicPartitionsResponse.Cursor;
import io.millrace.protocol.message.DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponsePartition;
import io.millrace.protocol.message.DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Describes topics in pages of so many partitions, in order of the topics' names. */
final class DescribeTopicPartitionsHandler
    implements RequestHandler<DescribeTopicPartitionsRequest> {
  private static final int MAX_PARTITIONS_PER_PAGE = 2000;

  private final MetadataClient metadata;

  DescribeTopicPartitionsHandler(MetadataClient metadata) {
    this.metadata = metadata;
  }

  @Override
  public CompletableFuture<Reply> handle(
      RequestContext context, DescribeTopicPartitionsRequest request) {
    ClusterView view = new ClusterView(metadata.image(), context.listener());
    DescribeTopicPartitionsRequest.Cursor from = request.cursor();
    if (from != null && from.partitionIndex() < 0) {
      return CompletableFuture.completedFuture(Reply.of(badCursor(request, from)));
    }
    Page page =
        new Page(
            view, Math.min(MAX_PARTITIONS_PER_PAGE, Math.max(1, request.responsePartitionLimit())));
    for (String name : names(view.image(), request)) {
      if (from != null && name.compareTo(from.topicName()) < 0) {
        continue;
      }
      int first = from != null && name.equals(from.topicName()) ? from.partitionIndex() : 0;
      if (!page.add(name, first)) {
        break;
      }
    }
    return CompletableFuture.completedFuture(Reply.of(page.toResponse()));
  }

  private static Set<String> names(MetadataImage image, DescribeTopicPartitionsRequest request) {
    TreeSet<String> names = new TreeSet<>();
    if (request.topics().isEmpty()) {
      for (TopicImage topic : image.topics().byName()) {
        names.add(topic.name());
      }
    }
    for (TopicRequest topic : request.topics()) {
      names.add(topic.name());
    }
    return names;
  }

  private static DescribeTopicPartitionsResponse badCursor(
      DescribeTopicPartitionsRequest request, DescribeTopicPartitionsRequest.Cursor cursor) {
    List<DescribeTopicPartitionsResponseTopic> topics = new ArrayList<>();
    topics.add(Page.failed(cursor.topicName(), ErrorCode.INVALID_REQUEST));
    for (TopicRequest topic : request.topics()) {
      topics.add(Page.failed(topic.name(), ErrorCode.INVALID_REQUEST));
    }
    return DescribeTopicPartitionsResponse.builder().topics(topics).build();
  }

  /** What fits into one answer. */
  private static final class Page {
    private final ClusterView view;
    private final List<DescribeTopicPartitionsResponseTopic> topics = new ArrayList<>();
    private int left;
    private @Nullable Cursor next;

    Page(ClusterView view, int limit) {
      this.view = view;
      this.left = limit;
    }

    /** Adds a topic from a partition on; false when the page is full. */
    boolean add(String name, int firstPartition) {
      TopicImage topic = view.image().topics().topic(name);
      if (topic == null) {
        topics.add(
            failed(
                name,
                TopicNames.problem(name) == null
                    ? ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
                    : ErrorCode.INVALID_TOPIC_EXCEPTION));
        return true;
      }
      int end = Math.min(topic.partitions().size(), firstPartition + left);
      if (left == 0) {
        next = new Cursor(name, firstPartition);
        return false;
      }
      List<DescribeTopicPartitionsResponsePartition> partitions = new ArrayList<>();
      for (int i = firstPartition; i < end; i++) {
        partitions.add(partition(topic, topic.partitions().get(i)));
      }
      left -= partitions.size();
      topics.add(
          DescribeTopicPartitionsResponseTopic.builder()
              .name(name)
              .topicId(topic.id())
              .partitions(partitions)
              .isInternal(InternalTopics.isInternal(name))
              .topicAuthorizedOperations(AuthorizedOperations.TOPIC)
              .build());
      if (end < topic.partitions().size()) {
        next = new Cursor(name, end);
        return false;
      }
      return true;
    }

    private DescribeTopicPartitionsResponsePartition partition(
        TopicImage topic, PartitionImage partition) {
      ErrorCode error = view.leaderError(partition);
      return DescribeTopicPartitionsResponsePartition.builder()
          .errorCode(error.code())
          .partitionIndex(partition.partition())
          .leaderId(error == ErrorCode.LEADER_NOT_AVAILABLE ? -1 : partition.leader())
          .leaderEpoch(partition.leaderEpoch())
          .replicaNodes(partition.replicas())
          .isrNodes(partition.isr())
          .eligibleLeaderReplicas(List.of())
          .lastKnownElr(List.of())
          .offlineReplicas(view.offlineReplicas(topic, partition))
          .build();
    }

    static DescribeTopicPartitionsResponseTopic failed(String name, ErrorCode error) {
      return DescribeTopicPartitionsResponseTopic.builder()
          .errorCode(error.code())
          .name(name)
          .build();
    }

    DescribeTopicPartitionsResponse toResponse() {
      return DescribeTopicPartitionsResponse.builder().topics(topics).nextCursor(next).build();
    }
  }
}
