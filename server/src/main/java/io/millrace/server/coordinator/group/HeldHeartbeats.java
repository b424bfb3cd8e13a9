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
 * be told nothing. A rebalance that only shares out what somebody left behind waits for that: after
 * a moment it begins when all can be told, or when one must be answered, whatever comes first. It
 * is over hardly later for that, and nobody stands still meanwhile; and a newcomer may come and
 * take the place.
 *
 * <pre>
 *   heartbeat --nothing to tell--> kept --a rebalance begins----> REBALANCE_IN_PROGRESS
 *                                    |----the next one comes, patience ends----> NONE
 *                                    +----the connection asks for more--> NONE, or "ask again"
 * </pre>
 */
final class HeldHeartbeats {
  /** Of a session; the rest is for the next heartbeat to arrive in. */
  private static final int PART_OF_SESSION = 3;

  /** Time between two heartbeats that are asked for. */
  private static final int ASK_AGAIN_MILLIS = 1_000;

  private final GroupConfig config;
  private final ClassicRebalance rebalance;
  private final Presence presence;

  HeldHeartbeats(GroupConfig config, ClassicRebalance rebalance, Presence presence) {
    this.config = config;
    this.rebalance = rebalance;
    this.presence = presence;
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
    if (member.assuredMillis < 0) {
      member.assuredMillis = turn.nowMillis(); // by the answer to its join, an interval ago
    }
    answerNone(turn, group, member);
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
      startIfAllCanBeTold(turn, group);
      return null;
    }
    if (group.vacant.isEmpty()) {
      return ErrorCode.NONE;
    }
    rebalance.start(turn, group, group.vacant.reason());
    return ErrorCode.REBALANCE_IN_PROGRESS;
  }

  private void startIfAllCanBeTold(CoordinatorTurn<GroupRecord> turn, ClassicGroup group) {
    if (group.vacant.isDue() && group.canTellAll()) {
      rebalance.start(turn, group, group.vacant.reason());
    }
  }

  void onVacancyTimer(CoordinatorTurn<GroupRecord> turn, ClassicGroup group) {
    group.vacant.becomeDue();
    startIfAllCanBeTold(turn, group);
  }

  private static void answerNone(
      CoordinatorTurn<GroupRecord> turn, ClassicGroup group, ClassicMember member) {
    if (member.heldHeartbeat != null) {
      member.assuredMillis = turn.nowMillis();
      ClassicAnswers.answerHeld(turn, group.id(), member, ErrorCode.NONE);
    }
  }

  /** The answer to a member's heartbeat can be kept no longer, if it is kept. */
  void letGo(
      CoordinatorTurn<GroupRecord> turn,
      ClassicGroup group,
      String memberId,
      HeartbeatRelease why) {
    ClassicMember member = group.members.get(memberId);
    if (member == null || member.heldHeartbeat == null) {
      return;
    }
    if (why == HeartbeatRelease.ASK_AGAIN && mayAskAgain(turn, member)) {
      member.askedAgainMillis = turn.nowMillis();
      presence.asked(group.id(), memberId);
      ClassicAnswers.answerHeld(turn, group.id(), member, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
    } else if (why == HeartbeatRelease.HEARTBEAT_FOLLOWS || !group.vacant.isDue()) {
      answerNone(turn, group, member);
    } else {
      rebalance.start(turn, group, group.vacant.reason());
    }
  }

  /**
   * A client that is never told that all is well takes the coordinator for dead; and one that asks
   * for something else all the time must not send heartbeats all the time.
   */
  private static boolean mayAskAgain(CoordinatorTurn<GroupRecord> turn, ClassicMember member) {
    long now = turn.nowMillis();
    return member.assuredMillis >= 0
        && now - member.assuredMillis < member.sessionTimeoutMs / PART_OF_SESSION
        && (member.askedAgainMillis < 0 || now - member.askedAgainMillis >= ASK_AGAIN_MILLIS);
  }
}
