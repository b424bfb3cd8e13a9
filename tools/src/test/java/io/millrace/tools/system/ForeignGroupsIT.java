package io.millrace.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.tools.system.ForeignClient.Place;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Groups of clients in other languages: librdkafka (kcat, confluent-kafka), kafka-python, kafkajs.
 */
@Execution(ExecutionMode.CONCURRENT)
@SuppressWarnings("try") // members are held, not called, and some leave early
class ForeignGroupsIT {

  private static final Duration LIMIT = Duration.ofSeconds(40);

  @TempDir private static Path directory;
  private static ProcessCluster cluster;

  @BeforeAll
  static void startCluster() throws IOException {
    cluster = GroupClusters.start(directory, 3);
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  @ParameterizedTest
  @CsvSource({
    "KCAT, range",
    "KCAT, cooperative-sticky",
    "CONFLUENT_PYTHON, roundrobin",
    "CONFLUENT_PYTHON, cooperative-sticky",
    "KAFKA_PYTHON, range",
    "KAFKA_PYTHON, roundrobin",
    "KAFKAJS, roundrobin"
  })
  void membersShareTheTopic_andCommitsOutliveThem(ForeignClient client, String assignor)
      throws Exception {
    client.assumeInstalled();
    String group = client.name().toLowerCase(java.util.Locale.ROOT) + "-" + assignor;
    cluster.createTopic(group, 4, 3);
    cluster.awaitInSync(group);
    Set<TopicPartition> partitions = GroupClusters.partitions(group, 4);
    GroupLedger ledger = new GroupLedger();
    Map<TopicPartition, Long> ends = GroupClusters.produce(cluster, partitions, 50);
    String first = group + "-a";
    String second = group + "-b";

    try (MemberProcess a =
        client.member(cluster, directory, new Place(group, group, assignor, first), ledger)) {
      ledger.awaitOwners(partitions, LIMIT, first);
      awaitCommitted(group, ends);
      try (MemberProcess b =
          client.member(cluster, directory, new Place(group, group, assignor, second), ledger)) {
        ledger.awaitOwners(partitions, LIMIT, first, second);
        ends = GroupClusters.produce(cluster, partitions, 50);
        awaitCommitted(group, ends);
        a.stop();
        ledger.awaitOwners(partitions, LIMIT, second);
        a.awaitEnd();
        b.stop();
        b.awaitEnd();
      }
    }
    ends = GroupClusters.produce(cluster, partitions, 50);
    try (MemberProcess c =
        client.member(
            cluster, directory, new Place(group, group, assignor, group + "-c"), ledger)) {
      awaitCommitted(group, ends);
    }

    if (client != ForeignClient.KCAT) {
      ledger.verify();
    }
    assertThat(ledger.recordsRead()).as("read once each\n%s", ledger.tail()).isEqualTo(4 * 150);
  }

  private static void awaitCommitted(String group, Map<TopicPartition, Long> ends) {
    Await.until(
        group + " has committed " + ends,
        LIMIT,
        () -> GroupClusters.committed(cluster, group).equals(ends));
  }
}
