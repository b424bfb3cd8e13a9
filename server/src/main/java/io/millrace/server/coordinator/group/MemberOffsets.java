package io.millrace.server.coordinator.group;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.OffsetCommitRequest;
import io.millrace.protocol.message.OffsetCommitResponse;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestGroup;
import io.millrace.protocol.message.OffsetFetchResponse.OffsetFetchResponseGroup;
import io.millrace.server.coordinator.CoordinatorTurn;
import java.util.List;

/** Who may commit and ask for the offsets of a group. {@link CommittedOffsets} has them. */
final class MemberOffsets {
  private final GroupTable groups;
  private final CommittedOffsets offsets;
  private final ClassicRebalance rebalance;
  private final Presence presence;

  MemberOffsets(
      GroupTable groups, CommittedOffsets offsets, ClassicRebalance rebalance, Presence presence) {
    this.groups = groups;
    this.offsets = offsets;
    this.rebalance = rebalance;
    this.presence = presence;
  }

  /** Of a member, or of anybody while the group has none. */
  OffsetCommitResponse commit(
      CoordinatorTurn<GroupRecord> turn, GroupClient client, OffsetCommitRequest request) {
    short version = client.version();
    Group group = groups.get(request.groupId());
    ErrorCode error;
    if (request.groupId().isEmpty()) {
      error = ErrorCode.INVALID_GROUP_ID;
    } else if (group != null) {
      error = group.checkCommit(version, request);
    } else if (request.generationIdOrMemberEpoch() >= 0) {
      error = ClassicGroup.commitToNoGroup(version);
    } else {
      error = ErrorCode.NONE;
    }
    if (error != ErrorCode.NONE) {
      ErrorCode all = error;
      return CommittedOffsets.commitAnswer(request, (topic, partition) -> all);
    }
    presence.committed(turn, client, request.groupId(), request.memberId());
    if (group == null) { // a consumer that assigns itself: a group of offsets alone
      groups.put(new ClassicGroup(request.groupId()));
    } else if (group instanceof ClassicGroup known) {
      ClassicMember member = known.members.get(request.memberId());
      if (member != null) {
        rebalance.startSession(turn, known, member);
      }
    }
    OffsetCommitResponse response = offsets.commit(turn, version, request);
    if (groups.get(request.groupId()) instanceof ClassicGroup known) {
      groups.removeIfBlank(known);
    }
    return response;
  }

  OffsetFetchResponseGroup fetch(
      CoordinatorTurn<GroupRecord> turn, OffsetFetchRequestGroup request, short version) {
    Group group = groups.get(request.groupId());
    ErrorCode error =
        request.groupId().isEmpty()
            ? ErrorCode.INVALID_GROUP_ID
            : group == null
                ? ErrorCode.NONE
                : group.checkFetch(request.memberId(), request.memberEpoch());
    return error == ErrorCode.NONE
        ? new OffsetFetchResponseGroup(
            request.groupId(),
            offsets.fetch(
                turn,
                request,
                OffsetFetchForms.isById(version),
                OffsetFetchForms.knowsUnstable(version)
                    && group instanceof ClassicGroup
                    && !group.isEmpty()),
            (short) 0)
        : new OffsetFetchResponseGroup(request.groupId(), List.of(), error.code());
  }
}
