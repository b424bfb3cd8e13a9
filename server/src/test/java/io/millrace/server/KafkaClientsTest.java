package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AlterConfigOp;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.admin.ConfigEntry;
import org.apache.kafka.clients.admin.NewPartitions;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.errors.InvalidConfigurationException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Apache's own clients against a single node in this process. */
@NullUnmarked // a null where none may be fails the test
class KafkaClientsTest {
  @TempDir static Path directory;
  private static Node node;

  @BeforeAll
  static void start() {
    node = TestNodes.start(TestNodes.single(directory));
  }

  @AfterAll
  static void stop() {
    node.close();
  }

  private static Map<String, Object> client() {
    Map<String, Object> config = new HashMap<>();
    config.put("bootstrap.servers", "localhost:" + node.port());
    return config;
  }

  private static KafkaProducer<byte[], byte[]> producer(Map<String, Object> more) {
    Map<String, Object> config = client();
    config.put("request.timeout.ms", 10_000);
    config.put("delivery.timeout.ms", 30_000);
    config.putAll(more);
    return new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
  }

  private static KafkaConsumer<byte[], byte[]> consumer() {
    Map<String, Object> config = client();
    config.put("auto.offset.reset", "earliest");
    return new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  private static List<ConsumerRecord<byte[], byte[]>> readAll(String topic, int count) {
    List<ConsumerRecord<byte[], byte[]>> read = new ArrayList<>();
    try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
      TopicPartition partition = new TopicPartition(topic, 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
      while (read.size() < count && System.nanoTime() < deadline) {
        consumer.poll(Duration.ofMillis(200)).forEach(read::add);
      }
    }
    return read;
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "gzip", "snappy", "lz4", "zstd"})
  void everyCodec_roundTripsKeysValuesHeadersNullsAndTimestamps(String codec) throws Exception {
    // given
    String topic = "codec-" + codec;

    // when
    List<RecordMetadata> sent = new ArrayList<>();
    try (KafkaProducer<byte[], byte[]> producer =
        producer(Map.of("compression.type", codec, "linger.ms", 20))) {
      List<Future<RecordMetadata>> futures = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        byte[] key = i % 3 == 0 ? null : ("key-" + i).getBytes(StandardCharsets.UTF_8);
        byte[] value =
            i % 5 == 0 ? null : ("value-" + i).repeat(20).getBytes(StandardCharsets.UTF_8);
        ProducerRecord<byte[], byte[]> record =
            new ProducerRecord<>(topic, 0, 1_700_000_000_000L + i, key, value);
        record
            .headers()
            .add(new RecordHeader("h", new byte[] {(byte) i}))
            .add(new RecordHeader("n", null));
        futures.add(producer.send(record));
      }
      for (var future : futures) {
        sent.add(future.get(30, TimeUnit.SECONDS));
      }
    }
    List<ConsumerRecord<byte[], byte[]>> read = readAll(topic, 100);

    // then
    assertThat(sent.get(99).offset()).isEqualTo(99);
    assertThat(read).hasSize(100);
    for (int i = 0; i < 100; i++) {
      ConsumerRecord<byte[], byte[]> record = read.get(i);
      assertThat(record.offset()).isEqualTo(i);
      assertThat(record.timestamp()).isEqualTo(1_700_000_000_000L + i);
      assertThat(record.key() == null).isEqualTo(i % 3 == 0);
      assertThat(record.value() == null).isEqualTo(i % 5 == 0);
      assertThat(record.headers().lastHeader("h").value()).containsExactly((byte) i);
      assertThat(record.headers().lastHeader("n").value()).isNull();
    }
  }

  @Test
  void recordAtTheLimit_passes_andOneOverIsRefusedByName() throws Exception {
    // given: a batch may have 1,048,588 bytes, its header, the record's lengths and overhead
    // included
    Map<String, Object> big = Map.of("max.request.size", 4_000_000, "batch.size", 0);
    try (KafkaProducer<byte[], byte[]> producer = producer(big)) {
      // when
      RecordMetadata sent =
          producer
              .send(new ProducerRecord<>("big", 0, null, new byte[1_048_500]))
              .get(20, TimeUnit.SECONDS);

      // then
      assertThat(sent.offset()).isZero();
      assertThatThrownBy(
              () ->
                  producer
                      .send(new ProducerRecord<>("big", 0, null, new byte[1_048_600]))
                      .get(20, TimeUnit.SECONDS))
          .hasCauseInstanceOf(RecordTooLargeException.class);
    }
    assertThat(readAll("big", 1).get(0).value()).hasSize(1_048_500);
  }

  @Test
  void topicJustCreated_takesItsFirstRecordAtOnce() throws Exception {
    try (Admin admin = Admin.create(client());
        KafkaProducer<byte[], byte[]> producer =
            producer(Map.of("retries", 0, "enable.idempotence", false, "acks", "all"))) {
      for (int i = 0; i < 20; i++) {
        String topic = "just-created-" + i;
        admin.createTopics(List.of(new NewTopic(topic, 3, (short) 1))).all().get();

        long offset =
            producer.send(new ProducerRecord<>(topic, 2, null, new byte[1])).get().offset();

        assertThat(offset).isZero();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "1", "all"})
  void everyKindOfAcks_deliversInOrder(String acks) throws Exception {
    String topic = "acks-" + acks;
    try (KafkaProducer<byte[], byte[]> producer =
        producer(Map.of("acks", acks, "enable.idempotence", acks.equals("all")))) {
      for (int i = 0; i < 50; i++) {
        producer.send(new ProducerRecord<>(topic, 0, null, new byte[] {(byte) i}));
      }
      producer.flush();
    }

    List<ConsumerRecord<byte[], byte[]>> read = readAll(topic, 50);

    assertThat(read)
        .extracting(record -> (int) record.value()[0])
        .containsExactlyElementsOf(upTo(50));
  }

  private static List<Integer> upTo(int end) {
    List<Integer> numbers = new ArrayList<>();
    for (int i = 0; i < end; i++) {
      numbers.add(i);
    }
    return numbers;
  }

  @Test
  void offsetsByTime_findTheFirstRecordNotBefore() throws Exception {
    try (KafkaProducer<byte[], byte[]> producer = producer(Map.of())) {
      for (int i = 0; i < 10; i++) {
        producer
            .send(new ProducerRecord<>("times", 0, 1000L * i, null, new byte[1]))
            .get(20, TimeUnit.SECONDS);
      }
    }
    TopicPartition partition = new TopicPartition("times", 0);
    try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
      assertThat(consumer.offsetsForTimes(Map.of(partition, 4500L)).get(partition).offset())
          .isEqualTo(5);
      assertThat(consumer.offsetsForTimes(Map.of(partition, 99_000L)).get(partition)).isNull();
      assertThat(consumer.beginningOffsets(List.of(partition))).containsEntry(partition, 0L);
      assertThat(consumer.endOffsets(List.of(partition))).containsEntry(partition, 10L);
    }
  }

  @Test
  void consumerOfManyPartitions_getsThemAllOverOneSession() throws Exception {
    try (Admin admin = Admin.create(client())) {
      admin
          .createTopics(List.of(new NewTopic("many", 20, (short) 1)))
          .all()
          .get(20, TimeUnit.SECONDS);
    }
    try (KafkaProducer<byte[], byte[]> producer = producer(Map.of())) {
      for (int i = 0; i < 200; i++) {
        producer.send(new ProducerRecord<>("many", i % 20, null, new byte[] {(byte) i}));
      }
      producer.flush();
    }
    List<TopicPartition> partitions =
        upTo(20).stream().map(i -> new TopicPartition("many", i)).toList();
    int read = 0;
    try (KafkaConsumer<byte[], byte[]> consumer = consumer()) {
      consumer.assign(partitions);
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
      while (read < 200 && System.nanoTime() < deadline) {
        read += consumer.poll(Duration.ofMillis(200)).count();
      }
    }
    assertThat(read).isEqualTo(200);
  }

  @Test
  void administration_createsDescribesGrowsChangesAndDeletes() throws Exception {
    try (Admin admin = Admin.create(client())) {
      // create
      admin
          .createTopics(
              List.of(new NewTopic("admin", 2, (short) 1).configs(Map.of("retention.ms", "60000"))))
          .all()
          .get(20, TimeUnit.SECONDS);
      assertThat(admin.listTopics().names().get(20, TimeUnit.SECONDS)).contains("admin");
      // describe
      TopicDescription description =
          admin
              .describeTopics(List.of("admin"))
              .allTopicNames()
              .get(20, TimeUnit.SECONDS)
              .get("admin");
      assertThat(description.partitions()).hasSize(2);
      assertThat(description.partitions().get(0).leader().id()).isEqualTo(1);
      ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, "admin");
      assertThat(config(admin, resource).get("retention.ms").value()).isEqualTo("60000");
      assertThat(config(admin, resource).get("retention.ms").source())
          .isEqualTo(ConfigEntry.ConfigSource.DYNAMIC_TOPIC_CONFIG);
      // grow
      admin
          .createPartitions(Map.of("admin", NewPartitions.increaseTo(5)))
          .all()
          .get(20, TimeUnit.SECONDS);
      assertThat(
              admin
                  .describeTopics(List.of("admin"))
                  .allTopicNames()
                  .get(20, TimeUnit.SECONDS)
                  .get("admin")
                  .partitions())
          .hasSize(5);
      // change
      AlterConfigOp set =
          new AlterConfigOp(new ConfigEntry("retention.ms", "5000"), AlterConfigOp.OpType.SET);
      admin.incrementalAlterConfigs(Map.of(resource, List.of(set))).all().get(20, TimeUnit.SECONDS);
      assertThat(config(admin, resource).get("retention.ms").value()).isEqualTo("5000");
      // the cluster
      assertThat(admin.describeCluster().nodes().get(20, TimeUnit.SECONDS)).hasSize(1);
      assertThat(admin.describeCluster().clusterId().get(20, TimeUnit.SECONDS))
          .isEqualTo(node.image().cluster().clusterId());
      assertThat(admin.describeMetadataQuorum().quorumInfo().get(20, TimeUnit.SECONDS).leaderId())
          .isEqualTo(1);
      ConfigResource broker = new ConfigResource(ConfigResource.Type.BROKER, "1");
      assertThat(config(admin, broker).get("node.id").value()).isEqualTo("1");
      // delete
      admin.deleteTopics(List.of("admin")).all().get(20, TimeUnit.SECONDS);
      assertThat(admin.listTopics().names().get(20, TimeUnit.SECONDS)).doesNotContain("admin");
    }
  }

  private static Config config(Admin admin, ConfigResource resource) throws Exception {
    return admin.describeConfigs(List.of(resource)).all().get(20, TimeUnit.SECONDS).get(resource);
  }

  @Test
  void configsOfGroups_areTheNodesAndCannotBeSet() throws Exception {
    ConfigResource group = new ConfigResource(ConfigResource.Type.GROUP, "readers");
    AlterConfigOp set =
        new AlterConfigOp(
            new ConfigEntry("consumer.session.timeout.ms", "50000"), AlterConfigOp.OpType.SET);
    try (Admin admin = Admin.create(client())) {
      assertThat(config(admin, group).get("consumer.session.timeout.ms").value())
          .isEqualTo("45000");
      assertThat(config(admin, group).get("consumer.heartbeat.interval.ms").isReadOnly()).isTrue();
      assertThatThrownBy(
              () ->
                  admin
                      .incrementalAlterConfigs(Map.of(group, List.of(set)))
                      .all()
                      .get(20, TimeUnit.SECONDS))
          .hasMessageContaining("in the files of the nodes");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "a/b, 1, 1, InvalidTopicException",
    ".., 1, 1, InvalidTopicException",
    "'ctrl\u0001', 1, 1, InvalidTopicException",
    "LONG, 1, 1, InvalidTopicException",
    "zero, 0, 1, InvalidPartitionsException",
    "billion, 1000000000, 1, InvalidPartitionsException",
    "factor, 1, 3, InvalidReplicationFactorException",
    "none, 1, 0, InvalidReplicationFactorException",
  })
  void topicThatCannotBe_isRefusedByName(String name, int partitions, short factor, String error) {
    String topic = name.equals("LONG") ? "x".repeat(250) : name;
    try (Admin admin = Admin.create(client())) {
      assertThatThrownBy(
              () ->
                  admin
                      .createTopics(
                          List.of(
                              new NewTopic(topic, Optional.of(partitions), Optional.of(factor))))
                      .all()
                      .get(20, TimeUnit.SECONDS))
          .satisfies(
              thrown -> assertThat(thrown.getCause().getClass().getSimpleName()).isEqualTo(error));
    }
  }

  @Test
  void partitionsMinusOne_takesTheDefault() throws Exception {
    try (Admin admin = Admin.create(client())) {
      admin
          .createTopics(List.of(new NewTopic("defaults", Optional.empty(), Optional.empty())))
          .all()
          .get(20, TimeUnit.SECONDS);
      assertThat(node.image().topics().topic("defaults").partitions()).hasSize(1);
    }
  }

  @Test
  void unknownTopicConfig_isRefused() {
    try (Admin admin = Admin.create(client())) {
      assertThatThrownBy(
              () ->
                  admin
                      .createTopics(
                          List.of(
                              new NewTopic("bad-config", 1, (short) 1)
                                  .configs(Map.of("retention.mss", "1"))))
                      .all()
                      .get(20, TimeUnit.SECONDS))
          .hasCauseInstanceOf(InvalidConfigurationException.class)
          .hasMessageContaining("did you mean retention.ms?");
    }
  }

  @Test
  void transactionalProducer_isToldThatThereAreNoTransactions() {
    try (KafkaProducer<byte[], byte[]> producer =
        producer(Map.of("transactional.id", "t", "max.block.ms", 10_000))) {
      assertThatThrownBy(producer::initTransactions)
          .hasStackTraceContaining("transactions are not implemented yet");
    }
  }
}
