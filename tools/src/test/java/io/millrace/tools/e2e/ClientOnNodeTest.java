package io.millrace.tools.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.Admin;
import io.millrace.client.CompressionType;
import io.millrace.client.Consumer;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.Deserializers;
import io.millrace.client.NewTopic;
import io.millrace.client.OffsetReset;
import io.millrace.client.PartitionDescription;
import io.millrace.client.Producer;
import io.millrace.client.ProducerRecord;
import io.millrace.client.RecordMetadata;
import io.millrace.client.Serializers;
import io.millrace.client.TopicPartition;
import io.millrace.protocol.network.FreePorts;
import io.millrace.server.Node;
import io.millrace.server.config.NodeConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The Java client against a single real node. */
@Timeout(60)
class ClientOnNodeTest {

  @TempDir static Path directory;

  private static Node node;

  @BeforeAll
  static void startNode() throws Exception {
    int controllerPort = FreePorts.find();
    Properties properties = new Properties();
    properties.setProperty("node.id", "1");
    properties.setProperty(
        "listeners", "PLAINTEXT://localhost:0,CONTROLLER://localhost:" + controllerPort);
    properties.setProperty("controller.quorum.voters", "1@localhost:" + controllerPort);
    properties.setProperty("log.dirs", directory.toString());
    node = get(Node.start(NodeConfig.from(properties)));
  }

  @AfterAll
  static void stopNode() {
    get(node.stop());
  }

  private static String bootstrap() {
    return "localhost:" + node.port();
  }

  @Test
  void admin_createsDescribesAndDeletes() {
    try (Admin admin = Admin.builder().bootstrapServers(bootstrap()).build()) {
      // when
      get(admin.createTopic(NewTopic.of("admin-test", 4, 1)));

      // then
      assertThat(get(admin.describeTopic("admin-test")).partitions())
          .hasSize(4)
          .allMatch(PartitionDescription::hasLeader);
      assertThat(get(admin.describeCluster()).brokers()).hasSize(1);
      get(admin.deleteTopic("admin-test"));
    }
  }

  @ParameterizedTest
  @EnumSource(CompressionType.class)
  void records_comeBackAsTheyWereSent(CompressionType compression) {
    // given
    String topic = "records-" + compression;
    int count = 2_000;
    try (Admin admin = Admin.builder().bootstrapServers(bootstrap()).build()) {
      get(admin.createTopic(NewTopic.of(topic, 2, 1)));
    }

    // when
    List<CompletableFuture<RecordMetadata>> sent = new ArrayList<>();
    try (Producer<String, String> producer =
        Producer.builder(Serializers.string(), Serializers.string())
            .bootstrapServers(bootstrap())
            .compression(compression)
            .build()) {
      for (int i = 0; i < count; i++) {
        ProducerRecord<String, String> record = ProducerRecord.of(topic, "key-" + i, "value-" + i);
        sent.add(producer.send(record.withPartition(i % 2)));
      }
    }

    // then
    for (int i = 0; i < count; i++) {
      assertThat(get(sent.get(i)).offset()).isEqualTo(i / 2);
    }
    List<ConsumerRecord<String, String>> read = new ArrayList<>();
    try (Consumer<String, String> consumer =
        Consumer.builder(Deserializers.string(), Deserializers.string())
            .bootstrapServers(bootstrap())
            .offsetReset(OffsetReset.EARLIEST)
            .build()) {
      TopicPartition first = new TopicPartition(topic, 0);
      consumer.assign(List.of(first, new TopicPartition(topic, 1)));
      while (read.size() < count) {
        consumer.poll(Duration.ofSeconds(10)).forEach(read::add);
      }
      consumer.seek(first, 700);
      assertThat(consumer.poll(Duration.ofSeconds(10)).iterator().next().value())
          .isEqualTo("value-1400");
      assertThat(get(consumer.endOffsets(List.of(first)))).containsEntry(first, count / 2L);
    }
    assertThat(read).hasSize(count);
    for (ConsumerRecord<String, String> record : read) {
      assertThat(record.value()).isEqualTo("value-" + (record.offset() * 2 + record.partition()));
    }
  }

  private static <T> T get(CompletableFuture<T> future) {
    return future.orTimeout(30, TimeUnit.SECONDS).join();
  }
}
