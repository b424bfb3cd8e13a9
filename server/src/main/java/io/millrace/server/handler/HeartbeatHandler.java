package io.millrace.server.handler;

import io.millrace.protocol.message.HeartbeatRequest;
import io.millrace.protocol.message.HeartbeatResponse;
import io.millrace.server.coordinator.group.GroupClient;
import io.millrace.server.coordinator.group.GroupCoordinator;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.concurrent.CompletableFuture;

/**
 * Heartbeat. Its answer may be kept back until there is something to tell; but answers keep the
 * order of the requests, so it goes as soon as the connection asks for more.
 */
final class HeartbeatHandler implements RequestHandler<HeartbeatRequest> {
  private final GroupCoordinator groups;

  HeartbeatHandler(GroupCoordinator groups) {
    this.groups = groups;
  }

  @Override
  public CompletableFuture<Reply> handle(RequestContext context, HeartbeatRequest request) {
    GroupClient client = GroupRoutes.member(groups, context, request.groupId());
    CompletableFuture<HeartbeatResponse> answer = groups.heartbeat(client, request);
    if (client.patienceMs() > 0 && !answer.isDone()) {
      String software = context.peer().software();
      context
          .peer()
          .whenNextRequestArrives(
              asked -> groups.letHeartbeatGo(request, HeartbeatPatience.release(software, asked)));
    }
    return GroupRoutes.reply(answer);
  }
}
