package io.millrace.server;

import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.FindCoordinatorRequest;
import io.millrace.protocol.message.FindCoordinatorResponse;
import io.millrace.protocol.message.FindCoordinatorResponse.Coordinator;
import io.millrace.protocol.message.OffsetCommitRequest;
import io.millrace.protocol.message.OffsetCommitRequest.OffsetCommitRequestPartition;
import io.millrace.protocol.message.OffsetCommitRequest.OffsetCommitRequestTopic;
import io.millrace.protocol.message.OffsetCommitResponse;
import io.millrace.protocol.message.OffsetCommitResponse.OffsetCommitResponsePartition;
import io.millrace.protocol.message.OffsetFetchRequest;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestGroup;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestTopics;
import io.millrace.protocol.message.OffsetFetchResponse.OffsetFetchResponseGroup;
import io.millrace.protocol.network.Connection;
import io.millrace.protocol.network.ConnectionConfig;
import io.millrace.protocol.network.NetworkLoops;
import io.millrace.server.coordinator.group.GroupClient;
import io.millrace.server.coordinator.group.GroupCoordinator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;

/** Questions to coordinators, without a client around them. */
final class GroupCalls {
  private static final short COMMIT_VERSION = 8;
  private static final short COMMIT_WITH_RETENTION = 3;
  private static final short FETCH_VERSION = 8;

  private GroupCalls() {}

  static List<Coordinator> findCoordinators(Node node, byte keyType, String... keys) {
    NetworkLoops loops = new NetworkLoops("test", 1);
    try {
      Connection connection =
          TestNodes.await(
              Connection.connect(
                  loops, "localhost", node.port(), ConnectionConfig.withClientId("test")));
      FindCoordinatorRequest request =
          FindCoordinatorRequest.builder().keyType(keyType).coordinatorKeys(List.of(keys)).build();
      FindCoordinatorResponse response =
          (FindCoordinatorResponse)
              TestNodes.await(connection.send(request, Duration.ofSeconds(30)));
      connection.close();
      return response.coordinators();
    } finally {
      loops.close();
    }
  }

  /** The node that coordinates a group, once it does. */
  static Node awaitCoordinator(List<Node> nodes, String group) {
    AtomicReference<Node> found = new AtomicReference<>();
    TestNodes.awaitTrue(
        () -> {
          findCoordinators(nodes.get(0), (byte) 0, group);
          TopicImage topic = nodes.get(0).image().topics().topic(GroupCoordinator.TOPIC);
          if (topic == null) {
            return false;
          }
          int count = topic.partitions().size();
          PartitionImage partition =
              topic.partitions().get(GroupCoordinator.partitionFor(group, count));
          for (Node node : nodes) {
            if (node.config().quorum().nodeId() == partition.leader()
                && fetch(node, group, "none").errorCode() == 0) {
              found.set(node);
            }
          }
          return found.get() != null;
        });
    return Objects.requireNonNull(found.get());
  }

  static short commit(Node node, String group, String topic, long offset) {
    return commit(node, COMMIT_VERSION, group, topic, offset, -1);
  }

  /** A commit whose retention is over the moment after. */
  static short commitForAMoment(Node node, String group, String topic, long offset) {
    return commit(node, COMMIT_WITH_RETENTION, group, topic, offset, 1);
  }

  private static short commit(
      Node node, short version, String group, String topic, long offset, long retentionMs) {
    return errorOf(
        TestNodes.await(
            node.groups()
                .commitOffsets(client(version), request(group, topic, 1, offset, retentionMs))));
  }

  /** Commits as a member of a classic group. */
  static CompletableFuture<Short> commitAs(
      Node node, String group, String memberId, int generation, String topic, long offset) {
    OffsetCommitRequest request =
        request(group, topic, 1, offset, -1).toBuilder()
            .memberId(memberId)
            .generationIdOrMemberEpoch(generation)
            .build();
    return node.groups()
        .commitOffsets(client(COMMIT_VERSION), request)
        .thenApply(GroupCalls::errorOf);
  }

  /** Commits the same offset for the first so many partitions. */
  static CompletableFuture<Short> commitAll(
      Node node, String group, String topic, int partitions, long offset) {
    return node.groups()
        .commitOffsets(client(COMMIT_VERSION), request(group, topic, partitions, offset, -1))
        .thenApply(GroupCalls::errorOf);
  }

  private static GroupClient client(short version) {
    return new GroupClient(version, "calls", "/127.0.0.1");
  }

  private static OffsetCommitRequest request(
      String group, String topic, int partitions, long offset, long retentionMs) {
    List<OffsetCommitRequestPartition> all = new ArrayList<>();
    for (int i = 0; i < partitions; i++) {
      all.add(new OffsetCommitRequestPartition(i, offset, -1, null));
    }
    return OffsetCommitRequest.builder()
        .groupId(group)
        .memberId("")
        .generationIdOrMemberEpoch(-1)
        .retentionTimeMs(retentionMs)
        .topics(List.of(new OffsetCommitRequestTopic(topic, Uuid.ZERO, all)))
        .build();
  }

  /** The first error, or none. */
  private static short errorOf(OffsetCommitResponse response) {
    for (OffsetCommitResponsePartition partition : response.topics().get(0).partitions()) {
      if (partition.errorCode() != 0) {
        return partition.errorCode();
      }
    }
    return 0;
  }

  /** -1 when nothing is committed. */
  static long committed(Node node, String group, String topic) {
    return fetch(node, group, topic).topics().get(0).partitions().get(0).committedOffset();
  }

  private static OffsetFetchResponseGroup fetch(Node node, String group, String topic) {
    OffsetFetchRequest request =
        OffsetFetchRequest.builder()
            .groups(
                List.of(
                    OffsetFetchRequestGroup.builder()
                        .groupId(group)
                        .topics(List.of(new OffsetFetchRequestTopics(topic, Uuid.ZERO, List.of(0))))
                        .build()))
            .build();
    return TestNodes.await(node.groups().fetchOffsets(FETCH_VERSION, request)).groups().get(0);
  }
}
