package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.protocol.message.HeartbeatRequest;
import io.millrace.protocol.message.HeartbeatResponse;
import io.millrace.protocol.message.JoinGroupRequest;
import io.millrace.protocol.message.JoinGroupRequest.JoinGroupRequestProtocol;
import io.millrace.protocol.message.JoinGroupResponse;
import io.millrace.protocol.message.SyncGroupRequest;
import io.millrace.protocol.message.SyncGroupRequest.SyncGroupRequestAssignment;
import io.millrace.server.coordinator.group.GroupClient;
import io.millrace.server.coordinator.group.GroupCoordinator;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Many classic groups of one member each, which heartbeat and commit all the time, wherever their
 * coordinators are. Every commit is one more than the last, so that a lost one shows.
 */
final class GroupStorm {
  private static final GroupClient CLIENT = new GroupClient((short) 3, "storm", "/127.0.0.1");
  private static final int SESSION_MILLIS = 300_000;
  private static final long ANSWER_SECONDS = 5;

  private static final class Member {
    final String group;
    String id = "";
    int generation;
    long sent;
    long acknowledged;

    Member(String group) {
      this.group = group;
    }
  }

  private final List<Member> members = new ArrayList<>();
  private final String topic;
  private final Thread thread = new Thread(this::run, "storm");
  private volatile List<Node> nodes;
  private volatile boolean ending;

  /** Rounds in which every group got its commit through. */
  private final AtomicInteger rounds = new AtomicInteger();

  GroupStorm(List<Node> nodes, String topic, int groups) {
    this.nodes = List.copyOf(nodes);
    this.topic = topic;
    for (int i = 0; i < groups; i++) {
      members.add(new Member("storm-" + i));
    }
  }

  /** The nodes that are there from now on. */
  void nodes(List<Node> now) {
    nodes = List.copyOf(now);
  }

  void join() {
    for (Member member : members) {
      TestNodes.awaitTrue(() -> tryJoin(member));
    }
  }

  private boolean tryJoin(Member member) {
    Node node = coordinator(member.group);
    if (node == null) {
      return false;
    }
    JoinGroupResponse joined =
        TestNodes.await(
            node.groups()
                .joinGroup(
                    CLIENT,
                    JoinGroupRequest.builder()
                        .groupId(member.group)
                        .memberId("")
                        .sessionTimeoutMs(SESSION_MILLIS)
                        .rebalanceTimeoutMs(SESSION_MILLIS)
                        .protocolType("consumer")
                        .protocols(List.of(new JoinGroupRequestProtocol("range", subscription())))
                        .build()));
    if (joined.errorCode() != 0) {
      return false;
    }
    member.id = joined.memberId();
    member.generation = joined.generationId();
    SyncGroupRequest sync =
        SyncGroupRequest.builder()
            .groupId(member.group)
            .memberId(member.id)
            .generationId(member.generation)
            .assignments(List.of(new SyncGroupRequestAssignment(member.id, ByteBuffer.allocate(8))))
            .build();
    return TestNodes.await(node.groups().syncGroup(CLIENT, sync)).errorCode() == 0;
  }

  private ByteBuffer subscription() {
    byte[] name = topic.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(2 + 4 + 2 + name.length + 4)
        .putShort((short) 0)
        .putInt(1)
        .putShort((short) name.length)
        .put(name)
        .putInt(0)
        .flip();
  }

  private @Nullable Node coordinator(String group) {
    List<Node> now = nodes;
    TopicImage internal = now.get(0).image().topics().topic(GroupCoordinator.TOPIC);
    if (internal == null) {
      return null;
    }
    int count = internal.partitions().size();
    PartitionImage partition =
        internal.partitions().get(GroupCoordinator.partitionFor(group, count));
    for (Node node : now) {
      if (node.config().quorum().nodeId() == partition.leader()) {
        return node;
      }
    }
    return null;
  }

  void start() {
    thread.start();
  }

  private void run() {
    while (!ending) {
      List<CompletableFuture<Boolean>> answers = new ArrayList<>();
      for (Member member : members) {
        answers.add(round(member));
      }
      boolean all = true;
      for (CompletableFuture<Boolean> answer : answers) {
        all &= answer.join();
      }
      if (all) {
        rounds.incrementAndGet();
      }
    }
  }

  private CompletableFuture<Boolean> round(Member member) {
    Node node = coordinator(member.group);
    if (node == null) {
      return CompletableFuture.completedFuture(false);
    }
    long offset = ++member.sent;
    CompletableFuture<HeartbeatResponse> alive = node.groups().heartbeat(CLIENT, heartbeat(member));
    return GroupCalls.commitAs(node, member.group, member.id, member.generation, topic, offset)
        .thenCombine(
            alive,
            (error, beat) -> {
              if (error == 0) {
                member.acknowledged = offset;
              }
              return error == 0 && beat.errorCode() == 0;
            })
        // A node that is killed inside this process leaves its callers without an answer.
        .completeOnTimeout(false, ANSWER_SECONDS, TimeUnit.SECONDS)
        .exceptionally(failure -> false);
  }

  private static HeartbeatRequest heartbeat(Member member) {
    return HeartbeatRequest.builder()
        .groupId(member.group)
        .memberId(member.id)
        .generationId(member.generation)
        .build();
  }

  /** Waits for so many more rounds in which every group got through. */
  void awaitRounds(int more) {
    int goal = rounds.get() + more;
    TestNodes.awaitTrue(() -> rounds.get() >= goal);
  }

  void end() throws InterruptedException {
    ending = true;
    thread.join();
  }

  /** Nothing acknowledged is lost, nothing is made up, and nobody was put out. */
  void verify() {
    for (Member member : members) {
      Node node = Objects.requireNonNull(coordinator(member.group), member.group);
      assertThat(GroupCalls.committed(node, member.group, topic))
          .as(member.group)
          .isBetween(member.acknowledged, member.sent);
      assertThat(TestNodes.await(node.groups().heartbeat(CLIENT, heartbeat(member))).errorCode())
          .as(member.group)
          .isZero();
    }
  }
}
