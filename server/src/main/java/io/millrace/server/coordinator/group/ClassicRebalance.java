package io.millrace.server.coordinator.group;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.JoinGroupResponse;
import io.millrace.server.coordinator.Answer;
import io.millrace.server.coordinator.CoordinatorTurn;
import io.millrace.server.coordinator.group.GroupRecord.ClassicGroupRecord;
import java.util.List;

/**
 * How a classic group gets from one generation to the next. Stateless.
 *
 * <p>A rebalance has two phases. In the first, every member must join again within the rebalance
 * timeout; who does not is out (static members stay until their session ends). In the second, the
 * leader hands in the assignment of the new generation, and each member gets its part. A record is
 * written at the end of each.
 */
final class ClassicRebalance {
  /**
   * Members go together or come back at once: a process with several of them, a restart within one.
   * And after a rebalance nobody can be told of the next for a while.
   */
  static final int PLACE_KEPT_MILLIS = 500;

  private final GroupConfig config;
  private final Presence presence;

  ClassicRebalance(GroupConfig config, Presence presence) {
    this.config = config;
    this.presence = presence;
  }

  void start(CoordinatorTurn<GroupRecord> turn, ClassicGroup group, String reason) {
    if (group.isIn(ClassicGroupState.PREPARING_REBALANCE)) {
      completeJoinIfAll(turn, group);
      return;
    }
    group.vacant.clear();
    turn.timers().cancel(new GroupTimer.Vacancy(group.id()));
    for (ClassicMember member : group.members.values()) {
      ClassicAnswers.answerHeld(turn, group.id(), member, ErrorCode.REBALANCE_IN_PROGRESS);
      if (member.awaitingSync != null) {
        startSession(turn, group, member); // it was us who kept it waiting
        ClassicAnswers.answerSync(
            turn, member, ClassicAnswers.syncError(ErrorCode.REBALANCE_IN_PROGRESS));
      }
    }
    group.pendingSync.clear();
    turn.timers().cancel(new GroupTimer.SyncPhase(group.id()));
    boolean initial = group.isIn(ClassicGroupState.EMPTY);
    group.transitionTo(ClassicGroupState.PREPARING_REBALANCE, turn.wallMillis(), reason);
    if (!initial) {
      setJoinTimer(turn, group, group.rebalanceTimeoutMs());
      completeJoinIfAll(turn, group);
    } else if (config.initialRebalanceDelayMs() == 0) {
      completeJoin(turn, group);
    } else {
      group.newMemberAdded = false;
      int delay = config.initialRebalanceDelayMs();
      group.delayLeftMs = Math.max(0, group.rebalanceTimeoutMs() - delay);
      setJoinTimer(turn, group, delay);
    }
  }

  private static void setJoinTimer(
      CoordinatorTurn<GroupRecord> turn, ClassicGroup group, int delayMs) {
    turn.timers().set(new GroupTimer.JoinPhase(group.id()), turn.nowMillis() + delayMs);
  }

  void completeJoinIfAll(CoordinatorTurn<GroupRecord> turn, ClassicGroup group) {
    if (group.isIn(ClassicGroupState.PREPARING_REBALANCE)
        && !group.isInitialJoin()
        && group.hasAllJoined()) {
      completeJoin(turn, group);
    }
  }

  void onJoinTimer(CoordinatorTurn<GroupRecord> turn, ClassicGroup group) {
    if (!group.isIn(ClassicGroupState.PREPARING_REBALANCE)) {
      return;
    }
    if (group.isInitialJoin() && group.newMemberAdded && group.delayLeftMs > 0) {
      int delay = Math.min(config.initialRebalanceDelayMs(), group.delayLeftMs);
      group.newMemberAdded = false;
      group.delayLeftMs -= delay;
      setJoinTimer(turn, group, delay);
      return;
    }
    completeJoin(turn, group);
  }

  private void completeJoin(CoordinatorTurn<GroupRecord> turn, ClassicGroup group) {
    turn.timers().cancel(new GroupTimer.JoinPhase(group.id()));
    for (ClassicMember member : List.copyOf(group.members.values())) {
      if (member.awaitingJoin == null && !member.isStatic()) {
        drop(turn, group, member, ErrorCode.UNKNOWN_MEMBER_ID);
      }
    }
    if (group.members.isEmpty()) {
      group.generation++;
      group.protocolName = null;
      group.leaderId = null;
      group.transitionTo(ClassicGroupState.EMPTY, turn.wallMillis(), "nobody is left");
      turn.append(new ClassicGroupRecord(group.id(), group.snapshot()));
      return;
    }
    if (!electLeader(group)) {
      // Only static members, all of them away: they keep their partitions until their sessions end.
      setJoinTimer(turn, group, group.rebalanceTimeoutMs());
      return;
    }
    group.generation++;
    group.protocolName = group.selectProtocol();
    group.transitionTo(
        ClassicGroupState.COMPLETING_REBALANCE,
        turn.wallMillis(),
        "members joined, protocol " + group.protocolName);
    group.pendingSync.addAll(group.members.keySet());
    // Known to the log before any member hears of it, so that no later coordinator gives the same
    // generation out again: a commit that was sent under the first could be taken under the second.
    turn.append(new ClassicGroupRecord(group.id(), group.formingSnapshot()));
    for (ClassicMember member : group.members.values()) {
      member.isNew = false;
      Answer<JoinGroupResponse> waiting = member.awaitingJoin;
      if (waiting != null) {
        member.awaitingJoin = null;
        turn.answer(waiting, ClassicAnswers.joined(group, member, false));
        startSession(turn, group, member);
      }
    }
    turn.timers()
        .set(new GroupTimer.SyncPhase(group.id()), turn.nowMillis() + group.rebalanceTimeoutMs());
  }

  private static boolean electLeader(ClassicGroup group) {
    ClassicMember leader = group.leaderId == null ? null : group.members.get(group.leaderId);
    if (leader != null && leader.awaitingJoin != null) {
      return true;
    }
    for (ClassicMember member : group.members.values()) {
      if (member.awaitingJoin != null) {
        group.leaderId = member.memberId;
        return true;
      }
    }
    return false;
  }

  void onSyncTimer(CoordinatorTurn<GroupRecord> turn, ClassicGroup group) {
    if (!group.isIn(ClassicGroupState.COMPLETING_REBALANCE, ClassicGroupState.STABLE)
        || group.pendingSync.isEmpty()) {
      return;
    }
    for (String memberId : List.copyOf(group.pendingSync)) {
      ClassicMember member = group.members.get(memberId);
      if (member != null) {
        drop(turn, group, member, ErrorCode.UNKNOWN_MEMBER_ID);
      }
    }
    start(turn, group, "members did not ask for their assignment in time");
  }

  void removeMember(
      CoordinatorTurn<GroupRecord> turn, ClassicGroup group, ClassicMember member, String reason) {
    boolean led = group.isLeader(member.memberId);
    drop(turn, group, member, ErrorCode.UNKNOWN_MEMBER_ID);
    switch (group.state()) {
      case STABLE -> {
        if (!config.holdHeartbeats() || group.members.isEmpty()) {
          start(turn, group, reason);
          return;
        }
        if (group.vacant.isEmpty() || group.vacant.isDue()) {
          turn.timers()
              .set(new GroupTimer.Vacancy(group.id()), turn.nowMillis() + PLACE_KEPT_MILLIS);
        }
        group.vacant.add(member, led, reason); // HeldHeartbeats decides when that is shared out
      }
      case COMPLETING_REBALANCE -> start(turn, group, reason);
      case PREPARING_REBALANCE -> completeJoinIfAll(turn, group);
      case EMPTY, DEAD -> {}
    }
  }

  /** Takes a member out, with an answer to whatever it still waits for. */
  void drop(
      CoordinatorTurn<GroupRecord> turn,
      ClassicGroup group,
      ClassicMember member,
      ErrorCode error) {
    group.remove(member);
    presence.forget(turn, group.id(), member.memberId);
    turn.timers().cancel(new GroupTimer.Session(group.id(), member.memberId));
    if (member.awaitingJoin != null) {
      turn.answer(member.awaitingJoin, ClassicAnswers.joinError(member.memberId, error));
      member.awaitingJoin = null;
    }
    ClassicAnswers.answerSync(turn, member, ClassicAnswers.syncError(error));
    ClassicAnswers.answerHeld(turn, group.id(), member, error);
  }

  /** The member has been heard: its silence is counted from now. */
  void startSession(CoordinatorTurn<GroupRecord> turn, ClassicGroup group, ClassicMember member) {
    int timeout = member.isNew ? config.newMemberJoinTimeoutMs() : member.sessionTimeoutMs;
    turn.timers()
        .set(new GroupTimer.Session(group.id(), member.memberId), turn.nowMillis() + timeout);
  }
}
