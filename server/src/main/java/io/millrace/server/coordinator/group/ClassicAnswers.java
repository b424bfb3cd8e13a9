package io.millrace.server.coordinator.group;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.HeartbeatResponse;
import io.millrace.protocol.message.JoinGroupResponse;
import io.millrace.protocol.message.JoinGroupResponse.JoinGroupResponseMember;
import io.millrace.protocol.message.SyncGroupResponse;
import io.millrace.server.coordinator.Answer;
import io.millrace.server.coordinator.CoordinatorTurn;
import java.util.List;

/** What members of a classic group are told. */
final class ClassicAnswers {
  private static final int NO_GENERATION = -1;

  private ClassicAnswers() {}

  static JoinGroupResponse joined(
      ClassicGroup group, ClassicMember member, boolean skipAssignment) {
    List<JoinGroupResponseMember> members =
        group.isLeader(member.memberId)
            ? group.members.values().stream()
                .map(
                    other ->
                        new JoinGroupResponseMember(
                            other.memberId, other.instanceId, other.metadata(group.protocolName)))
                .toList()
            : List.of();
    return JoinGroupResponse.builder()
        .generationId(group.generation)
        .protocolType(group.protocolType)
        .protocolName(group.protocolName)
        .leader(group.leaderId == null ? "" : group.leaderId)
        .skipAssignment(skipAssignment)
        .memberId(member.memberId)
        .members(members)
        .build();
  }

  static JoinGroupResponse joinError(String memberId, ErrorCode error) {
    return JoinGroupResponse.builder()
        .errorCode(error.code())
        .generationId(NO_GENERATION)
        .protocolType(null)
        .protocolName(null)
        .leader("")
        .memberId(memberId)
        .build();
  }

  static SyncGroupResponse synced(ClassicGroup group, ClassicMember member) {
    return SyncGroupResponse.builder()
        .protocolType(group.protocolType)
        .protocolName(group.protocolName)
        .assignment(member.assignment)
        .build();
  }

  static SyncGroupResponse syncError(ErrorCode error) {
    return SyncGroupResponse.builder().errorCode(error.code()).build();
  }

  static HeartbeatResponse heartbeat(ErrorCode error) {
    return HeartbeatResponse.builder().errorCode(error.code()).build();
  }

  static void answerHeartbeat(
      CoordinatorTurn<GroupRecord> turn, Answer<HeartbeatResponse> answer, ErrorCode error) {
    if (error == ErrorCode.NONE || error == ErrorCode.COORDINATOR_LOAD_IN_PROGRESS) {
      // The member knows its generation by an answer, or learns nothing.
      turn.answerAtOnce(answer, heartbeat(error));
    } else {
      turn.answer(answer, heartbeat(error));
    }
  }

  /** Answers the heartbeat of a member that is kept back, if one is. */
  static void answerHeld(
      CoordinatorTurn<GroupRecord> turn, String group, ClassicMember member, ErrorCode error) {
    Answer<HeartbeatResponse> held = member.heldHeartbeat;
    if (held != null) {
      member.heldHeartbeat = null;
      turn.timers().cancel(new GroupTimer.Heartbeat(group, member.memberId));
      answerHeartbeat(turn, held, error);
    }
  }

  /** Answers a member that waits for its part, if it does. */
  static void answerSync(
      CoordinatorTurn<GroupRecord> turn, ClassicMember member, SyncGroupResponse response) {
    Answer<SyncGroupResponse> waiting = member.awaitingSync;
    if (waiting != null) {
      member.awaitingSync = null;
      turn.answer(waiting, response);
    }
  }
}
