package io.millrace.tools.system;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * A program that uses only what kafka-clients had five years ago, run in a process of its own
 * against whichever version is on its class path: creates a topic, writes with each codec, reads
 * back by offset and by time, deletes the topic.
 */
public final class KafkaClientProbe {

  private static final int RECORDS = 500;

  private KafkaClientProbe() {}

  /** Arguments: bootstrap servers, topic. Prints {@code OK} and the client's version at the end. */
  public static void main(String[] args) throws Exception {
    String bootstrap = args[0];
    String topic = args[1];
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    try (Admin admin = Admin.create(properties)) {
      admin.createTopics(Collections.singletonList(new NewTopic(topic, 2, (short) 3))).all().get();
      List<String> sent = new ArrayList<>();
      for (String codec : List.of("none", "gzip", "snappy", "lz4", "zstd")) {
        produce(properties, topic, codec, sent);
      }
      List<String> read = consume(properties, topic);
      Collections.sort(sent);
      Collections.sort(read);
      check(
          sent.equals(read),
          "read " + read.size() + " records that differ from the " + sent.size() + " sent");
      admin.deleteTopics(Collections.singletonList(topic)).all().get();
    }
    System.out.println("OK " + version());
  }

  /** The version that the client's jar names. */
  private static String version() throws Exception {
    Properties properties = new Properties();
    try (var stream = KafkaProducer.class.getResourceAsStream("/kafka/kafka-version.properties")) {
      properties.load(stream);
    }
    return properties.getProperty("version");
  }

  private static void produce(Properties common, String topic, String codec, List<String> sent)
      throws Exception {
    Properties properties = new Properties();
    properties.putAll(common);
    properties.put("acks", "all");
    properties.put("enable.idempotence", "true");
    properties.put("compression.type", codec);
    properties.put("linger.ms", "5");
    try (KafkaProducer<String, String> producer =
        new KafkaProducer<>(properties, new StringSerializer(), new StringSerializer())) {
      for (int i = 0; i < RECORDS; i++) {
        ProducerRecord<String, String> record =
            new ProducerRecord<>(
                topic,
                null,
                1_000_000L + i,
                i % 3 == 0 ? null : "key" + i,
                i % 7 == 0 ? null : codec + i);
        record.headers().add("codec", codec.getBytes(StandardCharsets.UTF_8));
        sent.add(line(record.timestamp(), record.key(), record.value(), codec));
        producer.send(record);
      }
      producer.flush();
    }
  }

  private static List<String> consume(Properties common, String topic) {
    Properties properties = new Properties();
    properties.putAll(common);
    properties.put("enable.auto.commit", "false");
    properties.put("auto.offset.reset", "earliest");
    List<String> read = new ArrayList<>();
    List<TopicPartition> partitions =
        List.of(new TopicPartition(topic, 0), new TopicPartition(topic, 1));
    try (KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(properties, new StringDeserializer(), new StringDeserializer())) {
      consumer.assign(partitions);
      long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
      while (read.size() < 5 * RECORDS && System.nanoTime() < deadline) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(500))) {
          String codec =
              new String(record.headers().lastHeader("codec").value(), StandardCharsets.UTF_8);
          read.add(line(record.timestamp(), record.key(), record.value(), codec));
        }
      }
      checkOffsetsByTime(consumer, partitions);
    }
    return read;
  }

  private static void checkOffsetsByTime(
      KafkaConsumer<String, String> consumer, List<TopicPartition> partitions) {
    for (TopicPartition partition : partitions) {
      var first = consumer.offsetsForTimes(Collections.singletonMap(partition, 0L)).get(partition);
      check(first != null && first.offset() == 0, "the first record at or after 0 is " + first);
      var none =
          consumer
              .offsetsForTimes(Collections.singletonMap(partition, 1_000_000L + RECORDS))
              .get(partition);
      check(none == null, "no record is so late, but got " + none);
    }
  }

  private static String line(long timestamp, String key, String value, String codec) {
    return timestamp + "|" + key + "|" + value + "|" + codec;
  }

  private static void check(boolean condition, String message) {
    if (!condition) {
      throw new IllegalStateException(message);
    }
  }
}
