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
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The client against a broker that runs already, Apache Kafka or Millrace: {@code
 * -Dmillrace.bootstrap=host:port}. Not part of an ordinary build; the same cases run against our
 * own node in tools.
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
        Results.only(
            admin.alterConfigs(
                Map.of(resource, List.of(ConfigChange.set("retention.ms", "12345"))), false),
            resource));
    get(Results.only(admin.createPartitions(Map.of(topic, 5), false), topic));

    // then
    assertThat(get(Results.only(admin.describeConfigs(List.of(resource)), resource)))
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
    List<ConsumerRecord<String, String>> read = readAll(5_000);
    assertThat(read).hasSize(5_000);
    for (ConsumerRecord<String, String> record : read) {
      long i = record.offset() * 3 + record.partition();
      assertThat(record.key()).isEqualTo("key-" + i);
      assertThat(record.value()).isEqualTo("value-" + i);
      assertThat(record.headers().get(0).value()).containsExactly((byte) i);
    }
  }

  @Test
  void positions_followSeeks() {
    // given
    send(300);
    TopicPartition partition = new TopicPartition(topic, 0);
    try (Consumer<String, String> consumer = consumer()) {
      consumer.assign(List.of(partition));
      assertThat(consumer.position(partition)).isZero();

      // when, then
      consumer.seek(partition, 42);
      assertThat(firstOf(consumer).offset()).isEqualTo(42);
      consumer.seekToEnd(List.of(partition));
      assertThat(consumer.position(partition)).isEqualTo(100);
      consumer.seekToBeginning(List.of(partition));
      assertThat(firstOf(consumer).offset()).isZero();
      consumer.seekToTimestamp(List.of(partition), 1_000_050);
      assertThat(firstOf(consumer).offset()).isEqualTo(50);
      assertThat(get(consumer.endOffsets(List.of(partition)))).containsEntry(partition, 100L);
      assertThat(get(consumer.beginningOffsets(List.of(partition)))).containsEntry(partition, 0L);
      assertThat(get(consumer.offsetsForTimes(Map.of(partition, 1_000_020L))))
          .hasEntrySatisfying(partition, found -> assertThat(found.offset()).isEqualTo(20));
      assertThat(get(consumer.offsetsForTimes(Map.of(partition, 9_000_000L)))).isEmpty();
    }
  }

  @Test
  void pausedPartition_isSilentUntilResumed() {
    // given
    send(300);
    List<TopicPartition> both = List.of(new TopicPartition(topic, 0), new TopicPartition(topic, 1));
    try (Consumer<String, String> consumer = consumer()) {
      consumer.assign(both);
      consumer.pause(List.of(both.get(0)));

      // when
      List<ConsumerRecord<String, String>> read = drain(consumer, 100);

      // then
      assertThat(read).hasSize(100).allMatch(record -> record.partition() == 1);
      assertThat(consumer.poll(Duration.ofMillis(100)).isEmpty()).isTrue();
      consumer.resume(both);
      assertThat(drain(consumer, 100)).hasSize(100).allMatch(record -> record.partition() == 0);
    }
  }

  @Test
  void subscriber_getsWhatItDemands() throws Exception {
    // given
    send(300);
    LinkedBlockingQueue<Long> offsets = new LinkedBlockingQueue<>();
    CompletableFuture<Flow.Subscription> handle = new CompletableFuture<>();
    CompletableFuture<Void> complete = new CompletableFuture<>();
    try (Consumer<String, String> consumer = consumer()) {
      consumer.assign(List.of(new TopicPartition(topic, 2)));

      // when
      consumer
          .publisher(Runnable::run)
          .subscribe(
              new Flow.Subscriber<>() {
                @Override
                public void onSubscribe(Flow.Subscription subscription) {
                  handle.complete(subscription);
                  subscription.request(10);
                }

                @Override
                public void onNext(ConsumerRecord<String, String> record) {
                  offsets.add(record.offset());
                }

                @Override
                public void onError(Throwable failure) {
                  complete.completeExceptionally(failure);
                }

                @Override
                public void onComplete() {
                  complete.complete(null);
                }
              });

      // then
      for (long i = 0; i < 10; i++) {
        assertThat(offsets.poll(10, TimeUnit.SECONDS)).isEqualTo(i);
      }
      assertThat(offsets.poll(200, TimeUnit.MILLISECONDS)).isNull();
      get(handle).request(Long.MAX_VALUE);
      for (long i = 10; i < 100; i++) {
        assertThat(offsets.poll(10, TimeUnit.SECONDS)).isEqualTo(i);
      }
    }
    get(complete);
  }

  @Test
  void offsetOutOfRange_withoutReset_isReported() {
    try (Consumer<String, String> consumer =
        Consumer.builder(Deserializers.string(), Deserializers.string())
            .bootstrapServers(bootstrap)
            .offsetReset(OffsetReset.NONE)
            .build()) {
      TopicPartition partition = new TopicPartition(topic, 0);
      consumer.assign(List.of(partition));
      assertThatThrownBy(() -> consumer.poll(Duration.ofSeconds(10)))
          .isInstanceOf(MillraceException.class)
          .hasMessageContaining(partition.toString());
      consumer.seek(partition, 77);
      assertThatThrownBy(() -> consumer.poll(Duration.ofSeconds(10)))
          .isInstanceOf(MillraceException.class)
          .hasMessageContaining("77");
      consumer.seek(partition, 0);
      assertThat(consumer.poll(Duration.ofMillis(50)).isEmpty()).isTrue();
    }
  }

  private Consumer<String, String> consumer() {
    return Consumer.builder(Deserializers.string(), Deserializers.string())
        .bootstrapServers(bootstrap)
        .offsetReset(OffsetReset.EARLIEST)
        .build();
  }

  private void send(int count) {
    try (Producer<String, String> producer =
        Producer.builder(Serializers.string(), Serializers.string())
            .bootstrapServers(bootstrap)
            .build()) {
      for (int i = 0; i < count; i++) {
        ProducerRecord<String, String> record = ProducerRecord.of(topic, "k", "value-" + i);
        producer.send(record.withPartition(i % 3).withTimestamp(1_000_000 + i / 3));
      }
    }
  }

  private static ConsumerRecord<String, String> firstOf(Consumer<String, String> consumer) {
    return consumer.poll(Duration.ofSeconds(10)).iterator().next();
  }

  private static List<ConsumerRecord<String, String>> drain(
      Consumer<String, String> consumer, int count) {
    List<ConsumerRecord<String, String>> read = new ArrayList<>();
    for (int rounds = 0; read.size() < count && rounds < 1000; rounds++) {
      consumer.poll(Duration.ofSeconds(5)).forEach(read::add);
    }
    return read;
  }

  private List<ConsumerRecord<String, String>> readAll(int count) {
    try (Consumer<String, String> consumer = consumer()) {
      consumer.assign(
          List.of(
              new TopicPartition(topic, 0),
              new TopicPartition(topic, 1),
              new TopicPartition(topic, 2)));
      return drain(consumer, count);
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
