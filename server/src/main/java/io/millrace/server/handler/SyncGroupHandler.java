package io.millrace.server.handler;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.SyncGroupRequest;
import io.millrace.protocol.message.SyncGroupResponse;
import io.millrace.server.coordinator.group.GroupCoordinator;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.concurrent.CompletableFuture;

/**
 * Hands a member of a classic group its part of the assignment, once the leader has made it. Since
 * version 5 a member must say which protocol it speaks.
 */
final class SyncGroupHandler implements RequestHandler<SyncGroupRequest> {
  private static final short FIRST_WITH_PROTOCOL = 5;

  private final GroupCoordinator groups;

  SyncGroupHandler(GroupCoordinator groups) {
    this.groups = groups;
  }

  @Override
  public CompletableFuture<Reply> handle(RequestContext context, SyncGroupRequest request) {
    if (context.version() >= FIRST_WITH_PROTOCOL
        && (request.protocolType() == null || request.protocolName() == null)) {
      return GroupRoutes.now(
          SyncGroupResponse.builder()
              .errorCode(ErrorCode.INCONSISTENT_GROUP_PROTOCOL.code())
              .build());
    }
    return GroupRoutes.reply(
        groups.syncGroup(GroupRoutes.member(groups, context, request.groupId()), request));
  }
}
