package io.millrace.server.handler;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.OffsetFetchRequest;
import io.millrace.protocol.message.OffsetFetchResponse;
import io.millrace.protocol.message.OffsetFetchResponse.OffsetFetchResponseGroup;
import io.millrace.server.coordinator.group.GroupCoordinator;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Tells what groups have committed. A group is asked for once: a request that names the same group
 * again and again would make an answer far larger than itself.
 */
final class OffsetFetchHandler implements RequestHandler<OffsetFetchRequest> {
  private final GroupCoordinator groups;

  OffsetFetchHandler(GroupCoordinator groups) {
    this.groups = groups;
  }

  @Override
  public CompletableFuture<Reply> handle(RequestContext context, OffsetFetchRequest request) {
    Set<String> ids = new LinkedHashSet<>();
    request.groups().forEach(group -> ids.add(group.groupId()));
    if (ids.size() < request.groups().size()) {
      return GroupRoutes.now(
          OffsetFetchResponse.builder()
              .groups(
                  ids.stream()
                      .map(
                          id ->
                              new OffsetFetchResponseGroup(
                                  id, List.of(), ErrorCode.INVALID_REQUEST.code()))
                      .toList())
              .build());
    }
    return GroupRoutes.reply(groups.fetchOffsets(context.version(), request));
  }
}
