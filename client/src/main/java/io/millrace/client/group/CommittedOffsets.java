package io.millrace.client.group;

import io.millrace.client.MillraceException;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.Attempts;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.CoordinatorLookup;
import io.millrace.concurrent.ConfinedTo;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.OffsetFetchResponse;
import io.millrace.protocol.message.OffsetFetchResponse.OffsetFetchResponseGroup;
import io.millrace.protocol.message.ResponseMessage;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * Asks the coordinator where the group stands. Waits for transactions that are about to commit
 * offsets, as the protocol's {@code requireStable} says.
 */
@ConfinedTo("the consumer's loop")
final class CommittedOffsets {

  private final ClusterClient cluster;
  private final CoordinatorLookup coordinators;
  private final Supplier<Identity> identity;

  CommittedOffsets(
      ClusterClient cluster, CoordinatorLookup coordinators, Supplier<Identity> identity) {
    this.cluster = cluster;
    this.coordinators = coordinators;
    this.identity = identity;
  }

  /** What is committed; partitions without a commit are absent. Any thread. */
  CompletableFuture<Map<TopicPartition, OffsetAndMetadata>> fetch(
      Collection<TopicPartition> partitions, long timeoutNanos) {
    if (partitions.isEmpty()) {
      return CompletableFuture.completedFuture(Map.of());
    }
    List<TopicPartition> asked = List.copyOf(partitions);
    return Attempts.run(cluster, "committed offsets", timeoutNanos, () -> attempt(asked));
  }

  private CompletableFuture<Map<TopicPartition, OffsetAndMetadata>> attempt(
      List<TopicPartition> asked) {
    Identity member = identity.get();
    ClusterView view = cluster.view();
    Map<Uuid, String> names = OffsetMessages.names(asked, view);
    return coordinators
        .send(
            member.groupId(),
            OffsetMessages.fetch(member, asked, view),
            OffsetMessages.maxVersion(asked, view),
            cluster.config().requestTimeout().toNanos())
        .thenApply(answer -> read(member.groupId(), answer, asked, names));
  }

  private Map<TopicPartition, OffsetAndMetadata> read(
      String groupId, ResponseMessage answer, List<TopicPartition> asked, Map<Uuid, String> names) {
    if (!(answer instanceof OffsetFetchResponse response) || response.groups().isEmpty()) {
      throw new MillraceException(
          ErrorCode.UNKNOWN_SERVER_ERROR, "the answer leaves out group '" + groupId + "'");
    }
    OffsetFetchResponseGroup group = response.groups().get(0);
    require(groupId, ErrorCode.forCode(group.errorCode()), "");
    Map<TopicPartition, OffsetMessages.Fetched> fetched = OffsetMessages.fetched(group, names);
    Map<TopicPartition, OffsetAndMetadata> found = new HashMap<>();
    for (TopicPartition partition : asked) {
      OffsetMessages.Fetched each = fetched.get(partition);
      require(
          groupId,
          each == null ? ErrorCode.UNKNOWN_SERVER_ERROR : each.error(),
          " of " + partition);
      if (each != null && each.offset() != null) {
        found.put(partition, each.offset());
      }
    }
    return found;
  }

  private void require(String groupId, ErrorCode error, String what) {
    coordinators.note(groupId, error);
    if (error == ErrorCode.STALE_MEMBER_EPOCH) {
      throw new Passing(error, message(groupId, error, what)); // the next heartbeat brings the new
    }
    if (error != ErrorCode.NONE) {
      throw new MillraceException(error, message(groupId, error, what));
    }
  }

  private static String message(String groupId, ErrorCode error, String what) {
    return "committed offset" + what + " in group '" + groupId + "': " + error;
  }

  /** A failure that may pass although its code says no such thing to others. */
  private static final class Passing extends MillraceException {
    private static final long serialVersionUID = 1;

    Passing(ErrorCode error, String message) {
      super(error, message);
    }

    @Override
    public boolean isRetriable() {
      return true;
    }
  }
}
