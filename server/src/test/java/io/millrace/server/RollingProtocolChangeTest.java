package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.ConsumerGroupDescription;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.GroupType;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.serialization.IntegerDeserializer;
import org.apache.kafka.common.serialization.IntegerSerializer;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Apache's consumers in a group whose members are restarted one by one with another protocol. */
@NullUnmarked // a null where none may be fails the test
class RollingProtocolChangeTest {
  private static final String TOPIC = "orders";
  private static final String GROUP = "billing";
  private static final int PARTITIONS = 6;

  @TempDir Path directory;
  private Node node;
  private final Set<Integer> seen = ConcurrentHashMap.newKeySet();
  private final AtomicReference<Throwable> failure = new AtomicReference<>();

  @BeforeEach
  void start() throws Exception {
    Properties properties = TestNodes.single(directory);
    properties.setProperty("offsets.topic.num.partitions", "2");
    properties.setProperty("group.consumer.heartbeat.interval.ms", "200");
    node = TestNodes.start(properties);
    try (Admin admin = Admin.create(client())) {
      admin
          .createTopics(List.of(new NewTopic(TOPIC, PARTITIONS, (short) 1)))
          .all()
          .get(30, TimeUnit.SECONDS);
    }
  }

  @AfterEach
  void stop() {
    node.close();
  }

  private Map<String, Object> client() {
    Map<String, Object> config = new HashMap<>();
    config.put("bootstrap.servers", "localhost:" + node.port());
    return config;
  }

  private Map<String, Object> classic(String assignor) {
    return Map.of(
        "group.protocol",
        "classic",
        "heartbeat.interval.ms",
        200,
        "partition.assignment.strategy",
        "org.apache.kafka.clients.consumer." + assignor);
  }

  /** A consumer on a thread of its own, until it is closed. */
  private final class Member {
    private final Map<String, Object> config;
    private final Thread thread = new Thread(this::run, "member");
    private volatile boolean closing;
    private volatile boolean assigned;

    Member(Map<String, Object> protocol) {
      config = client();
      config.put(ConsumerConfig.GROUP_ID_CONFIG, GROUP);
      config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
      config.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
      config.putAll(protocol);
      thread.start();
    }

    private void run() {
      try (KafkaConsumer<Integer, Integer> consumer =
          new KafkaConsumer<>(config, new IntegerDeserializer(), new IntegerDeserializer())) {
        consumer.subscribe(List.of(TOPIC));
        while (!closing) {
          ConsumerRecords<Integer, Integer> records = consumer.poll(Duration.ofMillis(50));
          assigned |= !consumer.assignment().isEmpty();
          if (!records.isEmpty()) {
            commit(consumer);
            for (ConsumerRecord<Integer, Integer> record : records) {
              seen.add(record.value());
            }
          }
        }
      } catch (Throwable e) {
        failure.compareAndSet(null, e);
      }
    }

    private static void commit(KafkaConsumer<Integer, Integer> consumer) {
      try {
        consumer.commitSync(Duration.ofSeconds(10));
      } catch (RebalanceInProgressException | CommitFailedException moved) {
        // Whoever has the partitions now reads them again, from the last commit.
      }
    }

    Member awaitAssigned() {
      TestNodes.awaitTrue(() -> assigned || failure.get() != null);
      return this;
    }

    void close() throws InterruptedException {
      closing = true;
      thread.join(TimeUnit.SECONDS.toMillis(30));
      assertThat(thread.isAlive()).isFalse();
    }
  }

  private GroupType typeOfGroup() throws Exception {
    try (Admin admin = Admin.create(client())) {
      ConsumerGroupDescription group =
          admin.describeConsumerGroups(List.of(GROUP)).all().get(30, TimeUnit.SECONDS).get(GROUP);
      return group.type();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"CooperativeStickyAssignor", "RangeAssignor"})
  void membersRestartedOneByOne_takeTheGroupOverAndBackWithoutAStop(String assignor)
      throws Exception {
    AtomicInteger sent = new AtomicInteger();
    AtomicBoolean stop = new AtomicBoolean();
    Thread producing =
        new Thread(
            () -> {
              try (KafkaProducer<Integer, Integer> producer =
                  new KafkaProducer<>(client(), new IntegerSerializer(), new IntegerSerializer())) {
                while (!stop.get()) {
                  producer.send(new ProducerRecord<>(TOPIC, sent.get(), sent.get())).get();
                  sent.incrementAndGet();
                }
              } catch (InterruptedException | ExecutionException e) {
                failure.compareAndSet(null, e);
              }
            },
            "producing");
    List<Member> members = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      members.add(new Member(classic(assignor)));
    }
    members.forEach(Member::awaitAssigned);
    producing.start();
    Map<String, Object> consumer = Map.of("group.protocol", "consumer");
    for (int i = 0; i < 3; i++) {
      members.get(i).close();
      members.set(i, new Member(consumer).awaitAssigned());
      assertThat(typeOfGroup()).isEqualTo(GroupType.CONSUMER);
    }
    for (int i = 0; i < 3; i++) {
      assertThat(typeOfGroup()).isEqualTo(GroupType.CONSUMER);
      members.get(i).close();
      members.set(i, new Member(classic(assignor)).awaitAssigned());
    }
    assertThat(typeOfGroup()).isEqualTo(GroupType.CLASSIC);
    stop.set(true);
    producing.join();
    TestNodes.awaitTrue(() -> seen.size() == sent.get() || failure.get() != null);
    for (Member member : members) {
      member.close();
    }
    assertThat(failure.get()).isNull();
    assertThat(sent.get()).isPositive();
    assertThat(committed()).hasSize(PARTITIONS);
  }

  private Set<TopicPartition> committed() throws Exception {
    try (Admin admin = Admin.create(client())) {
      Map<TopicPartition, OffsetAndMetadata> offsets =
          admin
              .listConsumerGroupOffsets(GROUP)
              .partitionsToOffsetAndMetadata()
              .get(30, TimeUnit.SECONDS);
      return new HashSet<>(offsets.keySet());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"classic", "consumer"})
  void partitionsThatAreAdded_areReadFromTheBeginningUnderLatest(String protocol) throws Exception {
    Map<String, Object> latest = new HashMap<>(Map.of("group.protocol", protocol));
    latest.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "latest");
    try (Admin admin = Admin.create(client());
        KafkaProducer<Integer, Integer> producer =
            new KafkaProducer<>(client(), new IntegerSerializer(), new IntegerSerializer())) {
      Member first = new Member(latest).awaitAssigned();
      TestNodes.awaitTrue(
          () -> {
            producer.send(new ProducerRecord<>(TOPIC, 0, 0, 0));
            return seen.contains(0) || failure.get() != null;
          });
      first.close();
      admin
          .createPartitions(Map.of(TOPIC, NewPartitions.increaseTo(PARTITIONS + 1)))
          .all()
          .get(30, TimeUnit.SECONDS);
      // The producer's metadata may not have the partition yet: send waits for it.
      producer.send(new ProducerRecord<>(TOPIC, PARTITIONS, 77, 77)).get(30, TimeUnit.SECONDS);

      Member second = new Member(latest);
      TestNodes.awaitTrue(() -> seen.contains(77) || failure.get() != null);
      second.close();
    }
    assertThat(failure.get()).isNull();
  }
}
