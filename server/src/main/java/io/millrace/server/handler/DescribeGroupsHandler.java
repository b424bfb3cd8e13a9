package io.millrace.server.handler;

import io.millrace.protocol.message.DescribeGroupsRequest;
import io.millrace.protocol.message.DescribeGroupsResponse;
import io.millrace.server.coordinator.group.GroupCoordinator;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Describes groups of the classic protocol, each once. */
final class DescribeGroupsHandler implements RequestHandler<DescribeGroupsRequest> {
  private final GroupCoordinator groups;

  DescribeGroupsHandler(GroupCoordinator groups) {
    this.groups = groups;
  }

  @Override
  public CompletableFuture<Reply> handle(RequestContext context, DescribeGroupsRequest request) {
    DescribeGroupsRequest once =
        request.toBuilder().groups(request.groups().stream().distinct().toList()).build();
    CompletableFuture<DescribeGroupsResponse> answer =
        groups.describeGroups(context.version(), once);
    return GroupRoutes.reply(
        request.includeAuthorizedOperations()
            ? answer.thenApply(DescribeGroupsHandler::withOperations)
            : answer);
  }

  private static DescribeGroupsResponse withOperations(DescribeGroupsResponse response) {
    List<DescribeGroupsResponse.DescribedGroup> described =
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
