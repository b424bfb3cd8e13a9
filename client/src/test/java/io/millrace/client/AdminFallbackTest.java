package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.message.DescribeClusterResponse;
import io.millrace.protocol.message.DescribeClusterResponse.DescribeClusterBroker;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
}
