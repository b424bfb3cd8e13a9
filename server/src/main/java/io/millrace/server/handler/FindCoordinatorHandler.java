package io.millrace.server.handler;

import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.publish.MetadataClient;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.FindCoordinatorRequest;
import io.millrace.protocol.message.FindCoordinatorResponse;
import io.millrace.protocol.message.FindCoordinatorResponse.Coordinator;
import io.millrace.server.coordinator.group.GroupCoordinator;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Tells which broker coordinates a group: the leader of the group's partition of the internal
 * topic, which is created when the first group asks. There are no coordinators of transactions and
 * share groups yet; who asks for one is told so in a way that ends the attempt.
 */
final class FindCoordinatorHandler implements RequestHandler<FindCoordinatorRequest> {
  private static final short FIRST_BATCHED = 4;
  private static final byte GROUP = 0;
  private static final byte TRANSACTION = 1;
  private static final byte SHARE = 2;

  private final MetadataClient metadata;
  private final TopicAutoCreator creator;

  FindCoordinatorHandler(MetadataClient metadata, TopicAutoCreator creator) {
    this.metadata = metadata;
    this.creator = creator;
  }

  @Override
  public CompletableFuture<Reply> handle(RequestContext context, FindCoordinatorRequest request) {
    if (request.keyType() != GROUP) {
      return answer(context, request, key -> refused(key, request.keyType()));
    }
    if (metadata.image().topics().topic(GroupCoordinator.TOPIC) != null) {
      return answer(context, request, key -> ofGroup(context, key));
    }
    return creator
        .create(Set.of(GroupCoordinator.TOPIC))
        .thenCompose(failures -> answer(context, request, key -> ofGroup(context, key)));
  }

  private Coordinator ofGroup(RequestContext context, String group) {
    ClusterView view = new ClusterView(metadata.image(), context.listener());
    TopicImage topic = view.image().topics().topic(GroupCoordinator.TOPIC);
    if (topic == null) {
      return unavailable(group, "the topic " + GroupCoordinator.TOPIC + " is not there yet");
    }
    int index = GroupCoordinator.partitionFor(group, topic.partitions().size());
    PartitionImage partition = topic.partition(index);
    ClusterView.@Nullable Reachable leader =
        partition == null || !partition.hasLeader() ? null : view.broker(partition.leader());
    return leader == null
        ? unavailable(group, GroupCoordinator.TOPIC + "-" + index + " has no leader")
        : new Coordinator(
            group,
            leader.broker().id(),
            leader.endpoint().host(),
            leader.endpoint().port(),
            ErrorCode.NONE.code(),
            null);
  }

  private static Coordinator unavailable(String key, String message) {
    return failed(key, ErrorCode.COORDINATOR_NOT_AVAILABLE, message);
  }

  private static Coordinator refused(String key, byte keyType) {
    String message =
        switch (keyType) {
          case TRANSACTION -> "transactions are not implemented yet";
          case SHARE -> "share groups are not implemented yet";
          default -> "key type " + keyType + " is not known, expected 0 to 2";
        };
    return failed(key, ErrorCode.INVALID_REQUEST, message);
  }

  private static Coordinator failed(String key, ErrorCode error, String message) {
    return new Coordinator(key, -1, "", -1, error.code(), message);
  }

  private static CompletableFuture<Reply> answer(
      RequestContext context,
      FindCoordinatorRequest request,
      Function<String, Coordinator> coordinatorOf) {
    FindCoordinatorResponse.Builder response = FindCoordinatorResponse.builder();
    if (context.version() < FIRST_BATCHED) {
      Coordinator found = coordinatorOf.apply(request.key());
      response
          .errorCode(found.errorCode())
          .errorMessage(found.errorMessage())
          .nodeId(found.nodeId())
          .host(found.host())
          .port(found.port());
    } else {
      List<Coordinator> coordinators = new ArrayList<>(request.coordinatorKeys().size());
      request.coordinatorKeys().forEach(key -> coordinators.add(coordinatorOf.apply(key)));
      response.coordinators(coordinators);
    }
    return CompletableFuture.completedFuture(Reply.of(response.build()));
  }
}
