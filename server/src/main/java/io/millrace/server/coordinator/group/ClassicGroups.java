package io.millrace.server.coordinator.group;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.HeartbeatRequest;
import io.millrace.protocol.message.LeaveGroupRequest.MemberIdentity;
import io.millrace.protocol.message.SyncGroupRequest;
import io.millrace.protocol.message.SyncGroupRequest.SyncGroupRequestAssignment;
import io.millrace.protocol.message.SyncGroupResponse;
import io.millrace.server.coordinator.Answer;
import io.millrace.server.coordinator.CoordinatorTurn;
import io.millrace.server.coordinator.group.GroupRecord.ClassicGroupRecord;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What members of a {@link ClassicGroup} ask for once they have joined ({@link ClassicJoin}): their
 * parts, to be taken for alive, to leave; and what becomes of the silent. Stateless.
 */
final class ClassicGroups {
  private final GroupConfig config;
  private final ClassicRebalance rebalance;
  private final Presence presence;

  ClassicGroups(GroupConfig config, ClassicRebalance rebalance, Presence presence) {
    this.config = config;
    this.rebalance = rebalance;
    this.presence = presence;
  }

  // ---- sync

  void sync(
      CoordinatorTurn<GroupRecord> turn,
      ClassicGroup group,
      GroupClient client,
      SyncGroupRequest request,
      Answer<SyncGroupResponse> answer) {
    ErrorCode error = checkSync(group, request);
    ClassicMember member = group.members.get(request.memberId());
    if (error != ErrorCode.NONE || member == null) {
      turn.answer(answer, ClassicAnswers.syncError(error));
      return;
    }
    presence.heard(turn, client, group.speaker(member));
    switch (group.state()) {
      case EMPTY, DEAD ->
          turn.answer(answer, ClassicAnswers.syncError(ErrorCode.UNKNOWN_MEMBER_ID));
      case PREPARING_REBALANCE ->
          turn.answer(answer, ClassicAnswers.syncError(ErrorCode.REBALANCE_IN_PROGRESS));
      case COMPLETING_REBALANCE -> {
        ClassicAnswers.answerSync(
            turn, member, ClassicAnswers.syncError(ErrorCode.REBALANCE_IN_PROGRESS));
        member.awaitingSync = answer;
        group.pendingSync.remove(member.memberId);
        if (group.isLeader(member.memberId)) {
          takeAssignment(turn, group, request.assignments());
        }
      }
      case STABLE -> {
        group.pendingSync.remove(member.memberId);
        rebalance.startSession(turn, group, member);
        turn.answer(answer, ClassicAnswers.synced(group, member));
      }
    }
    if (group.pendingSync.isEmpty()) {
      turn.timers().cancel(new GroupTimer.SyncPhase(group.id()));
    }
  }

  private static ErrorCode checkSync(ClassicGroup group, SyncGroupRequest request) {
    if (group.isIn(ClassicGroupState.DEAD)) {
      return ErrorCode.COORDINATOR_NOT_AVAILABLE;
    }
    ErrorCode member = group.checkMember(request.memberId(), request.groupInstanceId());
    if (member != ErrorCode.NONE) {
      return member;
    }
    if (request.generationId() != group.generation) {
      return ErrorCode.ILLEGAL_GENERATION;
    }
    return differs(request.protocolType(), group.protocolType)
            || differs(request.protocolName(), group.protocolName)
        ? ErrorCode.INCONSISTENT_GROUP_PROTOCOL
        : ErrorCode.NONE;
  }

  private static boolean differs(@Nullable String said, @Nullable String is) {
    return said != null && is != null && !said.equals(is);
  }

  private void takeAssignment(
      CoordinatorTurn<GroupRecord> turn,
      ClassicGroup group,
      List<SyncGroupRequestAssignment> assignments) {
    long bytes = 0;
    Map<String, ByteBuffer> parts = new HashMap<>();
    for (SyncGroupRequestAssignment assignment : assignments) {
      parts.put(assignment.memberId(), assignment.assignment());
      bytes += assignment.assignment().remaining();
    }
    if (bytes > config.maxRecordBytes() / 2) { // the other half is for what members want
      for (ClassicMember member : group.members.values()) {
        ClassicAnswers.answerSync(
            turn, member, ClassicAnswers.syncError(ErrorCode.UNKNOWN_SERVER_ERROR));
      }
      rebalance.start(turn, group, "an assignment of " + bytes + " bytes is too large");
      return;
    }
    group.assign(parts);
    group.transitionTo(ClassicGroupState.STABLE, turn.wallMillis(), "leader assigned");
    turn.append(new ClassicGroupRecord(group.id(), group.snapshot()));
    for (ClassicMember member : group.members.values()) {
      if (member.awaitingSync != null) {
        rebalance.startSession(turn, group, member);
        ClassicAnswers.answerSync(turn, member, ClassicAnswers.synced(group, member));
      }
    }
  }

  // ---- heartbeat, leave, silence

  ErrorCode heartbeat(
      CoordinatorTurn<GroupRecord> turn,
      ClassicGroup group,
      GroupClient client,
      HeartbeatRequest request) {
    if (group.isIn(ClassicGroupState.DEAD)) {
      return ErrorCode.COORDINATOR_NOT_AVAILABLE;
    }
    ErrorCode error = group.checkMember(request.memberId(), request.groupInstanceId());
    ClassicMember member = group.members.get(request.memberId());
    if (error != ErrorCode.NONE || member == null) {
      return error;
    }
    if (request.generationId() != group.generation) {
      return ErrorCode.ILLEGAL_GENERATION;
    }
    presence.heartbeat(turn, client, group.speaker(member));
    rebalance.startSession(turn, group, member);
    return group.isIn(ClassicGroupState.PREPARING_REBALANCE)
        ? ErrorCode.REBALANCE_IN_PROGRESS
        : ErrorCode.NONE;
  }

  ErrorCode leave(CoordinatorTurn<GroupRecord> turn, ClassicGroup group, MemberIdentity identity) {
    String memberId = identity.memberId();
    String instanceId = identity.groupInstanceId();
    if (instanceId != null) {
      String current = group.staticMembers.get(instanceId);
      if (current == null) {
        return ErrorCode.UNKNOWN_MEMBER_ID;
      }
      if (!memberId.isEmpty() && !memberId.equals(current)) {
        return ErrorCode.FENCED_INSTANCE_ID;
      }
      memberId = current;
    } else if (group.pendingJoin.remove(memberId)) {
      turn.timers().cancel(new GroupTimer.Session(group.id(), memberId));
      rebalance.completeJoinIfAll(turn, group);
      return ErrorCode.NONE;
    }
    ClassicMember member = group.members.get(memberId);
    if (member == null) {
      return ErrorCode.UNKNOWN_MEMBER_ID;
    }
    rebalance.removeMember(
        turn, group, member, "member " + memberId + " left: " + identity.reason());
    return ErrorCode.NONE;
  }

  void onSessionTimer(CoordinatorTurn<GroupRecord> turn, ClassicGroup group, String memberId) {
    if (group.pendingJoin.remove(memberId)) {
      rebalance.completeJoinIfAll(turn, group);
      return;
    }
    ClassicMember member = group.members.get(memberId);
    if (member == null) {
      return;
    }
    boolean waits = member.awaitingJoin != null || member.awaitingSync != null;
    if (!member.isNew && waits && !presence.isGone(group.id(), memberId)) {
      rebalance.startSession(turn, group, member); // it waits for us; it is not for it to speak
      return;
    }
    rebalance.removeMember(turn, group, member, "member " + memberId + " was silent");
  }
}
