package io.millrace.server.handler;

import io.millrace.protocol.message.DeleteGroupsRequest;
import io.millrace.server.coordinator.group.GroupCoordinator;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.concurrent.CompletableFuture;

/** Deletes groups that have no members, with their offsets; each once. */
final class DeleteGroupsHandler implements RequestHandler<DeleteGroupsRequest> {
  private final GroupCoordinator groups;

  DeleteGroupsHandler(GroupCoordinator groups) {
    this.groups = groups;
  }

  @Override
  public CompletableFuture<Reply> handle(RequestContext context, DeleteGroupsRequest request) {
    return GroupRoutes.reply(
        groups.deleteGroups(
            new DeleteGroupsRequest(request.groupsNames().stream().distinct().toList())));
  }
}
