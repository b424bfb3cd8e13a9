package io.millrace.server.coordinator.group;

import io.millrace.metadata.image.TopicsImage;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.server.coordinator.CoordinatorTurn;
import io.millrace.server.coordinator.group.GroupRecord.MemberRecord;
import io.millrace.server.coordinator.group.GroupRecord.MemberValue;
import io.millrace.server.coordinator.group.GroupRecord.RegexRecord;
import io.millrace.server.coordinator.group.GroupRecord.RegexValue;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What members of a {@link ConsumerGroup} want, and which topics their regular expressions stand
 * for. Stateless.
 */
final class Subscriptions {
  /** How often a group looks at the whole list of topics, at most. */
  private static final long TOPICS_CHECK_MILLIS = 500;

  private Subscriptions() {}

  /** What a member wants by its heartbeat, which leaves out what has not changed. */
  static MemberValue wishes(
      @Nullable MemberValue old, GroupClient client, ConsumerGroupHeartbeatRequest request) {
    return new MemberValue(
        request.instanceId() != null || old == null ? request.instanceId() : old.instanceId(),
        request.rackId() != null || old == null ? request.rackId() : old.rackId(),
        client.clientId(),
        client.host(),
        request.subscribedTopicNames() != null
            ? request.subscribedTopicNames()
            : old == null ? List.of() : old.topics(),
        request.subscribedTopicRegex() != null || old == null
            ? request.subscribedTopicRegex()
            : old.regex(),
        request.rebalanceTimeoutMs() >= 0 || old == null
            ? request.rebalanceTimeoutMs()
            : old.rebalanceTimeoutMs(),
        request.serverAssignor() != null || old == null ? request.serverAssignor() : old.assignor(),
        null); // a member that was of the classic protocol is so no more
  }

  /** Notes what a member is and wants; true when the group must be assigned anew for it. */
  static boolean store(
      CoordinatorTurn<GroupRecord> turn, ConsumerGroup group, String memberId, MemberValue now) {
    MemberValue old = group.members().get(memberId);
    if (now.equals(old)) {
      return false;
    }
    turn.append(new MemberRecord(group.id(), memberId, now));
    if (old != null) {
      dropUnusedRegex(turn, group, old);
    }
    return old == null
        || !old.topics().equals(now.topics())
        || !Objects.equals(old.regex(), now.regex())
        || !Objects.equals(old.rackId(), now.rackId())
        || !Objects.equals(old.assignor(), now.assignor());
  }

  /** Resolves regular expressions that are new, or all when topics may have changed. */
  static boolean resolveRegexes(
      CoordinatorTurn<GroupRecord> turn, ConsumerGroup group, boolean all) {
    boolean changed = false;
    for (MemberValue member : List.copyOf(group.members().values())) {
      String regex = member.regex();
      if (regex == null || regex.isEmpty()) {
        continue;
      }
      RegexValue known = group.regexes().get(regex);
      if (known != null && !all) {
        continue;
      }
      List<String> topics = TopicRegex.resolve(regex, turn.image().topics());
      if (known == null || !known.topics().equals(topics)) {
        turn.append(
            new RegexRecord(
                group.id(),
                regex,
                new RegexValue(topics, turn.image().revision(), turn.wallMillis())));
        changed = true;
      }
    }
    return changed;
  }

  /** Whether topics may have changed; asked at every heartbeat, but not yes at every change. */
  @SuppressWarnings("ReferenceEquality") // another object is another image
  static boolean isTimeToLook(CoordinatorTurn<GroupRecord> turn, ConsumerGroup group) {
    TopicsImage topics = turn.image().topics();
    boolean yes =
        group.seenTopics == null
            || (group.seenTopics != topics
                && turn.nowMillis() - group.seenMillis >= TOPICS_CHECK_MILLIS);
    if (yes) {
      group.seenTopics = topics;
      group.seenMillis = turn.nowMillis();
    }
    return yes;
  }

  /** A regular expression that no member has any more is forgotten. */
  static void dropUnusedRegex(
      CoordinatorTurn<GroupRecord> turn, ConsumerGroup group, MemberValue old) {
    String regex = old.regex();
    if (regex != null
        && group.regexes().containsKey(regex)
        && group.members().values().stream().noneMatch(other -> regex.equals(other.regex()))) {
      turn.append(new RegexRecord(group.id(), regex, null));
    }
  }
}
