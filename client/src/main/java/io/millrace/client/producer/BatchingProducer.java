package io.millrace.client.producer;

import io.millrace.client.BufferExhaustedException;
import io.millrace.client.MillraceException;
import io.millrace.client.Producer;
import io.millrace.client.ProducerConfig;
import io.millrace.client.ProducerRecord;
import io.millrace.client.RecordMetadata;
import io.millrace.client.SendCallback;
import io.millrace.client.Serializer;
import io.millrace.client.cluster.ClientRuntime;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.record.RecordBatch;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * The producer behind {@link Producer}: serializes and reserves memory on the caller's thread,
 * hands over, and leaves the rest to {@link RecordSender} on the loop. Thread-safe.
 *
 * <pre>
 *   OPEN --close--> CLOSING (refuses records, sends what it has) --all sent, or timeout--> ENDED
 * </pre>
 */
public final class BatchingProducer<K, V> implements Producer<K, V> {

  /** What a record costs us besides its bytes: the object, its future, its place in queues. */
  private static final int RECORD_OVERHEAD_BYTES = 128;

  private final ProducerConfig config;
  private final Serializer<K> keys;
  private final Serializer<V> values;
  private final ClientRuntime runtime;
  private final MemoryBudget budget;
  private final RecordSender sender;
  private final RecordInbox inbox;
  private final AtomicBoolean closing = new AtomicBoolean();
  private final CompletableFuture<Void> closed = new CompletableFuture<>();

  private BatchingProducer(
      ProducerConfig config, Serializer<K> keys, Serializer<V> values, ClientRuntime runtime) {
    this.config = config;
    this.keys = keys;
    this.values = values;
    this.runtime = runtime;
    RecordSender[] later = new RecordSender[1];
    this.budget =
        new MemoryBudget(config.bufferMemory(), () -> runtime.tryRun(() -> later[0].pump()));
    this.sender = new RecordSender(config, runtime.cluster(), budget, runtime.random().split());
    later[0] = sender;
    this.inbox = new RecordInbox(runtime.loop(), sender::accept, sender::pump, this::refuseLate);
  }

  /** Starts the loop; connects when the first record comes. */
  public static <K, V> Producer<K, V> start(
      ProducerConfig config, Serializer<K> keys, Serializer<V> values) {
    return start(config, keys, values, ClientRuntime.start(config.client(), true));
  }

  static <K, V> Producer<K, V> start(
      ProducerConfig config, Serializer<K> keys, Serializer<V> values, ClientRuntime runtime) {
    BatchingProducer<K, V> producer = new BatchingProducer<>(config, keys, values, runtime);
    runtime.loop().execute(producer.sender::start);
    return producer;
  }

  @Override
  public CompletableFuture<RecordMetadata> send(ProducerRecord<K, V> record) {
    return send(record, null, !runtime.loop().inEventLoop());
  }

  @Override
  public CompletableFuture<RecordMetadata> send(
      ProducerRecord<K, V> record, SendCallback callback) {
    return send(record, callback, !runtime.loop().inEventLoop());
  }

  @Override
  public CompletableFuture<RecordMetadata> trySend(ProducerRecord<K, V> record) {
    return send(record, null, false);
  }

  // hot: every record passes here
  private CompletableFuture<RecordMetadata> send(
      ProducerRecord<K, V> record, @Nullable SendCallback callback, boolean mayWait) {
    long now = runtime.clock().monotonicNanos();
    byte @Nullable [] key;
    byte @Nullable [] value;
    try {
      key = serialize(keys, record.topic(), record.key());
      value = serialize(values, record.topic(), record.value());
    } catch (RuntimeException broken) {
      return refused(
          callback,
          new MillraceException(
              ErrorCode.INVALID_RECORD,
              "a record for topic '"
                  + record.topic()
                  + "' cannot be serialized: "
                  + broken.getMessage(),
              broken));
    }
    long size = RecordBatch.HEADER_SIZE + RecordSize.upperBound(key, value, record.headers());
    if (size > config.maxRequestSize()) {
      return refused(
          callback,
          new MillraceException(
              ErrorCode.MESSAGE_TOO_LARGE,
              "a record for topic '"
                  + record.topic()
                  + "' takes "
                  + size
                  + " bytes, more than max.request.size="
                  + config.maxRequestSize()));
    }
    long reserved = size + RECORD_OVERHEAD_BYTES;
    MillraceException noMemory = closing.get() ? closedMeanwhile() : reserve(reserved, mayWait);
    if (noMemory != null) {
      return refused(callback, noMemory);
    }
    Integer partition = record.partition();
    Long timestamp = record.timestamp();
    PendingRecord pending =
        new PendingRecord(
            record.topic(),
            partition == null ? PendingRecord.NO_PARTITION : partition,
            timestamp == null ? runtime.clock().wallMillis() : timestamp,
            key,
            value,
            record.headers(),
            reserved,
            now,
            callback);
    inbox.offer(pending);
    return pending;
  }

  private static <T> byte @Nullable [] serialize(
      Serializer<T> serializer, String topic, @Nullable T data) {
    return data == null ? null : serializer.serialize(topic, data);
  }

  private @Nullable MillraceException reserve(long bytes, boolean mayWait) {
    if (budget.tryReserve(bytes)) {
      return null;
    }
    if (!mayWait) {
      return new BufferExhaustedException(
          "buffer.memory=" + config.bufferMemory() + " is full; " + bytes + " bytes are needed");
    }
    try {
      if (budget.reserve(bytes, config.maxBlock().toNanos())) {
        return null;
      }
      return new BufferExhaustedException(
          "buffer.memory="
              + config.bufferMemory()
              + " stayed full for max.block.ms="
              + config.maxBlock().toMillis()
              + "; "
              + bytes
              + " bytes are needed");
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      return new BufferExhaustedException("interrupted while waiting for buffer.memory");
    }
  }

  private void refuseLate(PendingRecord late) {
    budget.release(late.reservedBytes);
    Ends.fail(late, closedMeanwhile());
  }

  private static MillraceException closedMeanwhile() {
    return new MillraceException(ErrorCode.NETWORK_EXCEPTION, "the producer is closed");
  }

  private static CompletableFuture<RecordMetadata> refused(
      @Nullable SendCallback callback, MillraceException reason) {
    if (callback != null) {
      callback.onCompletion(null, reason);
    }
    return CompletableFuture.failedFuture(reason);
  }

  @Override
  public CompletableFuture<Void> whenReady() {
    return budget.whenFree(
        Math.min(config.batchSize(), config.bufferMemory() / 2) + RECORD_OVERHEAD_BYTES);
  }

  @Override
  public CompletableFuture<Void> flushAsync() {
    CompletableFuture<Void> flushed = new CompletableFuture<>();
    if (!runtime.cluster().runOnLoop(() -> flushInto(flushed))) {
      flushed.complete(null); // every record has ended
    }
    return flushed;
  }

  private void flushInto(CompletableFuture<Void> flushed) {
    try {
      inbox.takeAll();
      sender.flush().thenRun(() -> flushed.complete(null));
    } catch (RuntimeException | Error broken) {
      flushed.completeExceptionally(broken);
      throw broken;
    }
  }

  @Override
  public void flush() {
    if (runtime.loop().inEventLoop()) {
      throw new IllegalStateException(
          "flush() would wait for the loop that it is called on; use flushAsync()");
    }
    flushAsync().join();
  }

  @Override
  public void close() {
    close(config.deliveryTimeout());
  }

  @Override
  public void close(Duration timeout) {
    if (closing.compareAndSet(false, true)) {
      runtime.cluster().runOnLoop(() -> beginClose(timeout));
    }
    if (!runtime.loop().inEventLoop()) {
      closed.join();
      runtime.awaitEnd();
    }
  }

  /** The end is certain before anything is tried: whoever closes waits for it. */
  private void beginClose(Duration timeout) {
    runtime.loop().schedule(this::finishClose, Math.max(0, timeout.toNanos()));
    inbox.takeAll();
    sender.flush().thenRun(this::finishClose);
  }

  private void finishClose() {
    if (inbox.isEnded()) {
      return;
    }
    try {
      sender.failAll(closedMeanwhile());
    } finally {
      try {
        inbox.end();
      } finally {
        runtime.cluster().close();
        closed.complete(null);
        runtime.end();
      }
    }
  }
}
