package io.millrace.client;

import io.millrace.client.producer.BatchingProducer;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Settings of a {@link Producer}; the defaults are safe: idempotent, acknowledged by all in-sync
 * replicas.
 */
public final class ProducerBuilder<K, V> extends ClientBuilder<ProducerBuilder<K, V>> {

  private final Serializer<K> keySerializer;
  private final Serializer<V> valueSerializer;
  private @Nullable Acks acks;
  private @Nullable Boolean idempotence;
  private Duration linger = Duration.ofMillis(5);
  private int batchSize = 16 << 10;
  private CompressionType compression = CompressionType.NONE;
  private long bufferMemory = 32L << 20;
  private Duration maxBlock = Duration.ofSeconds(60);
  private Duration deliveryTimeout = Duration.ofSeconds(120);
  private int maxRequestSize = 1 << 20;
  private int maxInFlight = 5;
  private Partitioner partitioner = Partitioners.keyHash();

  ProducerBuilder(Serializer<K> keySerializer, Serializer<V> valueSerializer) {
    super("producer");
    this.keySerializer = keySerializer;
    this.valueSerializer = valueSerializer;
  }

  /**
   * When brokers answer; less than {@link Acks#ALL} turns idempotence off unless it is asked for.
   */
  public ProducerBuilder<K, V> acks(Acks when) {
    acks = when;
    return this;
  }

  /** Whether each record is written once however often it was sent. */
  public ProducerBuilder<K, V> idempotence(boolean on) {
    idempotence = on;
    return this;
  }

  /** How long a batch waits for company; 0 sends at once what is there. */
  public ProducerBuilder<K, V> linger(Duration time) {
    linger = time;
    return this;
  }

  public ProducerBuilder<K, V> batchSize(int bytes) {
    batchSize = bytes;
    return this;
  }

  public ProducerBuilder<K, V> compression(CompressionType type) {
    compression = type;
    return this;
  }

  /** Bytes of records that wait or are in flight; {@link Producer#send} waits beyond it. */
  public ProducerBuilder<K, V> bufferMemory(long bytes) {
    bufferMemory = bytes;
    return this;
  }

  /** How long {@link Producer#send} waits for memory. */
  public ProducerBuilder<K, V> maxBlock(Duration time) {
    maxBlock = time;
    return this;
  }

  /** From the hand-over to the end of all retries. */
  public ProducerBuilder<K, V> deliveryTimeout(Duration time) {
    deliveryTimeout = time;
    return this;
  }

  public ProducerBuilder<K, V> maxRequestSize(int bytes) {
    maxRequestSize = bytes;
    return this;
  }

  /** How many requests may be under way to one broker. */
  public ProducerBuilder<K, V> maxInFlight(int requests) {
    maxInFlight = requests;
    return this;
  }

  public ProducerBuilder<K, V> partitioner(Partitioner chosen) {
    partitioner = chosen;
    return this;
  }

  @Override
  ProducerBuilder<K, V> self() {
    return this;
  }

  @Override
  boolean applyOwn(String key, PropertyText value) {
    switch (key) {
      case "acks" -> acks = Acks.parse(value.text());
      case "enable.idempotence" -> idempotence = value.flag();
      case "linger.ms" -> linger = value.millis();
      case "batch.size" -> batchSize = value.integer();
      case "compression.type" -> compression = CompressionType.parse(value.text());
      case "buffer.memory" -> bufferMemory = value.number();
      case "max.block.ms" -> maxBlock = value.millis();
      case "delivery.timeout.ms" -> deliveryTimeout = value.millis();
      case "max.request.size" -> maxRequestSize = value.integer();
      case "max.in.flight.requests.per.connection" -> maxInFlight = value.integer();
      default -> {
        return false;
      }
    }
    return true;
  }

  /** What {@link #build} would use. */
  public ProducerConfig config() {
    boolean safe = acks == null || acks == Acks.ALL;
    return new ProducerConfig(
        clientConfig(),
        acks == null ? Acks.ALL : acks,
        idempotence == null ? safe && maxInFlight <= 5 : idempotence,
        linger,
        batchSize,
        compression,
        bufferMemory,
        maxBlock,
        deliveryTimeout,
        maxRequestSize,
        maxInFlight,
        partitioner);
  }

  /**
   * Starts the producer. Does not wait for a broker.
   *
   * @throws IllegalArgumentException when settings are out of range or contradict each other
   */
  public Producer<K, V> build() {
    return BatchingProducer.start(config(), keySerializer, valueSerializer);
  }
}
