package io.millrace.tools;

import io.millrace.client.PartitionDescription;
import io.millrace.client.TopicDescription;

/**
 * How a topic is.
 *
 * @param leaderless partitions that nobody can write to
 * @param underReplicated partitions that lack a replica in sync
 */
record TopicHealth(long leaderless, long underReplicated) {

  static TopicHealth of(TopicDescription topic) {
    long leaderless =
        topic.partitions().stream().filter(partition -> !partition.hasLeader()).count();
    long under =
        topic.partitions().stream()
            .filter(PartitionDescription::hasLeader)
            .filter(PartitionDescription::isUnderReplicated)
            .count();
    return new TopicHealth(leaderless, under);
  }

  @Override
  public String toString() {
    if (leaderless == 0 && underReplicated == 0) {
      return "ok";
    }
    String first = leaderless == 0 ? "" : leaderless + " without leader";
    String second = underReplicated == 0 ? "" : underReplicated + " under-replicated";
    return first.isEmpty() || second.isEmpty() ? first + second : first + ", " + second;
  }
}
