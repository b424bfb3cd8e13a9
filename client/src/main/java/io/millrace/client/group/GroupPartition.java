package io.millrace.client.group;

import io.millrace.client.TopicPartition;
import io.millrace.protocol.Uuid;
import java.util.Comparator;

/** A partition as groups mean it: of this very topic, not of another one with the same name. */
public record GroupPartition(Uuid topicId, TopicPartition partition)
    implements Comparable<GroupPartition> {

  private static final Comparator<GroupPartition> ORDER =
      Comparator.comparing((GroupPartition each) -> each.partition().topic())
          .thenComparing(each -> each.partition().partition())
          .thenComparing(GroupPartition::topicId);

  @Override
  public int compareTo(GroupPartition other) {
    return ORDER.compare(this, other);
  }
}
