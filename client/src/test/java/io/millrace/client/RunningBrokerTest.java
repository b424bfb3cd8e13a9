package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.protocol.ErrorCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The client against a broker that runs already, Apache Kafka or Millrace: {@code -Dmillrace.bootstrap=host:port}. Not part of an
 * ordinary build; the same cases run against our own node in tools.
 */
@EnabledIfSystemProperty(named = "millrace.bootstrap", matches = ".+")
@Timeout(60)
class RunningBrokerTest {

  private final String bootstrap = System.getProperty("millrace.bootstrap", "");
  private final String topic = "client-" + UUID.randomUUID();
  private Admin admin = open();

  private Admin open() {
    return Admin.builder().bootstrapServers(bootstrap).apiTimeout(Duration.ofSeconds(20)).build();
  }

  @BeforeEach
  void createTopic() {
    get(admin.createTopic(NewTopic.of(topic, 3, 1)));
  }

  @AfterEach
  void deleteTopic() {
    get(admin.deleteTopic(topic));
    admin.close();
  }

  @Test
  void admin_describesWhatItCreated() {
    // when
    TopicDescription described = get(admin.describeTopic(topic));

    // then
    assertThat(described.partitions()).hasSize(3);
    assertThat(described.partitions()).allMatch(PartitionDescription::hasLeader);
    assertThat(get(admin.listTopics())).extracting(TopicListing::name).contains(topic);
    assertThat(get(admin.describeCluster()).brokers()).isNotEmpty();
    assertThat(get(admin.describeQuorum()).voters()).isNotEmpty();
  }

  @Test
  void admin_namesWhatIsWrong() {
    assertThatThrownBy(() -> get(admin.createTopic(NewTopic.of(topic, 1, 1))))
        .hasRootCauseInstanceOf(MillraceException.class)
        .hasMessageContaining(topic);
    assertThatThrownBy(() -> get(admin.describeTopic("no-such-topic-here")))
        .hasMessageContaining("no-such-topic-here");
    assertThatThrownBy(() -> get(admin.deleteTopic("no-such-topic-here")))
        .hasMessageContaining(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.name());
  }

  @Test
  void admin_changesConfigsAndPartitions() {
    // when
    ConfigResource resource = ConfigResource.topic(topic);
    get(
        admin
            .alterConfigs(
                Map.of(resource, List.of(ConfigChange.set("retention.ms", "12345"))), false)
            .get(resource));
    get(admin.createPartitions(Map.of(topic, 5), false).get(topic));

    // then
    assertThat(get(admin.describeConfigs(List.of(resource)).get(resource)))
        .anyMatch(entry -> entry.name().equals("retention.ms") && "12345".equals(entry.value()));
  }

  @ParameterizedTest
  @EnumSource(CompressionType.class)
  void records_comeBackAsTheyWereSent(CompressionType compression) {
    // given
    try (Producer<String, String> producer =
        Producer.builder(Serializers.string(), Serializers.string())
            .bootstrapServers(bootstrap)
            .compression(compression)
            .build()) {
      // when
      List<CompletableFuture<RecordMetadata>> sent = new ArrayList<>();
      for (int i = 0; i < 5_000; i++) {
        sent.add(
            producer.send(
                ProducerRecord.<String, String>of(topic, "key-" + i, "value-" + i)
                    .withPartition(i % 3)
                    .withHeader("n", new byte[] {(byte) i})));
      }
      producer.flush();

      // then
      for (int i = 0; i < sent.size(); i++) {
        RecordMetadata metadata = get(sent.get(i));
        assertThat(metadata.partition()).isEqualTo(i % 3);
        assertThat(metadata.offset()).isEqualTo(i / 3);
      }
    }
  }

  private static <T> T get(CompletableFuture<T> future) {
    try {
      return future.get(30, TimeUnit.SECONDS);
    } catch (Exception failed) {
      throw new AssertionError(failed.getMessage(), failed);
    }
  }
}
