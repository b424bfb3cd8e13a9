package io.millrace.client;

import io.millrace.client.consumer.PrefetchingConsumer;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Settings of a {@link Consumer}. */
public final class ConsumerBuilder<K, V> extends ClientBuilder<ConsumerBuilder<K, V>> {

  private final Deserializer<K> keyDeserializer;
  private final Deserializer<V> valueDeserializer;
  private OffsetReset offsetReset = OffsetReset.LATEST;
  private IsolationLevel isolation = IsolationLevel.READ_UNCOMMITTED;
  private int fetchMinBytes = 1;
  private Duration fetchMaxWait = Duration.ofMillis(500);
  private int fetchMaxBytes = 50 << 20;
  private int maxPartitionFetchBytes = 1 << 20;
  private int maxPollRecords = 500;
  private long fetchBufferMemory = 64L << 20;
  private boolean checkCrcs = true;
  private String clientRack = "";
  private String groupId = "";
  private @Nullable String groupInstanceId;
  private @Nullable String groupRemoteAssignor;
  private @Nullable Duration rebalanceTimeout;
  private Duration maxPollInterval = Duration.ofMinutes(5);
  private boolean autoCommit = true;
  private Duration autoCommitInterval = Duration.ofSeconds(5);

  ConsumerBuilder(Deserializer<K> keyDeserializer, Deserializer<V> valueDeserializer) {
    super("consumer");
    this.keyDeserializer = keyDeserializer;
    this.valueDeserializer = valueDeserializer;
  }

  /** Where to begin without a position; by default at the end. */
  public ConsumerBuilder<K, V> offsetReset(OffsetReset reset) {
    offsetReset = reset;
    return this;
  }

  public ConsumerBuilder<K, V> isolation(IsolationLevel level) {
    isolation = level;
    return this;
  }

  /** How a broker gathers an answer: at least so many bytes, but no longer than so long. */
  public ConsumerBuilder<K, V> fetchWait(int minBytes, Duration maxWait) {
    fetchMinBytes = minBytes;
    fetchMaxWait = maxWait;
    return this;
  }

  public ConsumerBuilder<K, V> fetchMaxBytes(int bytes) {
    fetchMaxBytes = bytes;
    return this;
  }

  public ConsumerBuilder<K, V> maxPartitionFetchBytes(int bytes) {
    maxPartitionFetchBytes = bytes;
    return this;
  }

  public ConsumerBuilder<K, V> maxPollRecords(int records) {
    maxPollRecords = records;
    return this;
  }

  /** Bytes fetched ahead of the application. */
  public ConsumerBuilder<K, V> fetchBufferMemory(long bytes) {
    fetchBufferMemory = bytes;
    return this;
  }

  /** Whether to verify each batch's checksum; by default yes. */
  public ConsumerBuilder<K, V> checkCrcs(boolean on) {
    checkCrcs = on;
    return this;
  }

  public ConsumerBuilder<K, V> clientRack(String rack) {
    clientRack = rack;
    return this;
  }

  /** The group: members with the same id share the partitions of what they subscribe to. */
  public ConsumerBuilder<K, V> groupId(String id) {
    groupId = id;
    return this;
  }

  /** A name that the member keeps over restarts, so that its partitions wait for it. */
  public ConsumerBuilder<K, V> groupInstanceId(String id) {
    groupInstanceId = id;
    return this;
  }

  /** Which of the broker's assignors; by default the broker decides. */
  public ConsumerBuilder<K, V> groupRemoteAssignor(String name) {
    groupRemoteAssignor = name;
    return this;
  }

  /**
   * How long the group waits for this member to give partitions up; by default as long as {@link
   * #maxPollInterval}.
   */
  public ConsumerBuilder<K, V> rebalanceTimeout(Duration timeout) {
    rebalanceTimeout = timeout;
    return this;
  }

  /** A member that does not come back for records for so long leaves; by default 5 minutes. */
  public ConsumerBuilder<K, V> maxPollInterval(Duration interval) {
    maxPollInterval = interval;
    return this;
  }

  /** Whether positions are committed without being asked to; by default yes, every 5 seconds. */
  public ConsumerBuilder<K, V> autoCommit(boolean on) {
    autoCommit = on;
    return this;
  }

  public ConsumerBuilder<K, V> autoCommitInterval(Duration interval) {
    autoCommitInterval = interval;
    return this;
  }

  @Override
  ConsumerBuilder<K, V> self() {
    return this;
  }

  @Override
  boolean applyOwn(String key, PropertyText value) {
    switch (key) {
      case "auto.offset.reset" -> offsetReset = parse(OffsetReset.class, value);
      case "isolation.level" -> isolation = parse(IsolationLevel.class, value);
      case "fetch.min.bytes" -> fetchMinBytes = value.integer();
      case "fetch.max.wait.ms" -> fetchMaxWait = value.millis();
      case "fetch.max.bytes" -> fetchMaxBytes = value.integer();
      case "max.partition.fetch.bytes" -> maxPartitionFetchBytes = value.integer();
      case "max.poll.records" -> maxPollRecords = value.integer();
      case "fetch.buffer.memory" -> fetchBufferMemory = value.number();
      case "check.crcs" -> checkCrcs = value.flag();
      case "client.rack" -> clientRack = value.text();
      case "group.id" -> groupId = value.text();
      case "group.instance.id" -> groupInstanceId = value.text();
      case "group.remote.assignor" -> groupRemoteAssignor = value.text();
      case "group.protocol" -> requireConsumerProtocol(value);
      case "rebalance.timeout.ms" -> rebalanceTimeout = value.millis();
      case "max.poll.interval.ms" -> maxPollInterval = value.millis();
      case "enable.auto.commit" -> autoCommit = value.flag();
      case "auto.commit.interval.ms" -> autoCommitInterval = value.millis();
      default -> {
        return false;
      }
    }
    return true;
  }

  private static void requireConsumerProtocol(PropertyText value) {
    if (!value.text().trim().toLowerCase(Locale.ROOT).equals("consumer")) {
      throw new IllegalArgumentException(
          value.key() + " is '" + value.text() + "', must be consumer: this client has no other");
    }
  }

  private static <E extends Enum<E>> E parse(Class<E> type, PropertyText value) {
    for (E constant : type.getEnumConstants()) {
      if (constant.name().toLowerCase(Locale.ROOT).equals(value.text().trim())) {
        return constant;
      }
    }
    throw new IllegalArgumentException(
        value.key()
            + " is '"
            + value.text()
            + "', must be one of "
            + Arrays.toString(type.getEnumConstants()).toLowerCase(Locale.ROOT));
  }

  /** What {@link #build} would use. */
  public ConsumerConfig config() {
    return new ConsumerConfig(
        clientConfig(),
        offsetReset,
        isolation,
        fetchMinBytes,
        fetchMaxWait,
        fetchMaxBytes,
        maxPartitionFetchBytes,
        maxPollRecords,
        fetchBufferMemory,
        checkCrcs,
        clientRack,
        groupConfig());
  }

  private @Nullable GroupConfig groupConfig() {
    if (groupId.isEmpty()) {
      if (groupInstanceId != null) {
        throw new IllegalArgumentException(
            "group.instance.id is '" + groupInstanceId + "', but group.id is not set");
      }
      return null;
    }
    return new GroupConfig(
        groupId,
        groupInstanceId,
        groupRemoteAssignor,
        rebalanceTimeout == null ? maxPollInterval : rebalanceTimeout,
        maxPollInterval,
        autoCommit,
        autoCommitInterval);
  }

  /**
   * Starts the consumer. Does not wait for a broker.
   *
   * @throws IllegalArgumentException when settings are out of range or contradict each other
   */
  public Consumer<K, V> build() {
    return PrefetchingConsumer.start(config(), keyDeserializer, valueDeserializer);
  }
}
