package io.millrace.server.coordinator.group;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.HeartbeatResponse;
import io.millrace.server.coordinator.Answer;
import io.millrace.server.coordinator.CoordinatorTurn;
import org.jspecify.annotations.Nullable;

/**
 * Keeps back answers to heartbeats that have nothing to tell, so that a rebalance reaches members
 * of a classic group when it begins, not with their next heartbeats. Stateless.
 *
 * <p>A member that has just joined sends its first heartbeat an interval later; until then it can
 * be told nothing. A rebalance that only shares out what somebody left behind waits for that: it
 * begins when all can be told, or when one must be answered, whatever comes first. It is over no
 * later for that, and nobody stands still meanwhile; and a newcomer may come and take the place.
 */
final class HeldHeartbeats {
  /** Of a session; the rest is for the next heartbeat to arrive in. */
  private static final int PART_OF_SESSION = 3;

  private final GroupConfig config;
  private final ClassicRebalance rebalance;

  HeldHeartbeats(GroupConfig config, ClassicRebalance rebalance) {
    this.config = config;
    this.rebalance = rebalance;
  }

  /**
   * Takes a heartbeat that is all right.
   *
   * @return what it is answered now, or null when it is kept, or answered already
   */
  @Nullable ErrorCode hold(
      CoordinatorTurn<GroupRecord> turn,
      ClassicGroup group,
      GroupClient client,
      String memberId,
      Answer<HeartbeatResponse> answer) {
    ClassicMember member = group.members.get(memberId);
    if (member == null || !group.isIn(ClassicGroupState.STABLE)) {
      return ErrorCode.NONE;
    }
    ClassicAnswers.answerHeld(turn, group.id(), member, ErrorCode.NONE);
    // Who says nothing when it closes waits for the answers that it lacks then; whoever leaves lets
    // go of its heartbeat by that.
    int patience =
        config.holdHeartbeats() && !group.closesSilently(member)
            ? Math.min(client.patienceMs(), member.sessionTimeoutMs / PART_OF_SESSION)
            : 0;
    if (patience > 0) {
      member.heldHeartbeat = answer;
      turn.timers()
          .set(new GroupTimer.Heartbeat(group.id(), memberId), turn.nowMillis() + patience);
      if (!group.vacant.isEmpty() && group.canTellAll()) {
        rebalance.start(turn, group, group.vacant.reason());
      }
      return null;
    }
    if (group.vacant.isEmpty()) {
      return ErrorCode.NONE;
    }
    rebalance.start(turn, group, group.vacant.reason());
    return ErrorCode.REBALANCE_IN_PROGRESS;
  }

  /** The answer to a member's heartbeat can be kept no longer, if it is kept. */
  void letGo(CoordinatorTurn<GroupRecord> turn, ClassicGroup group, String memberId) {
    ClassicMember member = group.members.get(memberId);
    if (member == null || member.heldHeartbeat == null) {
      return;
    }
    if (group.vacant.isEmpty()) {
      ClassicAnswers.answerHeld(turn, group.id(), member, ErrorCode.NONE);
    } else {
      rebalance.start(turn, group, group.vacant.reason());
    }
  }
}
