package io.millrace.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.protocol.ErrorCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * Groups against a broker that runs already, Apache Kafka or Millrace: {@code
 * -Dmillrace.bootstrap=host:port}. Not part of an ordinary build.
 */
@EnabledIfSystemProperty(named = "millrace.bootstrap", matches = ".+")
@Timeout(90)
class RunningGroupTest {

  private final String bootstrap = System.getProperty("millrace.bootstrap", "");
  private final String topic = "group-client-" + UUID.randomUUID();
  private final String group = "g-" + UUID.randomUUID();
  private final Admin admin = Admin.builder().bootstrapServers(bootstrap).build();
  private final List<Consumer<String, String>> opened = new ArrayList<>();

  @BeforeEach
  void createTopic() {
    get(admin.createTopic(NewTopic.of(topic, 6, 1)));
  }

  @AfterEach
  void end() {
    opened.forEach(consumer -> consumer.close(Duration.ofSeconds(5)));
    get(admin.deleteTopic(topic));
    admin.close();
  }

  private Consumer<String, String> member(UnaryOperator<ConsumerBuilder<String, String>> settings) {
    Consumer<String, String> consumer =
        settings
            .apply(
                Consumer.builder(Deserializers.string(), Deserializers.string())
                    .bootstrapServers(bootstrap)
                    .groupId(group)
                    .fetchWait(1, Duration.ofMillis(50))
                    .offsetReset(OffsetReset.EARLIEST))
            .build();
    opened.add(consumer);
    return consumer;
  }

  private void send(int from, int to) {
    try (Producer<String, String> producer =
        Producer.builder(Serializers.string(), Serializers.string())
            .bootstrapServers(bootstrap)
            .build()) {
      for (int i = from; i < to; i++) {
        producer.send(ProducerRecord.<String, String>of(topic, "v" + i).withPartition(i % 6));
      }
    }
  }

  private static <T> T get(CompletableFuture<T> future) {
    return future.orTimeout(30, TimeUnit.SECONDS).join();
  }

  private static Set<String> read(Consumer<String, String> consumer, int count) {
    Set<String> values = new HashSet<>();
    while (values.size() < count) {
      consumer.poll(Duration.ofSeconds(20)).forEach(record -> values.add(record.value()));
    }
    return values;
  }

  @Test
  void firstMember_readsEverything_andTheNextGoesOnWhereItCommitted() {
    // given
    send(0, 600);
    Consumer<String, String> warm = member(builder -> builder);
    warm.subscribe(List.of(topic));
    read(warm, 600);
    warm.close();

    // when
    send(600, 660);
    long begin = System.nanoTime();
    Consumer<String, String> next = member(builder -> builder);
    next.subscribe(List.of(topic));
    Set<String> first = new HashSet<>();
    next.poll(Duration.ofSeconds(20)).forEach(record -> first.add(record.value()));
    long millis = (System.nanoTime() - begin) / 1_000_000;
    System.out.println("subscribe to first record, warm: " + millis + " ms");
    first.addAll(read(next, 60 - first.size()));

    // then
    assertThat(first).hasSize(60).contains("v600", "v659");
    assertThat(next.memberIdentity().memberEpoch()).isPositive();
    assertThat(next.assignment()).hasSize(6);
  }

  @Test
  void members_shareThePartitions_andTakeOverFromOneThatCloses() throws Exception {
    // given
    Map<String, Set<TopicPartition>> owned = new ConcurrentHashMap<>();
    Consumer<String, String> one = member(builder -> builder);
    Consumer<String, String> two = member(builder -> builder);
    one.subscribe(List.of(topic), listener("one", owned));
    pollUntil(one, null, () -> sizeOf(owned, "one") == 6);

    // when
    two.subscribe(List.of(topic), listener("two", owned));
    pollUntil(one, two, () -> sizeOf(owned, "one") == 3 && sizeOf(owned, "two") == 3);

    // then
    Set<TopicPartition> all = new HashSet<>(owned.get("one"));
    all.addAll(owned.get("two"));
    assertThat(all).hasSize(6);

    // when
    long begin = System.nanoTime();
    one.close();
    pollUntil(two, null, () -> sizeOf(owned, "two") == 6);
    System.out.println("close to taken over: " + (System.nanoTime() - begin) / 1_000_000 + " ms");
  }

  private static int sizeOf(Map<String, Set<TopicPartition>> owned, String who) {
    return owned.getOrDefault(who, Set.of()).size();
  }

  private static void pollUntil(
      Consumer<String, String> one,
      @Nullable Consumer<String, String> two,
      BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      one.poll(Duration.ofMillis(20));
      if (two != null) {
        two.poll(Duration.ofMillis(20));
      }
    }
  }

  private static RebalanceListener listener(String who, Map<String, Set<TopicPartition>> owned) {
    owned.put(who, ConcurrentHashMap.newKeySet());
    return new RebalanceListener() {
      @Override
      public void onAssigned(Collection<TopicPartition> partitions) {
        owned.get(who).addAll(partitions);
      }

      @Override
      public void onRevoked(Collection<TopicPartition> partitions) {
        owned.get(who).removeAll(partitions);
      }
    };
  }

  @Test
  void offsetsWithNotes_comeBack() {
    // given
    send(0, 60);
    Consumer<String, String> consumer = member(builder -> builder.autoCommit(false));
    consumer.subscribe(List.of(topic));
    read(consumer, 60);
    TopicPartition partition = new TopicPartition(topic, 3);

    // when
    consumer.commitSync(Map.of(partition, new OffsetAndMetadata(4, 0, "a note")));
    Map<TopicPartition, OffsetAndMetadata> committed =
        get(consumer.committed(List.of(partition, new TopicPartition(topic, 4))));

    // then
    assertThat(committed)
        .containsExactly(Map.entry(partition, new OffsetAndMetadata(4, 0, "a note")));
    consumer.commitSync();
    assertThat(get(consumer.committed(List.of(partition))))
        .hasEntrySatisfying(partition, last -> assertThat(last.offset()).isEqualTo(10));
  }

  @Test
  void patterns_areTheBrokers() {
    // given
    send(0, 60);
    Consumer<String, String> consumer = member(builder -> builder);

    // when
    consumer.subscribePattern("group-client-" + topic.substring(13, 20) + ".*");

    // then
    assertThat(read(consumer, 60)).hasSize(60);
    consumer.unsubscribe();
    consumer.subscribePattern("[");
    assertThatThrownBy(
            () -> {
              while (true) {
                consumer.poll(Duration.ofSeconds(1));
              }
            })
        .isInstanceOfSatisfying(
            MillraceException.class,
            refused -> assertThat(refused.error()).isEqualTo(ErrorCode.INVALID_REGULAR_EXPRESSION));
  }

  @Test
  void memberThatDoesNotPoll_givesItsPartitionsUp_andComesBack() {
    // given
    Map<String, Set<TopicPartition>> owned = new ConcurrentHashMap<>();
    Set<String> lost = ConcurrentHashMap.newKeySet();
    Consumer<String, String> lazy =
        member(builder -> builder.maxPollInterval(Duration.ofMillis(1500)));
    RebalanceListener told = listener("lazy", owned);
    lazy.subscribe(
        List.of(topic),
        new RebalanceListener() {
          @Override
          public void onAssigned(Collection<TopicPartition> partitions) {
            told.onAssigned(partitions);
          }

          @Override
          public void onRevoked(Collection<TopicPartition> partitions) {
            told.onRevoked(partitions);
          }

          @Override
          public void onLost(Collection<TopicPartition> partitions) {
            lost.add("lost " + partitions.size());
            told.onRevoked(partitions);
          }
        });
    pollUntil(lazy, null, () -> sizeOf(owned, "lazy") == 6);

    // when
    Consumer<String, String> other = member(builder -> builder);
    other.subscribe(List.of(topic), listener("other", owned));
    pollUntil(other, null, () -> sizeOf(owned, "other") == 6);

    // then
    pollUntil(lazy, other, () -> sizeOf(owned, "lazy") == 3 && sizeOf(owned, "other") == 3);
    assertThat(lost).containsExactly("lost 6");
  }

  @Test
  void staticMember_comesBackToItsPartitions() {
    // given
    Map<String, Set<TopicPartition>> owned = new ConcurrentHashMap<>();
    Consumer<String, String> first = member(builder -> builder.groupInstanceId("a"));
    first.subscribe(List.of(topic), listener("first", owned));
    Consumer<String, String> other = member(builder -> builder.groupInstanceId("b"));
    other.subscribe(List.of(topic), listener("other", owned));
    pollUntil(first, other, () -> sizeOf(owned, "first") == 3 && sizeOf(owned, "other") == 3);
    Set<TopicPartition> before = Set.copyOf(owned.get("first"));

    // when
    first.close();
    Consumer<String, String> again = member(builder -> builder.groupInstanceId("a"));
    again.subscribe(List.of(topic), listener("again", owned));
    pollUntil(again, other, () -> sizeOf(owned, "again") == 3);

    // then
    assertThat(owned.get("again")).isEqualTo(before);
    assertThat(sizeOf(owned, "other")).isEqualTo(3);
  }

  @Test
  void handler_getsPartitionsInOrder_andOnlyWhatItDidIsCommitted() throws Exception {
    // given
    send(0, 3_000);
    ExecutorService threads = Executors.newFixedThreadPool(4);
    Map<Integer, Long> last = new ConcurrentHashMap<>();
    AtomicBoolean disorder = new AtomicBoolean();
    LinkedBlockingQueue<Integer> handled = new LinkedBlockingQueue<>();
    Consumer<String, String> consumer = member(builder -> builder);
    consumer.subscribe(List.of(topic));

    // when
    Processing processing =
        consumer.process(
            threads,
            10,
            record -> {
              Long before = last.put(record.partition(), record.offset());
              if (before != null && before + 1 != record.offset()) {
                disorder.set(true);
              }
              handled.add(record.partition());
            });
    for (int i = 0; i < 3_000; i++) {
      assertThat(handled.poll(20, TimeUnit.SECONDS)).isNotNull();
    }
    get(processing.stop());

    // then
    assertThat(disorder).isFalse();
    consumer.commitSync();
    Map<TopicPartition, OffsetAndMetadata> committed =
        get(
            consumer.committed(
                List.of(new TopicPartition(topic, 0), new TopicPartition(topic, 5))));
    assertThat(committed.values()).extracting(OffsetAndMetadata::offset).containsOnly(500L);
    threads.shutdown();
  }

  @Test
  void subscriber_inAGroup_getsRecords_andCommitsThem() throws Exception {
    // given
    send(0, 60);
    ExecutorService thread = Executors.newSingleThreadExecutor();
    LinkedBlockingQueue<String> values = new LinkedBlockingQueue<>();
    Consumer<String, String> consumer =
        member(builder -> builder.autoCommitInterval(Duration.ofMillis(100)));
    consumer.subscribe(List.of(topic));

    // when
    consumer
        .publisher(thread)
        .subscribe(
            new Flow.Subscriber<>() {
              @Override
              public void onSubscribe(Flow.Subscription subscription) {
                subscription.request(Long.MAX_VALUE);
              }

              @Override
              public void onNext(ConsumerRecord<String, String> record) {
                values.add(record.value());
              }

              @Override
              public void onError(Throwable broken) {}

              @Override
              public void onComplete() {}
            });
    Set<String> got = new HashSet<>();
    for (int i = 0; i < 60; i++) {
      String value = values.poll(20, TimeUnit.SECONDS);
      assertThat(value).isNotNull();
      got.add(value);
    }

    // then
    assertThat(got).hasSize(60);
    Map<TopicPartition, OffsetAndMetadata> committed = new HashMap<>();
    List<TopicPartition> all = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      all.add(new TopicPartition(topic, i));
    }
    while (committed.values().stream().mapToLong(OffsetAndMetadata::offset).sum() < 60) {
      committed.putAll(get(consumer.committed(all)));
    }
    consumer.close();
    thread.shutdown();
  }
}
