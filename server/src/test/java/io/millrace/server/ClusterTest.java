package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.server.config.NodeConfig;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Predicate;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Three nodes in this process, Apache's clients, and nodes that go away. */
@NullUnmarked // a null where none may be fails the test
class ClusterTest {
  private static final String TOPIC = "orders";
  @TempDir Path directory;
  private List<Properties> configs = List.of();
  private final Map<Integer, Node> nodes = new ConcurrentHashMap<>();

  @BeforeEach
  void startThree() {
    configs = TestNodes.cluster(directory, 3);
    startAll();
  }

  @AfterEach
  void stopAll() {
    List<CompletableFuture<Void>> stops = new ArrayList<>();
    nodes.values().forEach(node -> stops.add(node.stop()));
    stops.forEach(TestNodes::await);
  }

  private void add(Node node) {
    nodes.put(node.config().quorum().nodeId(), node);
  }

  private Node any() {
    return nodes.values().iterator().next();
  }

  private Map<String, Object> client() {
    Map<String, Object> config = new HashMap<>();
    List<String> servers = new ArrayList<>();
    configs.forEach(
        properties ->
            servers.add(
                properties.getProperty("listeners").split(",")[0].replace("PLAINTEXT://", "")));
    config.put("bootstrap.servers", String.join(",", servers));
    return config;
  }

  private PartitionImage partition() {
    TopicImage topic = any().image().topics().topic(TOPIC);
    return topic == null ? null : topic.partitions().get(0);
  }

  private void awaitPartition(Predicate<PartitionImage> condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (true) {
      PartitionImage now = partition();
      if (now != null && condition.test(now)) {
        return;
      }
      assertThat(System.nanoTime()).as("partition is %s", now).isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  private void createTopic() throws Exception {
    try (Admin admin = Admin.create(client())) {
      admin
          .createTopics(List.of(new NewTopic(TOPIC, 1, (short) 3)))
          .all()
          .get(30, TimeUnit.SECONDS);
    }
    awaitPartition(partition -> partition.isr().size() == 3);
  }

  /** Sends numbers in order until told to stop. */
  private final class Load extends Thread {
    final AtomicBoolean stop = new AtomicBoolean();
    final List<Integer> acknowledged = new ArrayList<>();
    volatile int lastAcknowledged = -1;

    @Override
    public void run() {
      Map<String, Object> config = client();
      config.put("linger.ms", 1);
      config.put("request.timeout.ms", 5000);
      config.put("delivery.timeout.ms", 60_000);
      try (KafkaProducer<byte[], byte[]> producer =
          new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
        for (int i = 0; !stop.get(); i++) {
          int number = i;
          producer.send(
              new ProducerRecord<>(TOPIC, 0, null, ByteBuffer.allocate(4).putInt(i).array()),
              (metadata, failure) -> {
                if (failure == null) {
                  acknowledged.add(number); // on the producer's one thread
                  lastAcknowledged = number;
                }
              });
          if (i - lastAcknowledged > 1000) {
            producer.flush();
          }
        }
      }
    }

    void awaitAcknowledged(int count) {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (lastAcknowledged < count) {
        assertThat(System.nanoTime())
            .as("acknowledged up to %s", lastAcknowledged)
            .isLessThan(deadline);
        Thread.onSpinWait();
      }
    }

    List<Integer> end() throws InterruptedException {
      stop.set(true);
      join(60_000);
      return acknowledged;
    }
  }

  private List<Integer> readAll(int atLeast) {
    List<Integer> read = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(client(), new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      TopicPartition partition = new TopicPartition(TOPIC, 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
      while (read.size() < atLeast && System.nanoTime() < deadline) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofMillis(200))) {
          read.add(ByteBuffer.wrap(record.value()).getInt());
        }
      }
    }
    return read;
  }

  @Test
  void leaderKilledUnderLoad_losesNothingAndRepeatsNothing() throws Exception {
    // given
    createTopic();
    Load load = new Load();
    load.start();
    load.awaitAcknowledged(500);

    // when
    int leader = partition().leader();
    Node killed = nodes.remove(leader);
    long killedAt = System.nanoTime();
    int before = load.lastAcknowledged;
    TestNodes.await(killed.kill());
    awaitPartition(partition -> partition.hasLeader() && partition.leader() != leader);
    load.awaitAcknowledged(Math.max(before, load.lastAcknowledged) + 500);
    long failoverMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - killedAt);

    // then it comes back, catches up and joins
    add(TestNodes.start(configs.get(leader - 1)));
    awaitPartition(partition -> partition.isr().size() == 3);
    List<Integer> acknowledged = load.end();
    List<Integer> read = readAll(acknowledged.size());
    System.out.println("leader killed, next 500 acknowledged after ms=" + failoverMillis);
    assertThat(read).containsExactlyElementsOf(acknowledged);
  }

  @Test
  void gracefulStopOfTheLeader_handsOverBeforeItGoes() throws Exception {
    // given
    createTopic();
    int leader = partition().leader();

    // when
    TestNodes.await(nodes.remove(leader).stop());

    // then
    awaitPartition(partition -> partition.leader() != leader && partition.hasLeader());
    assertThat(partition().isr()).doesNotContain(leader).hasSize(2);
  }

  @Test
  void allStoppedAndStartedAgain_findTheirData() throws Exception {
    // given
    createTopic();
    Load load = new Load();
    load.start();
    load.awaitAcknowledged(300);
    List<Integer> acknowledged = load.end();
    String cluster = any().image().cluster().clusterId();

    // when
    stopAll();
    nodes.clear();
    startAll();

    // then
    assertThat(any().image().cluster().clusterId()).isEqualTo(cluster);
    assertThat(readAll(acknowledged.size())).containsExactlyElementsOf(acknowledged);
  }

  private void startAll() {
    List<CompletableFuture<Node>> starting = new ArrayList<>();
    for (Properties properties : configs) {
      starting.add(Node.start(NodeConfig.from(properties)));
    }
    starting.forEach(future -> add(TestNodes.await(future)));
  }
}
