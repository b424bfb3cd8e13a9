package io.millrace.server.coordinator.group;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.JoinGroupRequest;
import io.millrace.protocol.message.JoinGroupResponse;
import io.millrace.server.coordinator.Answer;
import io.millrace.server.coordinator.CoordinatorTurn;
import io.millrace.server.coordinator.group.ConsumerProtocol.Subscription;
import java.util.SplittableRandom;

/**
 * JoinGroup: who may come into a {@link ClassicGroup}, and under which id. A join begins a
 * rebalance, but for {@link MemberReplacement}. Stateless but for member ids.
 */
final class ClassicJoin {
  private static final short FIRST_WITH_REQUIRED_MEMBER_ID = 4;

  /** Ids that one group has handed out and not seen again; or twice its members, if fewer. */
  private static final int MAX_PENDING = 10_000;

  private final GroupConfig config;
  private final ClassicRebalance rebalance;
  private final MemberReplacement replacement;
  private final Presence presence;
  private final SplittableRandom random;

  ClassicJoin(
      GroupConfig config, ClassicRebalance rebalance, Presence presence, SplittableRandom random) {
    this.config = config;
    this.rebalance = rebalance;
    this.replacement = new MemberReplacement(rebalance, presence);
    this.presence = presence;
    this.random = random;
  }

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
        replacement.replaceStatic(
            turn, group, client, request, oldId, newMember(client, request, memberId), answer);
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
    if (error == ErrorCode.NONE
        && member != null
        && claimsWhatIsAnothers(turn, group, member, request)) {
      rebalance.removeMember(
          turn, group, member, "member " + memberId + " claims what was given to another");
      error = ErrorCode.UNKNOWN_MEMBER_ID; // by which it lets go of all that it had
    }
    if (error != ErrorCode.NONE || member == null) {
      turn.answer(answer, ClassicAnswers.joinError(memberId, error));
      return;
    }
    presence.joined(turn, client, group.speaker(member));
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

  /**
   * Whether a cooperative member says that it owns what another was given. A generation has come
   * about without it: as a static member it was counted in by what it had said before, or by a join
   * that was late. In the next one both would own that until they have asked for their parts.
   */
  private static boolean claimsWhatIsAnothers(
      CoordinatorTurn<GroupRecord> turn,
      ClassicGroup group,
      ClassicMember member,
      JoinGroupRequest request) {
    Subscription wishes =
        ConsumerProtocol.TYPE.equals(group.protocolType)
            ? ConsumerProtocol.subscription(request.protocols().get(0).metadata())
            : null;
    return wishes != null
        && group.wasGivenToAnother(
            member, ConsumerProtocol.partitions(wishes.owned(), turn.image()), turn.image());
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
      replacement.takePlace(turn, group, member, place, answer);
      presence.joined(turn, client, group.speaker(member));
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
    presence.joined(turn, client, group.speaker(member));
    rebalance.startSession(turn, group, member);
    rebalance.start(turn, group, "member " + memberId + " joined");
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
}
