package io.millrace.server.coordinator.group;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.JoinGroupRequest;
import io.millrace.protocol.message.JoinGroupResponse;
import io.millrace.server.coordinator.Answer;
import io.millrace.server.coordinator.CoordinatorTurn;
import io.millrace.server.coordinator.group.GroupRecord.ClassicGroupRecord;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One member of a {@link ClassicGroup} in the place of another, with its part and in the same
 * generation, so that nobody else has to stop. Stateless.
 */
final class MemberReplacement {
  private static final Logger LOG = LoggerFactory.getLogger(MemberReplacement.class);
  private static final short FIRST_WITH_SKIP_ASSIGNMENT = 9;

  private final ClassicRebalance rebalance;
  private final Presence presence;

  MemberReplacement(ClassicRebalance rebalance, Presence presence) {
    this.rebalance = rebalance;
    this.presence = presence;
  }

  /** A newcomer gets the part of one that is gone. */
  void takePlace(
      CoordinatorTurn<GroupRecord> turn,
      ClassicGroup group,
      ClassicMember member,
      VacantPlaces.Place place,
      Answer<JoinGroupResponse> answer) {
    LOG.info(
        "member takes the place of one that is gone group={} generation={} member={} of={}",
        group.id(),
        group.generation,
        member.memberId,
        place.member().memberId);
    member.assignment = place.member().assignment;
    group.add(member);
    if (place.led()) {
      group.leaderId = member.memberId;
    }
    rebalance.startSession(turn, group, member);
    turn.append(new ClassicGroupRecord(group.id(), group.snapshot()));
    turn.answer(answer, ClassicAnswers.joined(group, member, place.led()));
  }

  /** A static member has restarted: the new one takes the old one's place, under a new id. */
  void replaceStatic(
      CoordinatorTurn<GroupRecord> turn,
      ClassicGroup group,
      GroupClient client,
      JoinGroupRequest request,
      String oldId,
      ClassicMember member,
      Answer<JoinGroupResponse> answer) {
    ClassicMember old = group.members.get(oldId);
    if (old == null) {
      throw new IllegalStateException("static member " + oldId + " is not in " + group.id());
    }
    ByteBuffer oldMetadata = old.metadata(group.protocolName);
    boolean wasLeader = group.isLeader(oldId);
    rebalance.drop(turn, group, old, ErrorCode.FENCED_INSTANCE_ID);
    member.assignment = old.assignment;
    group.add(member);
    if (wasLeader) {
      group.leaderId = member.memberId;
    }
    presence.joined(turn, client, group.speaker(member));
    rebalance.startSession(turn, group, member);
    String protocol = group.protocolName;
    boolean sameProtocol =
        group.isIn(ClassicGroupState.STABLE)
            && protocol != null
            && mayKeepItsPart(turn, group, old, protocol)
            && group.selectProtocol().equals(protocol)
            && sameSubscription(oldMetadata, member.metadata(group.protocolName));
    if (sameProtocol) {
      turn.append(new ClassicGroupRecord(group.id(), group.snapshot()));
      JoinGroupResponse response =
          ClassicAnswers.joined(
              group, member, wasLeader && client.version() >= FIRST_WITH_SKIP_ASSIGNMENT);
      if (wasLeader && client.version() < FIRST_WITH_SKIP_ASSIGNMENT) {
        // It must not assign anew, hence it must not learn that it leads.
        response = response.toBuilder().leader(oldId).members(List.of()).build();
      }
      turn.answer(answer, response);
      return;
    }
    member.awaitingJoin = answer;
    rebalance.start(
        turn,
        group,
        "static member " + request.groupInstanceId() + " restarted as " + member.memberId);
  }

  private static boolean mayKeepItsPart(
      CoordinatorTurn<GroupRecord> turn, ClassicGroup group, ClassicMember old, String protocol) {
    return !ConsumerProtocol.TYPE.equals(group.protocolType)
        || ConsumerProtocol.subscription(old.metadata(protocol)) == null
        || VacantPlaces.owesNothing(old, protocol, turn.image());
  }

  /**
   * Whether a member that restarted wants the topics it wanted before. What else its metadata says
   * (partitions it owned, in which generation) is another's after a restart, and no reason to
   * disturb the group.
   */
  private static boolean sameSubscription(ByteBuffer before, ByteBuffer now) {
    List<String> topicsBefore = ConsumerProtocol.topics(before);
    List<String> topicsNow = ConsumerProtocol.topics(now);
    if (topicsBefore == null || topicsNow == null) {
      return before.equals(now);
    }
    return Set.copyOf(topicsBefore).equals(Set.copyOf(topicsNow));
  }
}
