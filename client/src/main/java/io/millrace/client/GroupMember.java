package io.millrace.client;

import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A member of a group.
 *
 * @param instanceId of a static member
 * @param rack where it runs, if it told
 * @param host as the coordinator saw it
 * @param epoch of the member (KIP-848); -1 in a classic group
 * @param isClassic whether it speaks the classic protocol, in whatever type of group
 * @param topics it subscribes to
 * @param topicRegex it subscribes to
 * @param assignment what it has
 * @param target what it is to have; the same as {@code assignment} in a classic group
 */
public record GroupMember(
    String memberId,
    @Nullable String instanceId,
    @Nullable String rack,
    String clientId,
    String host,
    int epoch,
    boolean isClassic,
    List<String> topics,
    @Nullable String topicRegex,
    Set<TopicPartition> assignment,
    Set<TopicPartition> target) {

  public GroupMember {
    topics = List.copyOf(topics);
    assignment = Set.copyOf(assignment);
    target = Set.copyOf(target);
  }
}
