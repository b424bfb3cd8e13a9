package io.millrace.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * An unmodified idempotent Kafka producer with acks=all that numbers its records per partition, and
 * the check that what was acknowledged is there exactly once, at the offset that was told, in
 * order.
 */
final class Workload implements AutoCloseable {

  /** An acknowledged record. */
  private record Acked(int partition, long offset, long number) {}

  private final String bootstrap;
  private final String topic;
  private final int partitions;
  private final KafkaProducer<byte[], byte[]> producer;
  private final Queue<Acked> acked = new ConcurrentLinkedQueue<>();
  private final Queue<Exception> failures = new ConcurrentLinkedQueue<>();
  private final AtomicLong lastAckNanos = new AtomicLong(System.nanoTime());
  private final AtomicLong longestGapNanos = new AtomicLong();
  private final Thread sender;
  private volatile boolean stopped;

  Workload(String bootstrap, String topic, int partitions, int recordsPerSecond) {
    this.bootstrap = bootstrap;
    this.topic = topic;
    this.partitions = partitions;
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    properties.put("acks", "all");
    properties.put("enable.idempotence", "true");
    properties.put("delivery.timeout.ms", "120000");
    properties.put("request.timeout.ms", "10000");
    properties.put("linger.ms", "2");
    producer =
        new KafkaProducer<>(properties, new ByteArraySerializer(), new ByteArraySerializer());
    sender = new Thread(() -> send(recordsPerSecond), "workload-sender");
    sender.start();
  }

  private void send(int recordsPerSecond) {
    long started = System.nanoTime();
    for (long number = 0; !stopped; number++) {
      int partition = (int) (number % partitions);
      byte[] value = (partition + ":" + number).getBytes(StandardCharsets.UTF_8);
      long sequence = number;
      producer.send(
          new ProducerRecord<>(topic, partition, null, value),
          (metadata, thrown) -> {
            if (thrown != null) {
              failures.add(thrown);
              return;
            }
            long now = System.nanoTime();
            long gap = now - lastAckNanos.getAndSet(now);
            longestGapNanos.accumulateAndGet(gap, Math::max);
            acked.add(new Acked(partition, metadata.offset(), sequence));
          });
      // Paced by the schedule, not by the answers: an outage does not slow the load.
      long due = started + (number + 1) * TimeUnit.SECONDS.toNanos(1) / recordsPerSecond;
      long wait = due - System.nanoTime();
      if (wait > 0) {
        java.util.concurrent.locks.LockSupport.parkNanos(wait);
      }
    }
  }

  long ackedCount() {
    return acked.size();
  }

  /** The longest time without an acknowledgement since the last call. */
  Duration longestGap() {
    return Duration.ofNanos(longestGapNanos.getAndSet(0));
  }

  /** Waits until this many more records were acknowledged than now. */
  void awaitProgress(int records) {
    int before = acked.size();
    Await.until(
        records + " more acknowledgements after " + before,
        Duration.ofSeconds(90),
        () -> acked.size() >= before + records);
  }

  /** Stops sending and waits for every record's end. */
  void finish() throws InterruptedException {
    stopped = true;
    sender.join();
    producer.flush();
  }

  /** Reads everything back and checks it against what was acknowledged. */
  void verify() {
    assertThat(failures)
        .as("an idempotent producer with two minutes to deliver sees no failure")
        .isEmpty();
    Map<Integer, List<ConsumerRecord<byte[], byte[]>>> read = readAll();
    Map<Integer, Map<Long, Long>> numberByOffset = new HashMap<>();
    for (int partition = 0; partition < partitions; partition++) {
      long previous = -1;
      Map<Long, Long> numbers = new HashMap<>();
      for (ConsumerRecord<byte[], byte[]> record : Objects.requireNonNull(read.get(partition))) {
        String[] parts = new String(record.value(), StandardCharsets.UTF_8).split(":");
        assertThat(Integer.parseInt(parts[0])).as("partition in the value").isEqualTo(partition);
        long number = Long.parseLong(parts[1]);
        assertThat(number)
            .as(
                "in order and exactly once, partition %d offset %d after number %d",
                partition, record.offset(), previous)
            .isGreaterThan(previous);
        previous = number;
        numbers.put(record.offset(), number);
      }
      numberByOffset.put(partition, numbers);
    }
    for (Acked one : acked) {
      assertThat(numberByOffset.getOrDefault(one.partition(), Map.of()).get(one.offset()))
          .as("acknowledged record %s", one)
          .isEqualTo(one.number());
    }
  }

  private Map<Integer, List<ConsumerRecord<byte[], byte[]>>> readAll() {
    Properties properties = new Properties();
    properties.put("bootstrap.servers", bootstrap);
    properties.put("enable.auto.commit", "false");
    Map<Integer, List<ConsumerRecord<byte[], byte[]>>> read = new HashMap<>();
    List<TopicPartition> all =
        IntStream.range(0, partitions)
            .mapToObj(partition -> new TopicPartition(topic, partition))
            .toList();
    all.forEach(partition -> read.put(partition.partition(), new ArrayList<>()));
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(properties, new ByteArrayDeserializer(), new ByteArrayDeserializer())) {
      consumer.assign(all);
      consumer.seekToBeginning(all);
      Map<TopicPartition, Long> ends = consumer.endOffsets(all);
      Await.until(
          "all records up to " + ends,
          Duration.ofSeconds(60),
          () -> {
            consumer
                .poll(Duration.ofMillis(200))
                .forEach(
                    record ->
                        read.computeIfAbsent(record.partition(), partition -> new ArrayList<>())
                            .add(record));
            return all.stream()
                .allMatch(
                    partition -> consumer.position(partition) >= ends.getOrDefault(partition, 0L));
          });
    }
    return read;
  }

  @Override
  public void close() {
    stopped = true;
    producer.close(Duration.ZERO);
  }
}
