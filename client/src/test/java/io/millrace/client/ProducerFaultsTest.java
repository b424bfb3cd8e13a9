package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.FakeCluster.Fault;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ProduceRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The producer against brokers that fail it, over real sockets. */
@Timeout(60)
class ProducerFaultsTest {

  private static final String TOPIC = FakeCluster.TOPIC;

  private FakeCluster cluster;

  @BeforeEach
  void startCluster() throws Exception {
    cluster = new FakeCluster(2);
  }

  @AfterEach
  void stopCluster() throws Exception {
    cluster.close();
  }

  private ProducerBuilder<String, String> builder() {
    return Producer.builder(Serializers.string(), Serializers.string())
        .bootstrapServers(cluster.bootstrap())
        .retryBackoff(Duration.ofMillis(1), Duration.ofMillis(20))
        .reconnectBackoff(Duration.ofMillis(1), Duration.ofMillis(20))
        .requestTimeout(Duration.ofMillis(1_000))
        .deliveryTimeout(Duration.ofSeconds(20));
  }

  /**
   * The invariant of the whole library: every acknowledged record once, in order, at the offset
   * that was told.
   */
  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {21, 22, 23, 24})
  void lostConnectionsAndMovingLeaders_neitherLoseNorRepeatNorReorder(long seed) throws Exception {
    // given
    SplittableRandom random = new SplittableRandom(seed);
    AtomicBoolean calm = new AtomicBoolean();
    cluster.faults(
        (node, request) -> {
          if (calm.get() || !(request instanceof ProduceRequest)) {
            return Fault.NONE;
          }
          synchronized (random) {
            int dice = random.nextInt(100);
            if (dice < 5) {
              cluster.moveLeader();
            }
            return dice < 15 ? Fault.DROP_BEFORE : dice < 30 ? Fault.DROP_AFTER : Fault.NONE;
          }
        });
    List<CompletableFuture<RecordMetadata>> sent = new ArrayList<>();
    int count = 3_000;

    // when
    try (Producer<String, String> producer =
        builder().linger(Duration.ofMillis(1)).batchSize(600).build()) {
      for (int i = 0; i < count; i++) {
        ProducerRecord<String, String> record = ProducerRecord.of(TOPIC, "value-" + i);
        sent.add(producer.send(record.withPartition(i % 2)));
        if (i == count - 500) {
          calm.set(true);
        }
      }
    }

    // then
    for (int partition = 0; partition < 2; partition++) {
      int index = partition;
      List<String> log = cluster.locked(() -> cluster.partitions.get(index).values());
      assertThat(log).hasSize(count / 2);
      for (int i = 0; i < log.size(); i++) {
        int number = i * 2 + partition;
        assertThat(log.get(i)).isEqualTo("value-" + number);
        assertThat(sent.get(number).get().offset()).isEqualTo(i);
      }
    }
  }

  @Test
  void callbackThatFailsBadly_spoilsNothingForOtherRecords_norForTheEnd() {
    // given
    List<CompletableFuture<RecordMetadata>> sent = new ArrayList<>();
    Producer<String, String> producer = builder().linger(Duration.ofMillis(50)).build();

    // when
    for (int i = 0; i < 3; i++) {
      ProducerRecord<String, String> record = ProducerRecord.of(TOPIC, "value-" + i);
      sent.add(
          producer.send(
              record.withPartition(0),
              (metadata, failure) -> {
                throw new AssertionError("the callback's own");
              }));
    }
    producer.close(Duration.ofSeconds(20));

    // then
    assertThat(sent).allMatch(CompletableFuture::isDone).noneMatch(each -> each.isCancelled());
    assertThat(sent.get(2)).isCompletedWithValueMatching(metadata -> metadata.offset() == 2);
  }

  @Test
  void senderWhoGivesUp_doesNotHoldTheEndUp() throws Exception {
    // given: a record that waits for a topic
    Producer<String, String> producer = builder().maxBlock(Duration.ofSeconds(50)).build();
    CompletableFuture<RecordMetadata> sent = producer.send(ProducerRecord.of("unheard-of", "v"));
    Thread closer = new Thread(() -> producer.close(Duration.ofSeconds(50)));
    closer.start();
    while (closer.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }

    // when
    sent.cancel(true);

    // then
    closer.join(10_000);
    assertThat(closer.isAlive()).isFalse();
  }

  @Test
  void silentBroker_failsRecordsAfterTheDeliveryTimeout() {
    // given
    cluster.faults(
        (node, request) -> request instanceof ProduceRequest ? Fault.SILENCE : Fault.NONE);
    try (Producer<String, String> producer =
        builder()
            .requestTimeout(Duration.ofMillis(200))
            .deliveryTimeout(Duration.ofMillis(500))
            .build()) {
      // when
      CompletableFuture<RecordMetadata> sent = producer.send(ProducerRecord.of(TOPIC, "v"));

      // then
      assertThatThrownBy(() -> sent.get(10, TimeUnit.SECONDS))
          .hasCauseInstanceOf(MillraceException.class)
          .hasMessageContaining("delivery.timeout.ms=500");
    }
  }

  /**
   * After a batch that may or may not be in the log was given up, later records still go through,
   * under a new epoch.
   */
  @Test
  void givenUpBatch_doesNotBlockThoseBehindIt() throws Exception {
    // given
    AtomicBoolean silent = new AtomicBoolean(true);
    cluster.faults(
        (node, request) ->
            request instanceof ProduceRequest && silent.get() ? Fault.SILENCE : Fault.NONE);
    try (Producer<String, String> producer =
        builder()
            .requestTimeout(Duration.ofMillis(200))
            .deliveryTimeout(Duration.ofMillis(400))
            .build()) {
      CompletableFuture<RecordMetadata> lost =
          producer.send(ProducerRecord.<String, String>of(TOPIC, "lost").withPartition(0));
      assertThatThrownBy(() -> lost.get(10, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class);

      // when
      silent.set(false);
      CompletableFuture<RecordMetadata> next =
          producer.send(ProducerRecord.<String, String>of(TOPIC, "next").withPartition(0));

      // then
      assertThat(next.get(10, TimeUnit.SECONDS).offset()).isZero();
    }
  }

  @Test
  void forgottenProducer_beginsItsSequenceAnew() throws Exception {
    // given
    try (Producer<String, String> producer = builder().build()) {
      for (int i = 0; i < 10; i++) {
        producer
            .send(ProducerRecord.<String, String>of(TOPIC, "before-" + i).withPartition(0))
            .get(10, TimeUnit.SECONDS);
      }

      // when
      cluster.locked(
          () -> {
            cluster.partitions.get(0).forgetProducers();
            return true;
          });

      // then
      RecordMetadata after =
          producer
              .send(ProducerRecord.<String, String>of(TOPIC, "after").withPartition(0))
              .get(10, TimeUnit.SECONDS);
      assertThat(after.offset()).isEqualTo(10);
    }
    assertThat(cluster.locked(() -> cluster.producerIdsGiven)).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void tooLargeBatch_isSplitUntilItFits(boolean idempotent) throws Exception {
    // given
    cluster.locked(() -> cluster.maxBatchRecords = 3);
    List<CompletableFuture<RecordMetadata>> sent = new ArrayList<>();

    // when
    try (Producer<String, String> producer =
        builder().idempotence(idempotent).linger(Duration.ofMillis(200)).build()) {
      for (int i = 0; i < 20; i++) {
        ProducerRecord<String, String> record = ProducerRecord.of(TOPIC, "value-" + i);
        sent.add(producer.send(record.withPartition(0)));
      }
    }

    // then
    for (int i = 0; i < 20; i++) {
      assertThat(sent.get(i).get(10, TimeUnit.SECONDS).offset()).isEqualTo(i);
    }
    List<String> log = cluster.locked(() -> cluster.partitions.get(0).values());
    assertThat(log).hasSize(20).startsWith("value-0").endsWith("value-19");
  }

  @Test
  void recordOverTheLimit_isRefusedWithBothSizes() {
    try (Producer<String, String> producer = builder().maxRequestSize(2_000).build()) {
      assertThatThrownBy(() -> producer.send(ProducerRecord.of(TOPIC, "x".repeat(3_000))).join())
          .hasCauseInstanceOf(MillraceException.class)
          .hasMessageContaining("max.request.size=2000");
    }
  }

  @Test
  void unknownTopic_isReportedByName() {
    try (Producer<String, String> producer = builder().maxBlock(Duration.ofSeconds(2)).build()) {
      assertThatThrownBy(() -> producer.send(ProducerRecord.of("nope", "x")).join())
          .hasMessageContaining("nope")
          .hasMessageContaining(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.name());
    }
  }

  @Test
  void unreachableCluster_isReportedAfterMaxBlock() throws Exception {
    cluster.close();
    try (Producer<String, String> producer = builder().maxBlock(Duration.ofMillis(300)).build()) {
      assertThatThrownBy(() -> producer.send(ProducerRecord.of(TOPIC, "x")).join())
          .hasMessageContaining("no broker answered");
    }
  }

  @Test
  void fullMemory_refusesOrWaits_untilBrokersTakeRecords() throws Exception {
    // given
    AtomicBoolean silent = new AtomicBoolean(true);
    cluster.faults(
        (node, request) ->
            request instanceof ProduceRequest && silent.get() ? Fault.DROP_BEFORE : Fault.NONE);
    try (Producer<String, String> producer =
        builder()
            .maxRequestSize(1_024)
            .bufferMemory(4_000)
            .maxBlock(Duration.ofMillis(300))
            .build()) {
      List<CompletableFuture<RecordMetadata>> taken = new ArrayList<>();
      CompletableFuture<RecordMetadata> last =
          producer.trySend(ProducerRecord.of(TOPIC, "x".repeat(500)));
      while (!last.isCompletedExceptionally()) {
        taken.add(last);
        last = producer.trySend(ProducerRecord.of(TOPIC, "x".repeat(500)));
      }

      // when, then
      assertThat(taken).hasSizeBetween(3, 8);
      CompletableFuture<RecordMetadata> blocked =
          producer.send(ProducerRecord.of(TOPIC, "y".repeat(500)));
      assertThatThrownBy(blocked::join).hasCauseInstanceOf(BufferExhaustedException.class);
      CompletableFuture<Void> ready = producer.whenReady();
      assertThat(ready).isNotDone();
      silent.set(false);
      ready.get(10, TimeUnit.SECONDS);
      for (CompletableFuture<RecordMetadata> each : taken) {
        assertThat(each.get(10, TimeUnit.SECONDS).hasOffset()).isTrue();
      }
    }
  }

  @Test
  void withoutAcknowledgement_recordsEndWithoutOffset() throws Exception {
    try (Producer<String, String> producer = builder().acks(Acks.NONE).build()) {
      RecordMetadata where =
          producer
              .send(ProducerRecord.<String, String>of(TOPIC, "v").withPartition(1))
              .get(10, TimeUnit.SECONDS);
      assertThat(where.hasOffset()).isFalse();
      producer.send(ProducerRecord.<String, String>of(TOPIC, "w").withPartition(1));
    }
  }

  @Test
  void close_failsWhatItCannotSend_andRefusesWhatComesAfter() {
    // given
    cluster.faults(
        (node, request) -> request instanceof ProduceRequest ? Fault.SILENCE : Fault.NONE);
    Producer<String, String> producer = builder().build();
    AtomicInteger told = new AtomicInteger();
    CompletableFuture<RecordMetadata> unsent =
        producer.send(ProducerRecord.of(TOPIC, "v"), (metadata, failure) -> told.incrementAndGet());

    // when
    producer.close(Duration.ofMillis(100));

    // then
    assertThatThrownBy(unsent::join).hasMessageContaining("the producer is closed");
    assertThat(told).hasValue(1);
    assertThat(producer.send(ProducerRecord.of(TOPIC, "w"))).isCompletedExceptionally();
    producer.close();
  }

  @Test
  void keys_decideThePartition_andNullKeysFillBatches() throws Exception {
    try (Producer<String, String> producer = builder().linger(Duration.ofMillis(20)).build()) {
      List<CompletableFuture<RecordMetadata>> keyed = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        keyed.add(producer.send(ProducerRecord.of(TOPIC, "key-" + i % 5, "v")));
      }
      for (int i = 5; i < 50; i++) {
        assertThat(keyed.get(i).get(10, TimeUnit.SECONDS).partition())
            .isEqualTo(keyed.get(i % 5).get().partition());
      }
    }
  }
}
