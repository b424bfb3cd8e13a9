package io.millrace.client;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A record that was read.
 *
 * @param leaderEpoch the epoch of the leader that appended it, or -1
 * @param timestamp milliseconds since the Unix epoch, or -1
 * @param timestampIsAppendTime whether the broker set the timestamp, rather than the producer
 * @param serializedKeySize bytes of the key, -1 for null
 * @param serializedValueSize bytes of the value, -1 for null
 */
public record ConsumerRecord<K, V>(
    String topic,
    int partition,
    long offset,
    int leaderEpoch,
    long timestamp,
    boolean timestampIsAppendTime,
    int serializedKeySize,
    int serializedValueSize,
    @Nullable K key,
    @Nullable V value,
    List<RecordHeader> headers) {

  public TopicPartition topicPartition() {
    return new TopicPartition(topic, partition);
  }
}
