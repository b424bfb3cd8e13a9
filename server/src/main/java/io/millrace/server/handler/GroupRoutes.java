package io.millrace.server.handler;

import io.millrace.metadata.image.MetadataImage;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.message.ConsumerGroupDescribeRequest;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.message.DeleteGroupsRequest;
import io.millrace.protocol.message.DescribeGroupsRequest;
import io.millrace.protocol.message.HeartbeatRequest;
import io.millrace.protocol.message.JoinGroupRequest;
import io.millrace.protocol.message.LeaveGroupRequest;
import io.millrace.protocol.message.ListGroupsRequest;
import io.millrace.protocol.message.OffsetCommitRequest;
import io.millrace.protocol.message.OffsetDeleteRequest;
import io.millrace.protocol.message.OffsetFetchRequest;
import io.millrace.protocol.message.ResponseMessage;
import io.millrace.protocol.message.SyncGroupRequest;
import io.millrace.server.coordinator.group.GroupClient;
import io.millrace.server.coordinator.group.GroupCoordinator;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * The APIs of groups. Most hand the request on as it is; those with a rule of their own have a
 * class. Every failure is an answer, never a broken connection.
 *
 * <p>JoinGroup and SyncGroup wait for other members, without a thread. What is asked later on the
 * same connection is done meanwhile and answered after them, because answers keep the order of the
 * requests. When the connection closes, a waiting answer is dropped once it comes; until then the
 * group holds one per member.
 */
final class GroupRoutes {
  /** What is kept of a client's name for itself; a record has no room for the longest. */
  private static final int CLIENT_ID_CHARS = 255;

  private GroupRoutes() {}

  static List<Route<?>> of(GroupCoordinator groups, Supplier<MetadataImage> image) {
    return List.of(
        Route.of(
            ApiKey.JOIN_GROUP,
            JoinGroupRequest.class,
            (context, request) ->
                reply(groups.joinGroup(member(groups, context, request.groupId()), request))),
        Route.of(ApiKey.SYNC_GROUP, SyncGroupRequest.class, new SyncGroupHandler(groups)),
        Route.of(ApiKey.HEARTBEAT, HeartbeatRequest.class, new HeartbeatHandler(groups)),
        Route.of(
            ApiKey.LEAVE_GROUP,
            LeaveGroupRequest.class,
            (context, request) -> reply(groups.leaveGroup(context.version(), request))),
        Route.of(
            ApiKey.CONSUMER_GROUP_HEARTBEAT,
            ConsumerGroupHeartbeatRequest.class,
            new ConsumerGroupHeartbeatHandler(groups)),
        Route.of(
            ApiKey.OFFSET_COMMIT,
            OffsetCommitRequest.class,
            (context, request) ->
                reply(groups.commitOffsets(member(groups, context, request.groupId()), request))),
        Route.of(ApiKey.OFFSET_FETCH, OffsetFetchRequest.class, new OffsetFetchHandler(groups)),
        Route.of(
            ApiKey.OFFSET_DELETE,
            OffsetDeleteRequest.class,
            new OffsetDeleteHandler(groups, image)),
        Route.of(
            ApiKey.LIST_GROUPS,
            ListGroupsRequest.class,
            (context, request) -> reply(groups.listGroups(request))),
        Route.of(
            ApiKey.DESCRIBE_GROUPS, DescribeGroupsRequest.class, new DescribeGroupsHandler(groups)),
        Route.of(
            ApiKey.CONSUMER_GROUP_DESCRIBE,
            ConsumerGroupDescribeRequest.class,
            new ConsumerGroupDescribeHandler(groups)),
        Route.of(ApiKey.DELETE_GROUPS, DeleteGroupsRequest.class, new DeleteGroupsHandler(groups)));
  }

  static CompletableFuture<Reply> reply(CompletableFuture<? extends ResponseMessage> answer) {
    return answer.thenApply(Reply::of);
  }

  static CompletableFuture<Reply> now(ResponseMessage answer) {
    return CompletableFuture.completedFuture(Reply.of(answer));
  }

  /** What a connection remembers of the groups that were spoken to by it. */
  private record Spoken(int partition) {}

  /**
   * Who speaks for a member. When the connection breaks, the group's coordinator hears of it;
   * behind all that came by the connection before.
   */
  static GroupClient member(GroupCoordinator groups, RequestContext context, String groupId) {
    int partition = groups.partitionOf(groupId);
    long connection = context.peer().id();
    if (partition >= 0) {
      context
          .peer()
          .whenGone(new Spoken(partition), () -> groups.onConnectionGone(partition, connection));
    }
    String id = context.clientId() == null ? "" : context.clientId();
    return new GroupClient(
        context.version(),
        id.length() > CLIENT_ID_CHARS ? id.substring(0, CLIENT_ID_CHARS) : id,
        hostOf(context.remote()),
        connection,
        HeartbeatPatience.millisOf(context.peer().software()));
  }

  /** The peer's address as Kafka's tools show it: {@code /10.0.0.7}, without name and port. */
  static String hostOf(String remote) {
    int slash = remote.indexOf('/');
    int colon = remote.lastIndexOf(':');
    String address = remote.substring(slash + 1, colon > slash ? colon : remote.length());
    return address.startsWith("[") && address.endsWith("]")
        ? "/" + address.substring(1, address.length() - 1)
        : "/" + address;
  }
}
