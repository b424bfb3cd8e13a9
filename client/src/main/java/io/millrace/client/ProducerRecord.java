package io.millrace.client;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A record to send.
 *
 * @param partition where it goes; null leaves the choice to the producer's {@link Partitioner}
 * @param timestamp milliseconds since the Unix epoch; null means the time of the send
 * @param key may be null; equal keys go to the same partition
 * @param value may be null, which deletes the key in a compacted topic
 */
public record ProducerRecord<K, V>(
    String topic,
    @Nullable Integer partition,
    @Nullable Long timestamp,
    @Nullable K key,
    @Nullable V value,
    List<RecordHeader> headers) {

  public ProducerRecord {
    if (topic.isEmpty()) {
      throw new IllegalArgumentException("a record needs a topic");
    }
    if (partition != null && partition < 0) {
      throw new IllegalArgumentException(
          "partition " + partition + " of topic '" + topic + "' is negative");
    }
    if (timestamp != null && timestamp < 0) {
      throw new IllegalArgumentException(
          "timestamp " + timestamp + " for topic '" + topic + "' is negative");
    }
    headers = List.copyOf(headers);
  }

  /** A record without a key. */
  public static <K, V> ProducerRecord<K, V> of(String topic, @Nullable V value) {
    return new ProducerRecord<>(topic, null, null, null, value, List.of());
  }

  /** A record with a key. */
  public static <K, V> ProducerRecord<K, V> of(String topic, @Nullable K key, @Nullable V value) {
    return new ProducerRecord<>(topic, null, null, key, value, List.of());
  }

  /** The same record, for this partition. */
  public ProducerRecord<K, V> withPartition(int chosen) {
    return new ProducerRecord<>(topic, chosen, timestamp, key, value, headers);
  }

  /** The same record with this timestamp. */
  public ProducerRecord<K, V> withTimestamp(long millis) {
    return new ProducerRecord<>(topic, partition, millis, key, value, headers);
  }

  /** The same record with one more header. */
  public ProducerRecord<K, V> withHeader(String name, byte @Nullable [] content) {
    List<RecordHeader> more = new ArrayList<>(headers);
    more.add(new RecordHeader(name, content));
    return new ProducerRecord<>(topic, partition, timestamp, key, value, more);
  }
}
