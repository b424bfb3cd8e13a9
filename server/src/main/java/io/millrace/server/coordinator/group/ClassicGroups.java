package io.millrace.server.coordinator.group;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.HeartbeatRequest;
import io.millrace.protocol.message.JoinGroupRequest;
import io.millrace.protocol.message.JoinGroupResponse;
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
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The requests of members that change a {@link ClassicGroup}. Stateless but for member ids. */
final class ClassicGroups {
  private static final Logger LOG = LoggerFactory.getLogger(ClassicGroups.class);
  private static final short FIRST_WITH_REQUIRED_MEMBER_ID = 4;
  private static final short FIRST_WITH_SKIP_ASSIGNMENT = 9;

  /** Ids that one group has handed out and not seen again; or twice its members, if fewer. */
  private static final int MAX_PENDING = 10_000;

  private final GroupConfig config;
  private final ClassicRebalance rebalance;
  private final Presence presence;
  private final SplittableRandom random;

  ClassicGroups(
      GroupConfig config, ClassicRebalance rebalance, Presence presence, SplittableRandom random) {
    this.config = config;
    this.rebalance = rebalance;
    this.presence = presence;
    this.random = random;
  }

  // ---- join

  void join(
      CoordinatorTurn<GroupRecord> turn,
      ClassicGroup group,
      GroupClient client,
      JoinGroupRequest request,
      Answer<JoinGroupResponse> answer) {
    ErrorCode refusal = refuseJoin(group, request);
    if (refusal != ErrorCode.NONE) {
      turn.answer(answer, ClassicAnswers.joinError(request.memberId(), refusal));
    } else if (request.memberId().isEmpty()) {
      joinWithoutId(turn, group, client, request, answer);
    } else {
      joinWithId(turn, group, client, request, answer);
    }
  }

  private ErrorCode refuseJoin(ClassicGroup group, JoinGroupRequest request) {
    if (group.isIn(ClassicGroupState.DEAD)) {
      return ErrorCode.COORDINATOR_NOT_AVAILABLE;
    }
    String memberId = request.memberId();
    ClassicMember known = group.members.get(memberId);
    boolean mayGrow =
        switch (group.state()) {
          case PREPARING_REBALANCE ->
              (known != null && known.awaitingJoin != null)
                  || group.awaitingJoin() < config.maxSize();
          case COMPLETING_REBALANCE, STABLE ->
              known != null || group.members.size() < config.maxSize();
          case EMPTY, DEAD -> true;
        };
    if (!mayGrow) {
      group.pendingJoin.remove(memberId);
      return ErrorCode.GROUP_MAX_SIZE_REACHED;
    }
    int metadataBytes = RequestBounds.bytes(request.protocols());
    int others = group.metadataBytes() - (known == null ? 0 : known.metadataBytes());
    // Half: the other half is for the assignments.
    if (others + (long) metadataBytes > config.maxRecordBytes() / 2) {
      group.pendingJoin.remove(memberId);
      return ErrorCode.GROUP_MAX_SIZE_REACHED;
    }
    if (!group.supports(request.protocolType(), request.protocols())) {
      return ErrorCode.INCONSISTENT_GROUP_PROTOCOL;
    }
    return ErrorCode.NONE;
  }

  private void joinWithoutId(
      CoordinatorTurn<GroupRecord> turn,
      ClassicGroup group,
      GroupClient client,
      JoinGroupRequest request,
      Answer<JoinGroupResponse> answer) {
    String instanceId = request.groupInstanceId();
    String memberId =
        (instanceId != null ? instanceId : client.clientId()) + "-" + Uuid.random(random);
    if (instanceId != null) {
      String oldId = group.staticMembers.get(instanceId);
      if (oldId == null) {
        addMember(turn, group, client, request, memberId, answer);
      } else {
        replaceStatic(turn, group, client, request, oldId, memberId, answer);
      }
    } else if (client.version() >= FIRST_WITH_REQUIRED_MEMBER_ID) {
      // So that a client which never hears of its id does not leave a ghost in the group.
      group.pendingJoin.add(memberId);
      turn.timers()
          .set(
              new GroupTimer.Session(group.id(), memberId),
              turn.nowMillis()
                  + Math.min(request.sessionTimeoutMs(), config.newMemberJoinTimeoutMs()));
      boundPending(turn, group);
      turn.answer(answer, ClassicAnswers.joinError(memberId, ErrorCode.MEMBER_ID_REQUIRED));
    } else {
      addMember(turn, group, client, request, memberId, answer);
    }
  }

  /** The oldest go: a client comes back with its id at once, or never. */
  private void boundPending(CoordinatorTurn<GroupRecord> turn, ClassicGroup group) {
    long limit = Math.min(MAX_PENDING, 2L * config.maxSize());
    while (group.pendingJoin.size() > limit) {
      String oldest = group.pendingJoin.iterator().next();
      group.pendingJoin.remove(oldest);
      turn.timers().cancel(new GroupTimer.Session(group.id(), oldest));
    }
  }

  private void joinWithId(
      CoordinatorTurn<GroupRecord> turn,
      ClassicGroup group,
      GroupClient client,
      JoinGroupRequest request,
      Answer<JoinGroupResponse> answer) {
    String memberId = request.memberId();
    if (request.groupInstanceId() == null && group.pendingJoin.contains(memberId)) {
      addMember(turn, group, client, request, memberId, answer);
      return;
    }
    ErrorCode error = group.checkMember(memberId, request.groupInstanceId());
    ClassicMember member = group.members.get(memberId);
    if (member != null && presence.latest().isOvertaken(client, group.id(), memberId)) {
      error = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS; // it has joined by a later connection
    }
    if (error != ErrorCode.NONE || member == null) {
      turn.answer(answer, ClassicAnswers.joinError(memberId, error));
      return;
    }
    noteJoin(turn, group, client, member);
    boolean unchanged = member.protocols.equals(request.protocols());
    switch (group.state()) {
      case PREPARING_REBALANCE -> rejoin(turn, group, member, request, answer, "rejoined");
      case COMPLETING_REBALANCE -> {
        // The answer to its join was lost: it gets it again, with all that a leader needs.
        if (unchanged) {
          turn.answer(answer, ClassicAnswers.joined(group, member, false));
        } else {
          rejoin(turn, group, member, request, answer, "changed its metadata");
        }
      }
      case STABLE -> {
        if (group.isLeader(memberId)) {
          rejoin(turn, group, member, request, answer, "leader asks for a rebalance");
        } else if (!unchanged) {
          rejoin(turn, group, member, request, answer, "changed its metadata");
        } else {
          turn.answer(answer, ClassicAnswers.joined(group, member, false));
        }
      }
      case EMPTY, DEAD ->
          turn.answer(answer, ClassicAnswers.joinError(memberId, ErrorCode.UNKNOWN_MEMBER_ID));
    }
  }

  private void addMember(
      CoordinatorTurn<GroupRecord> turn,
      ClassicGroup group,
      GroupClient client,
      JoinGroupRequest request,
      String memberId,
      Answer<JoinGroupResponse> answer) {
    ClassicMember member = newMember(client, request, memberId);
    VacantPlaces.Place place = group.vacant.take(group, member, client.version(), turn.image());
    if (place != null) {
      takePlace(turn, group, member, place, answer);
      noteJoin(turn, group, client, member);
      return;
    }
    if (group.members.isEmpty()) {
      group.protocolType = request.protocolType();
    }
    member.isNew = true;
    member.awaitingJoin = answer;
    group.add(member);
    if (group.isInitialJoin()) {
      group.newMemberAdded = true;
    }
    noteJoin(turn, group, client, member);
    rebalance.startSession(turn, group, member);
    rebalance.start(turn, group, "member " + memberId + " joined");
  }

  private void noteJoin(
      CoordinatorTurn<GroupRecord> turn,
      ClassicGroup group,
      GroupClient client,
      ClassicMember member) {
    presence.heard(turn, client, group.speaker(member));
    presence.latest().note(client, group.id(), member.memberId);
  }

  /**
   * A newcomer gets the part of one that is gone, in the same generation: nobody else has to stop.
   */
  private void takePlace(
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

  private static ClassicMember newMember(
      GroupClient client, JoinGroupRequest request, String memberId) {
    return new ClassicMember(
        memberId,
        request.groupInstanceId(),
        client.clientId(),
        client.host(),
        rebalanceTimeout(request),
        request.sessionTimeoutMs(),
        request.protocols());
  }

  private void rejoin(
      CoordinatorTurn<GroupRecord> turn,
      ClassicGroup group,
      ClassicMember member,
      JoinGroupRequest request,
      Answer<JoinGroupResponse> answer,
      String reason) {
    update(member, request);
    if (member.awaitingJoin != null) {
      turn.answer(
          member.awaitingJoin,
          ClassicAnswers.joinError(member.memberId, ErrorCode.REBALANCE_IN_PROGRESS));
    }
    member.awaitingJoin = answer;
    rebalance.startSession(turn, group, member);
    rebalance.start(turn, group, "member " + member.memberId + " " + reason);
  }

  private static void update(ClassicMember member, JoinGroupRequest request) {
    member.protocols = request.protocols();
    member.rebalanceTimeoutMs = rebalanceTimeout(request);
    member.sessionTimeoutMs = request.sessionTimeoutMs();
  }

  private static int rebalanceTimeout(JoinGroupRequest request) {
    return request.rebalanceTimeoutMs() < 0
        ? request.sessionTimeoutMs()
        : request.rebalanceTimeoutMs();
  }

  /** A static member has restarted: the new one takes the old one's place, under a new id. */
  private void replaceStatic(
      CoordinatorTurn<GroupRecord> turn,
      ClassicGroup group,
      GroupClient client,
      JoinGroupRequest request,
      String oldId,
      String newId,
      Answer<JoinGroupResponse> answer) {
    ClassicMember old = group.members.get(oldId);
    if (old == null) {
      throw new IllegalStateException("static member " + oldId + " is not in " + group.id());
    }
    ByteBuffer oldMetadata = old.metadata(group.protocolName);
    boolean wasLeader = group.isLeader(oldId);
    rebalance.drop(turn, group, old, ErrorCode.FENCED_INSTANCE_ID);
    ClassicMember member = newMember(client, request, newId);
    member.assignment = old.assignment;
    group.add(member);
    if (wasLeader) {
      group.leaderId = newId;
    }
    noteJoin(turn, group, client, member);
    rebalance.startSession(turn, group, member);
    boolean sameProtocol =
        group.isIn(ClassicGroupState.STABLE)
            && group.selectProtocol().equals(group.protocolName)
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
        turn, group, "static member " + request.groupInstanceId() + " restarted as " + newId);
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
    for (ClassicMember member : group.members.values()) {
      member.assignment = parts.getOrDefault(member.memberId, ClassicMember.NO_BYTES);
    }
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
