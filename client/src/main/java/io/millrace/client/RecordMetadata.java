package io.millrace.client;

/**
 * Where a record went.
 *
 * @param offset its offset, or -1 when the producer did not ask for an acknowledgement, or when the
 *     broker recognised a repeat that is too old to look up
 * @param timestamp the record's timestamp, or the broker's when the topic keeps append time
 */
public record RecordMetadata(String topic, int partition, long offset, long timestamp) {

  /** Whether the broker told the offset. */
  public boolean hasOffset() {
    return offset >= 0;
  }

  public TopicPartition topicPartition() {
    return new TopicPartition(topic, partition);
  }

  @Override
  public String toString() {
    return topic + "-" + partition + "@" + offset;
  }
}
