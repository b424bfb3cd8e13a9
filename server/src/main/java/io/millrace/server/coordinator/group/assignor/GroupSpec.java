package io.millrace.server.coordinator.group.assignor;

import io.millrace.protocol.Uuid;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A group as an assignor sees it.
 *
 * @param members by member id
 * @param topics that exist, by id
 */
public record GroupSpec(SortedMap<String, Member> members, SortedMap<Uuid, Topic> topics) {

  public GroupSpec {
    members = new TreeMap<>(members);
    topics = new TreeMap<>(topics);
  }

  /**
   * @param instanceId of a static member
   * @param subscribed topics, of those that exist
   * @param owned what it has been assigned so far
   */
  public record Member(
      @Nullable String instanceId,
      @Nullable String rack,
      Set<Uuid> subscribed,
      Set<Partition> owned) {
    public Member {
      subscribed = Set.copyOf(subscribed);
      owned = Set.copyOf(owned);
    }
  }

  /**
   * @param racks for each partition the racks of its replicas; empty when brokers have no racks
   */
  public record Topic(int partitions, List<Set<String>> racks) {
    public Topic {
      racks = List.copyOf(racks);
    }

    boolean isNear(int partition, @Nullable String rack) {
      return rack != null && partition < racks.size() && racks.get(partition).contains(rack);
    }
  }

  /** A partition by id. */
  public record Partition(Uuid topic, int index) implements Comparable<Partition> {
    @Override
    public int compareTo(Partition other) {
      int byTopic = topic.compareTo(other.topic);
      return byTopic != 0 ? byTopic : Integer.compare(index, other.index);
    }
  }
}
