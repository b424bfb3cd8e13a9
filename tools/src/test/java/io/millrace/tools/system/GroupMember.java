package io.millrace.tools.system;

import io.millrace.tools.system.MemberEvent.Kind;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.apache.kafka.clients.consumer.CommitFailedException;
import org.apache.kafka.clients.consumer.ConsumerRebalanceListener;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RebalanceInProgressException;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * An unmodified Kafka consumer in a group, on a thread of its own: polls, commits what it has read
 * after every poll that brought records and before it gives partitions away, and tells every step.
 * Uses only what kafka-clients had five years ago, so that it runs on either version.
 */
final class GroupMember implements AutoCloseable {

  /** How to subscribe; today's client has ways that the old one has not. */
  interface Subscription {
    void subscribe(KafkaConsumer<byte[], byte[]> consumer, ConsumerRebalanceListener listener);

    static Subscription topics(List<String> topics) {
      return (consumer, listener) -> consumer.subscribe(topics, listener);
    }

    static Subscription pattern(String pattern) {
      return (consumer, listener) -> consumer.subscribe(Pattern.compile(pattern), listener);
    }
  }

  /** A setting of ours: how long a member works on what a poll brought before it commits. */
  static final String PROCESSING_MS = "millrace.processing.ms";

  private final String name;
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Consumer<MemberEvent> sink;
  private final Map<TopicPartition, OffsetAndMetadata> uncommitted = new HashMap<>();
  private final long processingMs;
  private final Thread thread;
  private volatile boolean stopped;

  GroupMember(
      String name, Properties settings, Subscription subscription, Consumer<MemberEvent> sink) {
    this.name = name;
    this.sink = sink;
    processingMs = Long.parseLong(settings.getProperty(PROCESSING_MS, "0"));
    consumer =
        new KafkaConsumer<>(
            defaults(settings), new ByteArrayDeserializer(), new ByteArrayDeserializer());
    thread = new Thread(() -> run(subscription), "member-" + name);
    thread.setDaemon(true);
    thread.start();
  }

  private static Properties defaults(Properties settings) {
    Properties all = new Properties();
    all.put("auto.offset.reset", "earliest");
    all.put("enable.auto.commit", "false");
    all.put("default.api.timeout.ms", "10000");
    all.put("request.timeout.ms", "5000");
    all.put("reconnect.backoff.ms", "20");
    all.put("reconnect.backoff.max.ms", "200");
    all.put("metadata.max.age.ms", "2000");
    all.putAll(settings);
    all.remove(PROCESSING_MS);
    return all;
  }

  String name() {
    return name;
  }

  private void run(Subscription subscription) {
    try (consumer) {
      subscription.subscribe(consumer, new Listener());
      while (!stopped) {
        turn();
      }
      commit();
    } catch (WakeupException e) {
      // close() woke us up
    } catch (RuntimeException e) {
      tell(Kind.FAILED, Collections.emptyMap(), e.toString());
    } finally {
      tell(Kind.CLOSED, Collections.emptyMap(), "");
    }
  }

  private void turn() {
    ConsumerRecords<byte[], byte[]> records = consumer.poll(Duration.ofMillis(100));
    if (records.isEmpty()) {
      commit(); // what a rebalance in progress put off
      return;
    }
    Map<TopicPartition, Long> first = new HashMap<>();
    Map<TopicPartition, Long> end = new HashMap<>();
    for (TopicPartition partition : records.partitions()) {
      List<ConsumerRecord<byte[], byte[]>> run = records.records(partition);
      first.put(partition, run.get(0).offset());
      long last = run.get(run.size() - 1).offset();
      end.put(partition, last + 1);
      uncommitted.put(partition, new OffsetAndMetadata(last + 1));
    }
    tell(Kind.READ, System.nanoTime(), first, end, "");
    if (processingMs > 0) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(processingMs));
    }
    commit();
  }

  private void commit() {
    commit(new HashMap<>(uncommitted));
  }

  private void commit(Map<TopicPartition, OffsetAndMetadata> offsets) {
    if (offsets.isEmpty()) {
      return;
    }
    Map<TopicPartition, Long> told = new HashMap<>();
    offsets.forEach((partition, offset) -> told.put(partition, offset.offset()));
    long began = System.nanoTime();
    try {
      consumer.commitSync(offsets);
      uncommitted.keySet().removeAll(offsets.keySet());
      tell(Kind.COMMITTED, began, told, Collections.emptyMap(), "");
    } catch (RebalanceInProgressException e) {
      // Kept: the coming revocation commits it, or the assignment that stays.
    } catch (CommitFailedException e) {
      uncommitted.keySet().removeAll(offsets.keySet());
      tell(Kind.REFUSED, began, told, Collections.emptyMap(), e.getClass().getSimpleName());
    } catch (WakeupException e) {
      throw e;
    } catch (KafkaException e) {
      tell(Kind.REFUSED, began, told, Collections.emptyMap(), e.toString());
      if (e instanceof org.apache.kafka.common.errors.FencedInstanceIdException) {
        throw e;
      }
    }
  }

  private void tell(Kind kind, Map<TopicPartition, Long> offsets, String detail) {
    tell(kind, System.nanoTime(), offsets, Collections.emptyMap(), detail);
  }

  private void tell(
      Kind kind,
      long began,
      Map<TopicPartition, Long> offsets,
      Map<TopicPartition, Long> ends,
      String detail) {
    sink.accept(
        new MemberEvent(kind, name, began, System.nanoTime(), generation(), offsets, ends, detail));
  }

  private int generation() {
    try {
      return consumer.groupMetadata().generationId();
    } catch (RuntimeException e) {
      return -1; // closed, or not yet a member
    }
  }

  /** Asks the member to leave in an orderly way; it is gone when {@code CLOSED} was told. */
  void stop() {
    stopped = true;
  }

  @Override
  public void close() {
    stopped = true;
    try {
      thread.join(15_000);
      if (thread.isAlive()) {
        consumer.wakeup();
        thread.join(5_000);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private final class Listener implements ConsumerRebalanceListener {

    @Override
    public void onPartitionsAssigned(Collection<TopicPartition> partitions) {
      tell(Kind.ASSIGNED, zeros(partitions), "");
    }

    @Override
    public void onPartitionsRevoked(Collection<TopicPartition> partitions) {
      Map<TopicPartition, OffsetAndMetadata> leaving = new HashMap<>(uncommitted);
      leaving.keySet().retainAll(partitions);
      commit(leaving);
      uncommitted.keySet().removeAll(partitions);
      tell(Kind.REVOKED, zeros(partitions), "");
    }

    @Override
    public void onPartitionsLost(Collection<TopicPartition> partitions) {
      uncommitted.keySet().removeAll(partitions);
      tell(Kind.LOST, zeros(partitions), "");
    }

    private Map<TopicPartition, Long> zeros(Collection<TopicPartition> partitions) {
      Map<TopicPartition, Long> zeros = new HashMap<>();
      partitions.forEach(partition -> zeros.put(partition, 0L));
      return zeros;
    }
  }
}
