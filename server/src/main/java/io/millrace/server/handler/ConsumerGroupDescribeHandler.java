package io.millrace.server.handler;

import io.millrace.protocol.message.ConsumerGroupDescribeRequest;
import io.millrace.protocol.message.ConsumerGroupDescribeResponse;
import io.millrace.server.coordinator.group.GroupCoordinator;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Describes consumer groups (KIP-848), each once. */
final class ConsumerGroupDescribeHandler implements RequestHandler<ConsumerGroupDescribeRequest> {
  private final GroupCoordinator groups;

  ConsumerGroupDescribeHandler(GroupCoordinator groups) {
    this.groups = groups;
  }

  @Override
  public CompletableFuture<Reply> handle(
      RequestContext context, ConsumerGroupDescribeRequest request) {
    ConsumerGroupDescribeRequest once =
        request.toBuilder().groupIds(request.groupIds().stream().distinct().toList()).build();
    CompletableFuture<ConsumerGroupDescribeResponse> answer = groups.describeConsumerGroups(once);
    return GroupRoutes.reply(
        request.includeAuthorizedOperations()
            ? answer.thenApply(ConsumerGroupDescribeHandler::withOperations)
            : answer);
  }

  private static ConsumerGroupDescribeResponse withOperations(
      ConsumerGroupDescribeResponse response) {
    List<ConsumerGroupDescribeResponse.DescribedGroup> described =
        response.groups().stream()
            .map(
                group ->
                    group.errorCode() == 0
                        ? group.toBuilder().authorizedOperations(AuthorizedOperations.GROUP).build()
                        : group)
            .toList();
    return response.toBuilder().groups(described).build();
  }
}
