package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.FakeCluster.Fault;
import io.millrace.protocol.message.FetchRequest;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.ConcurrentModificationException;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The consumer against brokers that fail it, over real sockets. */
@Timeout(60)
class ConsumerFaultsTest {

  private static final TopicPartition FIRST = new TopicPartition(FakeCluster.TOPIC, 0);
  private static final TopicPartition SECOND = new TopicPartition(FakeCluster.TOPIC, 1);

  private FakeCluster cluster;

  @BeforeEach
  void startCluster() throws Exception {
    cluster = new FakeCluster(2);
  }

  @AfterEach
  void stopCluster() throws Exception {
    cluster.close();
  }

  private Consumer<String, String> consumer(OffsetReset reset) {
    return Consumer.builder(Deserializers.string(), Deserializers.string())
        .bootstrapServers(cluster.bootstrap())
        .offsetReset(reset)
        .retryBackoff(Duration.ofMillis(1), Duration.ofMillis(20))
        .reconnectBackoff(Duration.ofMillis(1), Duration.ofMillis(20))
        .fetchWait(1, Duration.ofMillis(20))
        .build();
  }

  private void fill(int count, int batchSize) {
    try (Producer<String, String> producer =
        Producer.builder(Serializers.string(), Serializers.string())
            .bootstrapServers(cluster.bootstrap())
            .batchSize(batchSize)
            .build()) {
      for (int i = 0; i < count; i++) {
        ProducerRecord<String, String> record = ProducerRecord.of(FakeCluster.TOPIC, "value-" + i);
        producer.send(record.withPartition(i % 2));
      }
    }
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {31, 32, 33})
  void lostConnectionsAndMovingLeaders_leaveNoGapAndNoRepeat(long seed) {
    // given
    fill(2_000, 400);
    SplittableRandom random = new SplittableRandom(seed);
    cluster.faults(
        (node, request) -> {
          if (!(request instanceof FetchRequest)) {
            return Fault.NONE;
          }
          synchronized (random) {
            int dice = random.nextInt(100);
            if (dice < 5) {
              cluster.moveLeader();
            }
            return dice < 10 ? Fault.DROP_BEFORE : dice < 20 ? Fault.DROP_AFTER : Fault.NONE;
          }
        });

    // when
    List<ConsumerRecord<String, String>> read = new ArrayList<>();
    try (Consumer<String, String> consumer = consumer(OffsetReset.EARLIEST)) {
      consumer.assign(List.of(FIRST, SECOND));
      while (read.size() < 2_000) {
        consumer.poll(Duration.ofSeconds(10)).forEach(read::add);
      }
      assertThat(consumer.position(FIRST)).isEqualTo(1_000);
    }

    // then
    long[] next = new long[2];
    for (ConsumerRecord<String, String> record : read) {
      assertThat(record.offset()).isEqualTo(next[record.partition()]++);
      assertThat(record.value()).isEqualTo("value-" + (record.offset() * 2 + record.partition()));
    }
    assertThat(next).containsExactly(1_000, 1_000);
  }

  @Test
  void truncatedLog_isReadAgainFromWhereItDiverged() {
    // given
    fill(200, 100);
    try (Consumer<String, String> consumer = consumer(OffsetReset.EARLIEST)) {
      consumer.assign(List.of(FIRST));
      readTo(consumer, 100);

      // when
      long end =
          cluster.locked(
              () -> {
                cluster.partitions.get(0).truncateTo(60);
                cluster.moveLeader();
                return cluster.partitions.get(0).endOffset();
              });
      fill(100, 100);

      // then
      assertThat(consumer.poll(Duration.ofSeconds(10)).iterator().next().offset()).isEqualTo(end);
    }
  }

  @Test
  void truncatedLog_withoutReset_isReported() {
    // given
    fill(200, 100);
    try (Consumer<String, String> consumer = consumer(OffsetReset.NONE)) {
      consumer.assign(List.of(FIRST));
      consumer.seek(FIRST, 0);
      readTo(consumer, 100);

      // when
      cluster.locked(
          () -> {
            cluster.partitions.get(0).truncateTo(60);
            cluster.moveLeader();
            return true;
          });

      // then
      assertThatThrownBy(() -> consumer.poll(Duration.ofSeconds(10)))
          .isInstanceOf(MillraceException.class)
          .hasMessageContaining("truncated");
    }
  }

  @Test
  void corruptBatch_isReportedWithItsPlace_andCanBePassed() {
    // given
    fill(200, 100);
    cluster.locked(
        () -> {
          cluster.partitions.get(0).corrupt(0);
          return true;
        });
    try (Consumer<String, String> consumer = consumer(OffsetReset.EARLIEST)) {
      consumer.assign(List.of(FIRST));

      // when, then
      for (int attempt = 0; attempt < 2; attempt++) {
        assertThatThrownBy(() -> consumer.poll(Duration.ofSeconds(10)))
            .isInstanceOfSatisfying(
                RecordReadException.class,
                unreadable -> {
                  assertThat(unreadable.partition()).isEqualTo(FIRST);
                  assertThat(unreadable.offset()).isZero();
                });
      }
      consumer.seek(FIRST, 50);
      assertThat(consumer.poll(Duration.ofSeconds(10)).iterator().next().offset()).isEqualTo(50);
    }
  }

  @Test
  void refusingDeserializer_stopsBeforeTheRecord() {
    // given
    fill(20, 1_000);
    Deserializer<String> picky =
        (topic, data) -> {
          String text = new String(data, StandardCharsets.UTF_8);
          if (text.equals("value-6")) {
            throw new IllegalArgumentException("not this one");
          }
          return text;
        };
    try (Consumer<String, String> consumer =
        Consumer.builder(Deserializers.string(), picky)
            .bootstrapServers(cluster.bootstrap())
            .offsetReset(OffsetReset.EARLIEST)
            .build()) {
      consumer.assign(List.of(FIRST));

      // when
      int before = consumer.poll(Duration.ofSeconds(10)).count();

      // then
      assertThat(before).isEqualTo(3);
      assertThatThrownBy(() -> consumer.poll(Duration.ofSeconds(10)))
          .isInstanceOf(RecordReadException.class)
          .hasMessageContaining("not this one");
      consumer.seek(FIRST, 4);
      assertThat(consumer.poll(Duration.ofSeconds(10)).iterator().next().offset()).isEqualTo(4);
    }
  }

  @Test
  void wakeup_endsAPoll_andASecondThreadIsTurnedAway() throws Exception {
    try (Consumer<String, String> consumer = consumer(OffsetReset.EARLIEST)) {
      consumer.assign(List.of(FIRST));
      CompletableFuture<Void> polling =
          CompletableFuture.runAsync(() -> consumer.poll(Duration.ofSeconds(30)));
      boolean turnedAway = false;
      while (!turnedAway && !polling.isDone()) {
        try {
          consumer.assignment();
        } catch (ConcurrentModificationException busy) {
          turnedAway = true;
        }
      }

      // when
      consumer.wakeup();

      // then
      assertThat(turnedAway).isTrue();
      assertThatThrownBy(() -> polling.get(10, TimeUnit.SECONDS))
          .hasCauseInstanceOf(WakeupException.class);
    }
  }

  private static void readTo(Consumer<String, String> consumer, long end) {
    while (consumer.position(FIRST) < end) {
      consumer.poll(Duration.ofSeconds(10));
    }
  }
}
