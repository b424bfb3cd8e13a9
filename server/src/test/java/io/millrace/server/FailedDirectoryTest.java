package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.LogDirDescription;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.TopicPartitionInfo;
import org.apache.kafka.common.errors.KafkaStorageException;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A node one of whose directories is gone, as Apache's own admin client sees it. */
class FailedDirectoryTest {
  private static final String TOPIC = "orders";
  private static final int PARTITIONS = 4;

  @TempDir Path directory;

  @Test
  void missingDirectory_keepsItsReplicasOffline_untilItIsBackWithAllItHeld() throws Exception {
    Path good = directory.resolve("good");
    Path bad = directory.resolve("bad");
    Properties properties = TestNodes.single(good);
    properties.setProperty("log.dirs", bad + "," + good); // registered under the bad one's id
    properties.setProperty("metadata.log.dir", directory.resolve("metadata").toString());
    properties.setProperty("broker.rack", "r1");
    Node node = TestNodes.start(properties);
    try (Admin admin = admin(node)) {
      admin.createTopics(List.of(new NewTopic(TOPIC, PARTITIONS, (short) 1))).all().get();
      produceToAll(node);
      assertThat(admin.describeCluster().nodes().get())
          .singleElement()
          .matches(one -> "r1".equals(one.rack()));
      assertThat(directories(admin).values())
          .allSatisfy(
              one -> {
                assertThat(one.error()).isNull();
                assertThat(one.totalBytes().orElse(-1)).isPositive();
                assertThat(one.usableBytes().orElse(-1)).isPositive();
                assertThat(one.replicaInfos()).hasSize(PARTITIONS / 2);
                assertThat(one.replicaInfos().values()).allMatch(replica -> replica.size() > 0);
              });
    } finally {
      TestNodes.await(node.stop());
    }

    Path aside = directory.resolve("aside");
    Files.move(bad, aside);
    Files.writeString(bad, "not a directory");
    Node crippled = TestNodes.start(properties);
    try (Admin admin = admin(crippled)) {
      TestNodes.awaitTrue(
          () -> partitions(admin).stream().filter(one -> one.leader() == null).count() == 2);
      // Not made anew in the good one: that would be a loss.
      assertThat(partitions(admin))
          .filteredOn(one -> one.leader() == null)
          .allMatch(one -> one.isr().size() == 1);
      assertThat(Objects.requireNonNull(directories(admin).get(bad.toString())).error())
          .isInstanceOf(KafkaStorageException.class);
      admin.createTopics(List.of(new NewTopic("more", 2, (short) 1))).all().get();
      assertThat(Objects.requireNonNull(directories(admin).get(good.toString())).replicaInfos())
          .hasSize(PARTITIONS / 2 + 2);
    } finally {
      TestNodes.await(crippled.stop());
    }

    Files.delete(bad);
    Files.move(aside, bad);
    Node mended = TestNodes.start(properties);
    try (Admin admin = admin(mended)) {
      for (int i = 0; i < PARTITIONS; i++) {
        TopicPartition partition = new TopicPartition(TOPIC, i);
        assertThat(
                admin
                    .listOffsets(Map.of(partition, OffsetSpec.latest()))
                    .partitionResult(partition)
                    .get()
                    .offset())
            .isEqualTo(1);
      }
    } finally {
      TestNodes.await(mended.stop());
    }
  }

  @Test
  void allDirectoriesUnusable_endTheStartWithEachReason() throws Exception {
    Path first = Files.writeString(directory.resolve("first"), "");
    Path second = Files.writeString(directory.resolve("second"), "");
    Properties properties = TestNodes.single(first);
    properties.setProperty("log.dirs", first + "," + second);

    assertThatThrownBy(() -> TestNodes.start(properties))
        .hasMessageContaining(first.toString())
        .hasMessageContaining(second.toString());
  }

  private static Admin admin(Node node) {
    return Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap(node)));
  }

  private static String bootstrap(Node node) {
    return "localhost:" + node.port();
  }

  private static Map<String, LogDirDescription> directories(Admin admin) throws Exception {
    return Objects.requireNonNull(admin.describeLogDirs(List.of(1)).allDescriptions().get().get(1));
  }

  private static List<TopicPartitionInfo> partitions(Admin admin) {
    try {
      return Objects.requireNonNull(
              admin.describeTopics(List.of(TOPIC)).allTopicNames().get().get(TOPIC))
          .partitions();
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private static void produceToAll(Node node) throws Exception {
    Map<String, Object> settings = Map.of(ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap(node));
    try (var producer =
        new KafkaProducer<>(settings, new StringSerializer(), new StringSerializer())) {
      for (int i = 0; i < PARTITIONS; i++) {
        producer.send(new ProducerRecord<>(TOPIC, i, "k", "v" + i)).get(30, TimeUnit.SECONDS);
      }
    }
  }
}
