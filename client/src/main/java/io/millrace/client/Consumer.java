package io.millrace.client;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;

/**
 * Reads records of partitions that the application assigns. Fetches ahead in the background, within
 * bounded memory.
 *
 * <p>Not thread-safe: one thread at a time may call it, and a second one gets {@link
 * java.util.ConcurrentModificationException}. Exceptions: {@link #wakeup()} from any thread, and
 * the three offset queries, which never touch positions.
 *
 * <p>Two ways to read, not both at once: {@link #poll} pulls; {@link #publisher} pushes with
 * demand.
 */
public interface Consumer<K, V> extends AutoCloseable {

  /** Begins a consumer of bytes. */
  static ConsumerBuilder<byte[], byte[]> builder() {
    return new ConsumerBuilder<>(Deserializers.bytes(), Deserializers.bytes());
  }

  /** Begins a consumer. */
  static <K, V> ConsumerBuilder<K, V> builder(Deserializer<K> keys, Deserializer<V> values) {
    return new ConsumerBuilder<>(keys, values);
  }

  /**
   * Reads from these partitions, and no others. Partitions that were assigned before keep their
   * position; new ones begin where {@code auto.offset.reset} says, or where {@link #seek} says
   * next.
   */
  void assign(Collection<TopicPartition> partitions);

  Set<TopicPartition> assignment();

  /** Goes on from this offset. */
  void seek(TopicPartition partition, long offset);

  /** Goes on from the first record that the log has. */
  void seekToBeginning(Collection<TopicPartition> partitions);

  /** Goes on from the end: records to come. */
  void seekToEnd(Collection<TopicPartition> partitions);

  /**
   * Goes on from the first record with this timestamp or a later one; from the end where there is
   * none.
   */
  void seekToTimestamp(Collection<TopicPartition> partitions, long millis);

  /**
   * The offset of the next record to be handed over. Looks it up when it is not settled yet, and
   * waits for that up to {@code default.api.timeout.ms}.
   */
  long position(TopicPartition partition);

  /**
   * Stops handing over records of these partitions, until {@link #resume}. Nothing that was fetched
   * is lost.
   */
  void pause(Collection<TopicPartition> partitions);

  void resume(Collection<TopicPartition> partitions);

  Set<TopicPartition> paused();

  /**
   * Waits for records, at most this long; returns as soon as there are any, at most {@code
   * max.poll.records}.
   *
   * @throws WakeupException after {@link #wakeup()}
   * @throws RecordReadException when a record cannot be read
   * @throws MillraceException when a partition cannot be read: no position and no reset, not
   *     authorized, an unknown topic
   */
  ConsumerRecords<K, V> poll(Duration timeout);

  /**
   * Records as a stream, for one subscriber at a time; each record counts one of the demand. {@code
   * onNext} runs on the executor, one record after another. Cancelling the subscription gives the
   * consumer back to {@link #poll}, at the position behind the last record that was handed over.
   * While it is subscribed, {@link #assign}, {@link #seek} and the like may still be called.
   */
  Flow.Publisher<ConsumerRecord<K, V>> publisher(Executor executor);

  /**
   * For each partition the first record with the timestamp or a later one; partitions without one
   * are absent. Any thread.
   */
  CompletableFuture<Map<TopicPartition, OffsetAndTimestamp>> offsetsForTimes(
      Map<TopicPartition, Long> timestamps);

  /** The first offset that each log has. Any thread. */
  CompletableFuture<Map<TopicPartition, Long>> beginningOffsets(
      Collection<TopicPartition> partitions);

  /** Where each log ends for a reader of this isolation level. Any thread. */
  CompletableFuture<Map<TopicPartition, Long>> endOffsets(Collection<TopicPartition> partitions);

  /** The partitions of a topic; fails with {@code UNKNOWN_TOPIC_OR_PARTITION}. Any thread. */
  CompletableFuture<TopicDescription> describeTopic(String topic);

  /** Ends a {@link #poll} or {@link #position} that waits, or the next one. Any thread. */
  void wakeup();

  /** Frees threads, connections and buffers. A subscriber gets no more records. */
  @Override
  void close();
}
