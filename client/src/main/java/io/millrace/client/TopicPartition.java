package io.millrace.client;

/** One partition of a topic, by name. Prints as {@code orders-3}. */
public record TopicPartition(String topic, int partition) implements Comparable<TopicPartition> {

  public TopicPartition {
    if (partition < 0) {
      throw new IllegalArgumentException(
          "partition " + partition + " of topic '" + topic + "' is negative");
    }
  }

  @Override
  public int compareTo(TopicPartition other) {
    int byTopic = topic.compareTo(other.topic);
    return byTopic != 0 ? byTopic : Integer.compare(partition, other.partition);
  }

  @Override
  public String toString() {
    return topic + "-" + partition;
  }
}
