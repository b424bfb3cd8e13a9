package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.serialization.StringSerializer;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Compacted topics as Apache's own clients see them. */
@NullUnmarked // a null where none may be fails the test
class CompactedTopicTest {
  @TempDir static Path directory;
  private static Node node;
  private static Admin admin;

  @BeforeAll
  static void start() {
    node = TestNodes.start(TestNodes.single(directory));
    admin = Admin.create(Map.of("bootstrap.servers", "localhost:" + node.port()));
  }

  @AfterAll
  static void stop() {
    admin.close();
    node.close();
  }

  private static void create(String topic, Map<String, String> configs) throws Exception {
    admin
        .createTopics(List.of(new NewTopic(topic, 1, (short) 1).configs(configs)))
        .all()
        .get(20, TimeUnit.SECONDS);
  }

  private static KafkaProducer<String, String> producer() {
    return new KafkaProducer<>(
        Map.of("bootstrap.servers", "localhost:" + node.port(), "linger.ms", 1000),
        new StringSerializer(),
        new StringSerializer());
  }

  @Test
  void recordWithoutKey_isRefusedAndNamed() throws Exception {
    // given
    create("keys-only", Map.of("cleanup.policy", "compact"));

    // when: one batch of a good, a bad and a good record
    try (KafkaProducer<String, String> producer = producer()) {
      var first = producer.send(new ProducerRecord<>("keys-only", "k", "1"));
      var second = producer.send(new ProducerRecord<>("keys-only", null, "2"));
      var third = producer.send(new ProducerRecord<>("keys-only", "k", "3"));
      producer.flush();

      // then
      assertThatThrownBy(second::get)
          .hasRootCauseInstanceOf(InvalidRecordException.class)
          .hasMessageContaining("a compacted topic takes no record without a key");
      assertThatThrownBy(first::get).hasMessageContaining("part of a batch");
      assertThatThrownBy(third::get).hasMessageContaining("part of a batch");
      assertThat(producer.send(new ProducerRecord<>("keys-only", "k", null)).get().offset())
          .isZero();
    }
  }

  @Test
  void policy_isDescribedAndAlteredWhileTheTopicLives() throws Exception {
    // given
    create("changing", Map.of());
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, "changing");

    // when
    admin
        .incrementalAlterConfigs(
            Map.of(
                resource,
                List.of(
                    set("cleanup.policy", "compact,delete"),
                    set("min.cleanable.dirty.ratio", "0.1"),
                    set("delete.retention.ms", "1000"))))
        .all()
        .get(20, TimeUnit.SECONDS);

    // then
    Config config =
        admin.describeConfigs(List.of(resource)).all().get(20, TimeUnit.SECONDS).get(resource);
    assertThat(config.get("cleanup.policy").value()).isEqualTo("compact,delete");
    assertThat(config.get("cleanup.policy").type()).isEqualTo(ConfigEntry.ConfigType.LIST);
    assertThat(config.get("min.cleanable.dirty.ratio").value()).isEqualTo("0.1");
    assertThat(config.get("max.compaction.lag.ms").isDefault()).isTrue();
  }

  private static AlterConfigOp set(String key, String value) {
    return new AlterConfigOp(new ConfigEntry(key, value), AlterConfigOp.OpType.SET);
  }
}
