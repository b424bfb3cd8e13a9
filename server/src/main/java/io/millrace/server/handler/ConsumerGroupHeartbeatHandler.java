package io.millrace.server.handler;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.message.ConsumerGroupHeartbeatResponse;
import io.millrace.server.coordinator.group.GroupCoordinator;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.concurrent.CompletableFuture;

/**
 * Keeps a member in a consumer group (KIP-848). Since version 1 a member makes its id itself, so
 * that one whose first answer is lost does not leave a ghost.
 */
final class ConsumerGroupHeartbeatHandler implements RequestHandler<ConsumerGroupHeartbeatRequest> {
  private static final short FIRST_WITH_OWN_ID = 1;

  private final GroupCoordinator groups;

  ConsumerGroupHeartbeatHandler(GroupCoordinator groups) {
    this.groups = groups;
  }

  @Override
  public CompletableFuture<Reply> handle(
      RequestContext context, ConsumerGroupHeartbeatRequest request) {
    if (context.version() >= FIRST_WITH_OWN_ID && request.memberId().isEmpty()) {
      return GroupRoutes.now(
          ConsumerGroupHeartbeatResponse.builder()
              .errorCode(ErrorCode.INVALID_REQUEST.code())
              .errorMessage("MemberId can't be empty.")
              .build());
    }
    return GroupRoutes.reply(
        groups.consumerGroupHeartbeat(
            GroupRoutes.member(groups, context, request.groupId()), request));
  }
}
