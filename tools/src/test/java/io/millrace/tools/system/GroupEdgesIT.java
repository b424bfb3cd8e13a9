package io.millrace.tools.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.message.ConsumerGroupHeartbeatResponse;
import io.millrace.protocol.message.JoinGroupRequest;
import io.millrace.protocol.message.JoinGroupResponse;
import io.millrace.protocol.message.SyncGroupRequest;
import io.millrace.protocol.message.SyncGroupResponse;
import io.millrace.protocol.network.Connection;
import io.millrace.protocol.network.ConnectionConfig;
import io.millrace.protocol.network.ConnectionException;
import io.millrace.protocol.network.NetworkLoops;
import io.millrace.tools.system.GroupMember.Subscription;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.GroupListing;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Groups at the edges: monstrous members, odd names, topics that are gone. One node. */
@SuppressWarnings("try") // members are held, not called, and some leave early
class GroupEdgesIT {

  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final int TEN_MEGABYTES = 10 << 20;

  @TempDir private static Path directory;
  private static ProcessCluster cluster;

  @BeforeAll
  static void startCluster() throws IOException {
    cluster = GroupClusters.start(directory, 1);
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  @Test
  void classicMemberOfTenMegabytes_isRefusedAndHarmsNobody() throws Exception {
    assertHarmless(
        "monster-classic",
        connection -> {
          JoinGroupResponse first = join(connection, "");
          if (first.errorCode() == ErrorCode.MEMBER_ID_REQUIRED.code()) {
            first = join(connection, first.memberId());
          }
          if (first.errorCode() != 0) {
            return ErrorCode.forCode(first.errorCode());
          }
          SyncGroupResponse sync =
              connection
                  .send(
                      SyncGroupRequest.builder()
                          .groupId("monster-classic")
                          .generationId(first.generationId())
                          .memberId(first.memberId())
                          .protocolType("consumer")
                          .protocolName("range")
                          .assignments(List.of())
                          .build(),
                      SyncGroupResponse.class,
                      LIMIT)
                  .join();
          return ErrorCode.forCode(sync.errorCode());
        });
  }

  private static JoinGroupResponse join(Connection connection, String memberId) {
    return connection
        .send(
            JoinGroupRequest.builder()
                .groupId("monster-classic")
                .sessionTimeoutMs(5_000)
                .rebalanceTimeoutMs(5_000)
                .memberId(memberId)
                .protocolType("consumer")
                .protocols(
                    List.of(
                        new JoinGroupRequest.JoinGroupRequestProtocol(
                            "range", ByteBuffer.allocate(TEN_MEGABYTES))))
                .build(),
            JoinGroupResponse.class,
            LIMIT)
        .join();
  }

  @Test
  void consumerMemberOfTenMegabytes_isRefusedAndHarmsNobody() throws Exception {
    List<String> names =
        IntStream.range(0, TEN_MEGABYTES / 100)
            .mapToObj(i -> "topic-" + i + "-" + "x".repeat(85))
            .toList();
    assertHarmless(
        "monster-consumer",
        connection ->
            ErrorCode.forCode(
                connection
                    .send(
                        ConsumerGroupHeartbeatRequest.builder()
                            .groupId("monster-consumer")
                            .memberId("monster")
                            .memberEpoch(0)
                            .rebalanceTimeoutMs(5_000)
                            .subscribedTopicNames(names)
                            .topicPartitions(List.of())
                            .build(),
                        ConsumerGroupHeartbeatResponse.class,
                        LIMIT)
                    .join()
                    .errorCode()));
  }

  private interface Attempt {
    ErrorCode run(Connection connection);
  }

  /** The attempt is refused or the connection ends; then a sane member joins the same group. */
  private static void assertHarmless(String group, Attempt attempt) throws Exception {
    cluster.createTopic(group, 2, 1);
    Set<TopicPartition> partitions = GroupClusters.partitions(group, 2);
    Map<TopicPartition, Long> ends = GroupClusters.produce(cluster, partitions, 10);
    awaitCoordinator();
    String address = cluster.bootstrap();
    try (NetworkLoops loops = new NetworkLoops("monster", 1)) {
      Connection connection =
          Connection.connect(
                  loops,
                  address.substring(0, address.indexOf(':')),
                  Integer.parseInt(address.substring(address.indexOf(':') + 1)),
                  ConnectionConfig.withClientId("monster"))
              .join();
      try {
        assertThat(attempt.run(connection)).isNotEqualTo(ErrorCode.NONE);
      } catch (CompletionException e) {
        assertThat(e).hasCauseInstanceOf(ConnectionException.class);
      }
    }
    GroupLedger ledger = new GroupLedger();
    try (GroupMember sane =
        new GroupMember(
            "sane",
            GroupClusters.classic(cluster, group, "range"),
            Subscription.topics(List.of(group)),
            ledger)) {
      ledger.awaitCommitted(ends, LIMIT);
    }
    ledger.verify();
  }

  /** The offsets topic is there, and this node has taken up its groups. */
  private static void awaitCoordinator() {
    Await.until(
        "a coordinator", LIMIT, () -> GroupClusters.committed(cluster, "anybody").isEmpty());
  }

  @Test
  void groupsWithOddNames_commitAndAreListedAndDeleted() throws Exception {
    cluster.createTopic("odd", 1, 1);
    GroupClusters.produce(cluster, GroupClusters.partitions("odd", 1), 10);
    Map<TopicPartition, OffsetAndMetadata> offsets =
        Map.of(new TopicPartition("odd", 0), new OffsetAndMetadata(7, "größe ☃"));
    List<String> names =
        List.of(
            " ",
            ".",
            "..",
            "../../etc/passwd",
            "größe ☃ 😀",
            "two\nlines\ttab",
            "nul\u0000inside",
            "{\"json\":[1]}",
            "a,b;c|d:e",
            "__consumer_offsets",
            "x".repeat(10_000));

    for (String name : names) {
      cluster.admin().alterConsumerGroupOffsets(name, offsets).all().get();
      assertThat(
              cluster
                  .admin()
                  .listConsumerGroupOffsets(name)
                  .partitionsToOffsetAndMetadata()
                  .get()
                  .get(new TopicPartition("odd", 0)))
          .as(name)
          .isEqualTo(new OffsetAndMetadata(7, "größe ☃"));
    }

    assertThat(listed()).containsAll(names);
    cluster.admin().deleteConsumerGroups(names).all().get();
    assertThat(listed()).doesNotContainAnyElementsOf(names);
  }

  private static Set<String> listed() throws Exception {
    Set<String> ids = new HashSet<>();
    for (GroupListing group : cluster.admin().listGroups().all().get()) {
      ids.add(group.groupId());
    }
    return ids;
  }

  @Test
  void commitsOfADeletedTopic_areGoneAndDoNotReturnWithItsName() throws Exception {
    TopicPartition doomed = new TopicPartition("doomed", 0);
    TopicPartition kept = new TopicPartition("kept", 0);
    cluster.createTopic("doomed", 1, 1);
    cluster.createTopic("kept", 1, 1);
    GroupClusters.produce(cluster, Set.of(doomed, kept), 10);
    cluster
        .admin()
        .alterConsumerGroupOffsets(
            "mourner", Map.of(doomed, new OffsetAndMetadata(5), kept, new OffsetAndMetadata(6)))
        .all()
        .get();

    cluster.admin().deleteTopics(List.of("doomed")).all().get();

    Await.until(
        "the offsets of the deleted topic are gone",
        LIMIT,
        () -> GroupClusters.committed(cluster, "mourner").equals(Map.of(kept, 6L)));
    assertThatThrownBy(
            () ->
                cluster
                    .admin()
                    .alterConsumerGroupOffsets("mourner", Map.of(doomed, new OffsetAndMetadata(9)))
                    .all()
                    .get())
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(UnknownTopicOrPartitionException.class);
    cluster.createTopic("doomed", 1, 1);
    GroupClusters.produce(cluster, Set.of(doomed), 3);
    assertThat(GroupClusters.committed(cluster, "mourner")).isEqualTo(Map.of(kept, 6L));
    cluster
        .admin()
        .alterConsumerGroupOffsets("mourner", Map.of(doomed, new OffsetAndMetadata(2)))
        .all()
        .get();
    assertThat(GroupClusters.committed(cluster, "mourner")).isEqualTo(Map.of(kept, 6L, doomed, 2L));
  }
}
