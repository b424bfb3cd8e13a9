package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.message.DescribeClusterResponse;
import io.millrace.protocol.message.DescribeClusterResponse.DescribeClusterBroker;
import io.millrace.protocol.message.DescribeGroupsResponse;
import io.millrace.protocol.message.DescribeGroupsResponse.DescribedGroup;
import io.millrace.protocol.message.FindCoordinatorResponse;
import io.millrace.protocol.message.FindCoordinatorResponse.Coordinator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The admin client beside brokers that are older than it. */
@Timeout(60)
class AdminFallbackTest {

  @ParameterizedTest(name = "DescribeCluster up to version {0}")
  @ValueSource(ints = {0, 1, 2})
  void describeCluster_asksWithoutFencedBrokers_whereTheBrokerCannotTell(int version)
      throws Exception {
    try (FakeCluster cluster = new FakeCluster(1);
        Admin admin = Admin.builder().bootstrapServers(cluster.bootstrap()).build()) {
      // given
      cluster.speak(
          ApiKey.DESCRIBE_CLUSTER,
          version,
          (node, request) ->
              DescribeClusterResponse.builder()
                  .clusterId("fake")
                  .brokers(
                      List.of(
                          DescribeClusterBroker.builder()
                              .brokerId(7)
                              .host("localhost")
                              .port(1)
                              .build()))
                  .build());

      // when
      ClusterDescription described = admin.describeCluster().get(30, TimeUnit.SECONDS);

      // then
      assertThat(described.brokers()).extracting(BrokerInfo::id).containsExactly(7);
    }
  }

  @Test
  void describeGroup_asksTheClassicWay_whereTheBrokerKnowsNoOther() throws Exception {
    try (FakeCluster cluster = new FakeCluster(1);
        Admin admin = Admin.builder().bootstrapServers(cluster.bootstrap()).build()) {
      // given
      cluster.speak(
          ApiKey.FIND_COORDINATOR,
          4,
          (node, request) ->
              FindCoordinatorResponse.builder()
                  .coordinators(
                      List.of(
                          Coordinator.builder()
                              .key("old")
                              .nodeId(1)
                              .host("127.0.0.1")
                              .port(cluster.port(1))
                              .build()))
                  .build());
      cluster.speak(
          ApiKey.DESCRIBE_GROUPS,
          5,
          (node, request) ->
              DescribeGroupsResponse.builder()
                  .groups(
                      List.of(
                          DescribedGroup.builder()
                              .groupId("old")
                              .groupState("Empty")
                              .protocolType("consumer")
                              .build()))
                  .build());

      // when
      GroupDescription described = admin.describeGroup("old").get(30, TimeUnit.SECONDS);

      // then
      assertThat(described.type()).isEqualTo(GroupType.CLASSIC);
      assertThat(described.state()).isEqualTo(GroupState.EMPTY);
      assertThat(described.coordinator().id()).isEqualTo(1);
    }
  }
}
