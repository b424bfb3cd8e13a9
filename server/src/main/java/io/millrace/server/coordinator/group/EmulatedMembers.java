package io.millrace.server.coordinator.group;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.HeartbeatRequest;
import io.millrace.protocol.message.JoinGroupRequest;
import io.millrace.protocol.message.JoinGroupRequest.JoinGroupRequestProtocol;
import io.millrace.protocol.message.JoinGroupResponse;
import io.millrace.protocol.message.LeaveGroupRequest.MemberIdentity;
import io.millrace.protocol.message.SyncGroupRequest;
import io.millrace.protocol.message.SyncGroupResponse;
import io.millrace.server.coordinator.CoordinatorTurn;
import io.millrace.server.coordinator.group.ConsumerProtocol.Subscription;
import io.millrace.server.coordinator.group.GroupRecord.ClassicSide;
import io.millrace.server.coordinator.group.GroupRecord.CurrentValue;
import io.millrace.server.coordinator.group.GroupRecord.MemberValue;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Members of a consumer group that still speak the classic protocol (KIP-848, on-line migration).
 * Stateless but for the source of member ids.
 *
 * <p>Their generation is their member epoch. JoinGroup is a heartbeat that says what the member
 * owns, and takes it one step; it waits for nobody and makes nobody leader. SyncGroup tells what
 * the step gave it. Heartbeat says when there is a next step to take: to give something up, to
 * follow the group to a new epoch, or to take what others have let go.
 */
final class EmulatedMembers {
  private static final short FIRST_WITH_REQUIRED_MEMBER_ID = 4;

  private final GroupConfig config;
  private final ConsumerGroups groups;
  private final Presence presence;
  private final SplittableRandom random;

  EmulatedMembers(
      GroupConfig config, ConsumerGroups groups, Presence presence, SplittableRandom random) {
    this.config = config;
    this.groups = groups;
    this.presence = presence;
    this.random = random;
  }

  // ---- join

  JoinGroupResponse join(
      CoordinatorTurn<GroupRecord> turn,
      ConsumerGroup group,
      GroupClient client,
      JoinGroupRequest request) {
    String memberId = request.memberId();
    String instanceId = request.groupInstanceId();
    String holder = instanceId == null ? null : group.staticMember(instanceId);
    ErrorCode error = refuse(group, request, holder);
    if (error != ErrorCode.NONE) {
      return ClassicAnswers.joinError(memberId, error);
    }
    if (presence.latest().isOvertaken(client, group.id(), memberId)) {
      return ClassicAnswers.joinError(memberId, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
    }
    JoinGroupRequestProtocol protocol = request.protocols().get(0);
    Subscription wishes = ConsumerProtocol.subscription(protocol.metadata());
    if (wishes == null) {
      return ClassicAnswers.joinError(memberId, ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    }
    PartitionSet owned = ConsumerProtocol.partitions(wishes.owned(), turn.image());
    // Who was put out and does not know it would have its old partitions under a new generation:
    // it must let go of them first.
    if (!group.current(holder == null ? memberId : holder).held().containsAll(owned)) {
      return ClassicAnswers.joinError(memberId, ErrorCode.UNKNOWN_MEMBER_ID);
    }
    if (memberId.isEmpty()) {
      memberId = (instanceId != null ? instanceId : client.clientId()) + "-" + Uuid.random(random);
      if (instanceId == null && client.version() >= FIRST_WITH_REQUIRED_MEMBER_ID) {
        return ClassicAnswers.joinError(memberId, ErrorCode.MEMBER_ID_REQUIRED);
      }
    }
    if (holder != null && !holder.equals(memberId)) {
      groups.takeOver(turn, group, holder, memberId);
    }
    CurrentValue before = group.current(memberId);
    int rebalanceTimeout =
        request.rebalanceTimeoutMs() < 0
            ? request.sessionTimeoutMs()
            : request.rebalanceTimeoutMs();
    boolean changed =
        Subscriptions.store(
            turn,
            group,
            memberId,
            new MemberValue(
                instanceId,
                wishes.rackId(),
                client.clientId(),
                client.host(),
                wishes.topics(),
                null,
                rebalanceTimeout,
                null,
                new ClassicSide(request.sessionTimeoutMs(), request.protocols())));
    CurrentValue after = groups.advance(turn, group, memberId, before, changed, owned);
    groups.startSession(turn, group, memberId);
    presence.joined(turn, client, groups.speaker(group, memberId));
    turn.timers().cancel(new GroupTimer.MemberJoin(group.id(), memberId));
    turn.timers()
        .set(new GroupTimer.MemberSync(group.id(), memberId), turn.nowMillis() + rebalanceTimeout);
    return JoinGroupResponse.builder()
        .memberId(memberId)
        .generationId(after.epoch())
        .protocolType(ConsumerProtocol.TYPE)
        .protocolName(protocol.name())
        .build();
  }

  private ErrorCode refuse(ConsumerGroup group, JoinGroupRequest request, @Nullable String holder) {
    boolean known = group.members().containsKey(request.memberId()) || holder != null;
    if (!known && group.members().size() >= config.consumerMaxSize()) {
      return ErrorCode.GROUP_MAX_SIZE_REACHED;
    }
    // A member is a record of its own, hence the limit is of the member, not of the group.
    if (RequestBounds.bytes(request.protocols()) > config.maxRecordBytes() / 2) {
      return ErrorCode.GROUP_MAX_SIZE_REACHED;
    }
    if (!ConsumerProtocol.TYPE.equals(request.protocolType())
        || request.protocols().isEmpty()
        || !group.speaksAny(request.protocols())) {
      return ErrorCode.INCONSISTENT_GROUP_PROTOCOL;
    }
    if (request.groupInstanceId() != null && !request.memberId().isEmpty()) {
      if (holder == null) {
        return ErrorCode.UNKNOWN_MEMBER_ID;
      }
      if (!holder.equals(request.memberId())) {
        return ErrorCode.FENCED_INSTANCE_ID;
      }
    }
    return ErrorCode.NONE;
  }

  // ---- sync

  SyncGroupResponse sync(
      CoordinatorTurn<GroupRecord> turn,
      ConsumerGroup group,
      GroupClient client,
      SyncGroupRequest request) {
    String memberId = request.memberId();
    ErrorCode error = check(group, memberId, request.groupInstanceId(), request.generationId());
    MemberValue member = group.members().get(memberId);
    ClassicSide classic = member == null ? null : member.classic();
    if (error != ErrorCode.NONE || member == null || classic == null) {
      return ClassicAnswers.syncError(error);
    }
    presence.heard(turn, client, groups.speaker(group, memberId));
    JoinGroupRequestProtocol protocol = classic.chosen();
    if (differs(request.protocolType(), ConsumerProtocol.TYPE)
        || differs(request.protocolName(), protocol.name())) {
      return ClassicAnswers.syncError(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    }
    CurrentValue current = group.current(memberId);
    // A member that has to give something up must learn of it before it can follow.
    if (group.epoch() > current.epoch() && current.state() != MemberState.UNREVOKED) {
      tellToJoin(turn, group, memberId, member);
      return ClassicAnswers.syncError(ErrorCode.REBALANCE_IN_PROGRESS);
    }
    turn.timers().cancel(new GroupTimer.MemberSync(group.id(), memberId));
    groups.startSession(turn, group, memberId);
    Subscription wishes = ConsumerProtocol.subscription(protocol.metadata());
    short version = wishes == null ? 0 : wishes.version();
    return SyncGroupResponse.builder()
        .protocolType(ConsumerProtocol.TYPE)
        .protocolName(protocol.name())
        .assignment(ConsumerProtocol.assignment(version, current.assigned(), turn.image()))
        .build();
  }

  private static boolean differs(@Nullable String said, String is) {
    return said != null && !said.equals(is);
  }

  // ---- heartbeat

  ErrorCode heartbeat(
      CoordinatorTurn<GroupRecord> turn,
      ConsumerGroup group,
      GroupClient client,
      HeartbeatRequest request) {
    String memberId = request.memberId();
    ErrorCode error = check(group, memberId, request.groupInstanceId(), request.generationId());
    MemberValue member = group.members().get(memberId);
    if (error != ErrorCode.NONE || member == null) {
      return error;
    }
    groups.startSession(turn, group, memberId);
    presence.heartbeat(turn, client, groups.speaker(group, memberId));
    CurrentValue current = group.current(memberId);
    boolean mustJoin =
        current.epoch() < group.epoch()
            || current.state() == MemberState.UNREVOKED
            || (current.state() == MemberState.UNRELEASED && !group.waitsForOthers(memberId));
    if (mustJoin) {
      tellToJoin(turn, group, memberId, member);
      return ErrorCode.REBALANCE_IN_PROGRESS;
    }
    return ErrorCode.NONE;
  }

  /** From the first time that it is told, a member has its rebalance timeout to join. */
  private static void tellToJoin(
      CoordinatorTurn<GroupRecord> turn, ConsumerGroup group, String memberId, MemberValue member) {
    GroupTimer.MemberJoin timer = new GroupTimer.MemberJoin(group.id(), memberId);
    if (!turn.timers().isSet(timer)) {
      turn.timers().set(timer, turn.nowMillis() + member.rebalanceTimeoutMs());
    }
    turn.timers().cancel(new GroupTimer.MemberSync(group.id(), memberId));
  }

  // ---- leave

  /** By the classic request, which administrators use for members of either protocol. */
  ErrorCode leave(CoordinatorTurn<GroupRecord> turn, ConsumerGroup group, MemberIdentity identity) {
    String instance = identity.groupInstanceId();
    String memberId = instance == null ? identity.memberId() : group.staticMember(instance);
    if (instance != null
        && memberId != null
        && !identity.memberId().isEmpty()
        && !identity.memberId().equals(memberId)) {
      return ErrorCode.FENCED_INSTANCE_ID;
    }
    if (memberId == null || !group.members().containsKey(memberId)) {
      return ErrorCode.UNKNOWN_MEMBER_ID;
    }
    groups.remove(turn, group, memberId, "left or was removed: " + identity.reason());
    return ErrorCode.NONE;
  }

  /** Whether the ids are those of a classic member in its generation. */
  private static ErrorCode check(
      ConsumerGroup group, String memberId, @Nullable String instanceId, int generation) {
    if (instanceId != null) {
      String holder = group.staticMember(instanceId);
      if (holder == null) {
        return ErrorCode.UNKNOWN_MEMBER_ID;
      }
      if (!holder.equals(memberId)) {
        return ErrorCode.FENCED_INSTANCE_ID;
      }
    }
    if (!group.isClassic(memberId)) {
      return ErrorCode.UNKNOWN_MEMBER_ID;
    }
    return group.current(memberId).epoch() == generation
        ? ErrorCode.NONE
        : ErrorCode.ILLEGAL_GENERATION;
  }
}
