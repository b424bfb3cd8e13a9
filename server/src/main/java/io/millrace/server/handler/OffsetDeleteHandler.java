package io.millrace.server.handler;

import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.TopicsImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.OffsetDeleteRequest;
import io.millrace.protocol.message.OffsetDeleteRequest.OffsetDeleteRequestTopic;
import io.millrace.protocol.message.OffsetDeleteResponse.OffsetDeleteResponsePartition;
import io.millrace.protocol.message.OffsetDeleteResponse.OffsetDeleteResponseTopic;
import io.millrace.server.coordinator.group.GroupCoordinator;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Deletes offsets of topics that the group does not read. A topic that is not there is an error.
 */
final class OffsetDeleteHandler implements RequestHandler<OffsetDeleteRequest> {
  private final GroupCoordinator groups;
  private final Supplier<MetadataImage> image;

  OffsetDeleteHandler(GroupCoordinator groups, Supplier<MetadataImage> image) {
    this.groups = groups;
    this.image = image;
  }

  @Override
  public CompletableFuture<Reply> handle(RequestContext context, OffsetDeleteRequest request) {
    TopicsImage topics = image.get().topics();
    List<OffsetDeleteRequestTopic> known = new ArrayList<>();
    List<OffsetDeleteResponseTopic> unknown = new ArrayList<>();
    for (OffsetDeleteRequestTopic topic : request.topics()) {
      if (topics.topic(topic.name()) != null) {
        known.add(topic);
      } else {
        unknown.add(notThere(topic));
      }
    }
    return GroupRoutes.reply(
        groups
            .deleteOffsets(new OffsetDeleteRequest(request.groupId(), known))
            .thenApply(
                response -> {
                  if (response.errorCode() != 0 || unknown.isEmpty()) {
                    return response;
                  }
                  List<OffsetDeleteResponseTopic> all = new ArrayList<>(response.topics());
                  all.addAll(unknown);
                  return response.toBuilder().topics(all).build();
                }));
  }

  private static OffsetDeleteResponseTopic notThere(OffsetDeleteRequestTopic topic) {
    return new OffsetDeleteResponseTopic(
        topic.name(),
        topic.partitions().stream()
            .map(
                partition ->
                    new OffsetDeleteResponsePartition(
                        partition.partitionIndex(), ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code()))
            .toList());
  }
}
