package io.millrace.tools.groups;

import io.millrace.client.TopicPartition;
import java.util.Collection;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * A topic, or some of its partitions, as an operator names them: {@code orders} or {@code
 * orders:0,2}.
 *
 * @param partitions empty for all
 */
public record TopicScope(String topic, Set<Integer> partitions) {

  public TopicScope {
    partitions = Set.copyOf(partitions);
  }

  /**
   * Reads {@code TOPIC} or {@code TOPIC:PARTITION,...}.
   *
   * @throws IllegalArgumentException saying what is wrong with it
   */
  public static TopicScope parse(String text) {
    int colon = text.indexOf(':');
    String topic = colon < 0 ? text : text.substring(0, colon);
    if (topic.isEmpty()) {
      throw new IllegalArgumentException(
          "--topic is '" + text + "', expected TOPIC or TOPIC:PARTITION,...");
    }
    Set<Integer> partitions = new TreeSet<>();
    if (colon >= 0) {
      for (String number : text.substring(colon + 1).split(",", -1)) {
        partitions.add(partition(text, number));
      }
    }
    return new TopicScope(topic, partitions);
  }

  private static int partition(String text, String number) {
    try {
      int partition = Integer.parseInt(number.strip());
      if (partition >= 0) {
        return partition;
      }
    } catch (NumberFormatException notANumber) {
      // said below
    }
    throw new IllegalArgumentException(
        "--topic is '" + text + "', but '" + number + "' is no partition number (0, 1, ...)");
  }

  /** Whether it means this partition too. */
  public boolean covers(TopicPartition partition) {
    return topic.equals(partition.topic())
        && (partitions.isEmpty() || partitions.contains(partition.partition()));
  }

  /**
   * The partitions that are meant of a topic that has so many.
   *
   * @throws IllegalArgumentException when one is named that the topic does not have
   */
  public List<TopicPartition> of(int partitionCount) {
    Set<Integer> wanted = new TreeSet<>(partitions);
    for (int partition : wanted) {
      if (partition >= partitionCount) {
        throw new IllegalArgumentException(
            "topic '"
                + topic
                + "' has no partition "
                + partition
                + ", only 0 to "
                + (partitionCount - 1));
      }
    }
    for (int partition = 0; partitions.isEmpty() && partition < partitionCount; partition++) {
      wanted.add(partition);
    }
    return wanted.stream().map(partition -> new TopicPartition(topic, partition)).toList();
  }

  /** Some of these partitions: those that one of the scopes means. */
  public static List<TopicPartition> filter(
      Collection<TopicScope> scopes, Collection<TopicPartition> partitions) {
    return partitions.stream()
        .filter(partition -> scopes.stream().anyMatch(scope -> scope.covers(partition)))
        .sorted()
        .toList();
  }
}
