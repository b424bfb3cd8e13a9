package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.internals.RecordHeader;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Apache's own clients against a single node in this process. */
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
      List<java.util.concurrent.Future<RecordMetadata>> futures = new ArrayList<>();
      for (int i = 0; i < 100; i++) {
        byte[] key = i % 3 == 0 ? null : ("key-" + i).getBytes(StandardCharsets.UTF_8);
        byte[] value = i % 5 == 0 ? null : ("value-" + i).repeat(20).getBytes(StandardCharsets.UTF_8);
        ProducerRecord<byte[], byte[]> record = new ProducerRecord<>(topic, 0, 1_700_000_000_000L + i, key, value);
        record.headers().add(new RecordHeader("h", new byte[] {(byte) i})).add(new RecordHeader("n", null));
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
  void restart_keepsWhatWasAcknowledged() {
    assertThat(node.image().cluster().clusterId()).isNotNull();
  }
}
