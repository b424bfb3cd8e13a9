package io.millrace.client;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/**
 * Sends records. Gathers them into batches, keeps the order of each partition, retries until {@code
 * delivery.timeout.ms}, and with idempotence (the default) writes each record once however often it
 * had to be sent.
 *
 * <p>Thread-safe; share one producer among all threads. Futures complete on the producer's loop:
 * chain with the {@code …Async} methods when what follows is slow. Nothing of the producer blocks
 * except {@link #send} when memory is full, {@link #flush()} and {@link #close()}.
 *
 * <pre>{@code
 * try (var producer = Producer.builder(Serializers.string(), Serializers.string())
 *     .bootstrapServers("localhost:9092")
 *     .build()) {
 *   producer.send(ProducerRecord.of("greetings", "en", "hello")).join();
 * }
 * }</pre>
 */
public interface Producer<K, V> extends AutoCloseable {

  /** Begins a producer of bytes. */
  static ProducerBuilder<byte[], byte[]> builder() {
    return new ProducerBuilder<>(Serializers.bytes(), Serializers.bytes());
  }

  /** Begins a producer. */
  static <K, V> ProducerBuilder<K, V> builder(Serializer<K> keys, Serializer<V> values) {
    return new ProducerBuilder<>(keys, values);
  }

  /**
   * Hands a record over. While {@code buffer.memory} is full, waits up to {@code max.block.ms};
   * then, or when the thread is interrupted, the future fails with {@link
   * BufferExhaustedException}. Everything that goes wrong goes into the future.
   */
  CompletableFuture<RecordMetadata> send(ProducerRecord<K, V> record);

  /** As {@link #send(ProducerRecord)}; the callback is told before the future completes. */
  CompletableFuture<RecordMetadata> send(ProducerRecord<K, V> record, SendCallback callback);

  /**
   * As {@link #send(ProducerRecord)} but never waits: without memory the future fails at once with
   * {@link BufferExhaustedException}. For callers on event loops, together with {@link
   * #whenReady()}.
   */
  CompletableFuture<RecordMetadata> trySend(ProducerRecord<K, V> record);

  /**
   * Completes when there is memory for another record of ordinary size; at once when there is now.
   */
  CompletableFuture<Void> whenReady();

  /**
   * Sends all that was handed over so far without lingering; completes when each of these records
   * has ended, well or not.
   */
  CompletableFuture<Void> flushAsync();

  /** As {@link #flushAsync()}, and waits. */
  void flush();

  /** As {@link #close(Duration)} with the delivery timeout as the limit. */
  @Override
  void close();

  /**
   * Takes no more records, sends what it has, and frees all threads and connections. What is unsent
   * after the timeout fails. A second call waits for the first. Called from a callback on the
   * producer's own loop it does not wait.
   */
  void close(Duration timeout);
}
