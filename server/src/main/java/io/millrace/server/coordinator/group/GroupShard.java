package io.millrace.server.coordinator.group;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.message.ConsumerGroupHeartbeatResponse;
import io.millrace.protocol.message.HeartbeatRequest;
import io.millrace.protocol.message.HeartbeatResponse;
import io.millrace.protocol.message.JoinGroupRequest;
import io.millrace.protocol.message.JoinGroupResponse;
import io.millrace.protocol.message.LeaveGroupRequest;
import io.millrace.protocol.message.LeaveGroupRequest.MemberIdentity;
import io.millrace.protocol.message.LeaveGroupResponse;
import io.millrace.protocol.message.LeaveGroupResponse.MemberResponse;
import io.millrace.protocol.message.OffsetCommitRequest;
import io.millrace.protocol.message.OffsetCommitResponse;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestGroup;
import io.millrace.protocol.message.OffsetFetchResponse.OffsetFetchResponseGroup;
import io.millrace.protocol.message.SyncGroupRequest;
import io.millrace.protocol.message.SyncGroupResponse;
import io.millrace.server.coordinator.Answer;
import io.millrace.server.coordinator.CoordinatorShard;
import io.millrace.server.coordinator.CoordinatorTurn;
import io.millrace.server.coordinator.group.GroupRecord.ClassicGroupRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * The groups of one partition of {@code __consumer_offsets}: finds the group that a request speaks
 * of and hands it to the rules of its protocol. {@link GroupAdministration} has the requests of
 * administrators.
 *
 * <p>A classic group's state lives ahead of its records, which are written when a generation is
 * formed and when it is stable; so they count while the log is read, and later say only what is
 * known already. Everything else changes by records alone.
 */
@ConfinedTo("the shard's loop")
public final class GroupShard implements CoordinatorShard<GroupRecord> {
  private static final int FIRST_LEAVE_OF_MANY = 3;

  private final GroupConfig config;
  private final GroupTable groups;
  private final CommittedOffsets offsets;
  private final MemberOffsets memberOffsets;
  private final Presence presence;
  private final ClassicRebalance rebalance;
  private final ClassicJoin join;
  private final ClassicGroups classic;
  private final HeldHeartbeats held;
  private final ConsumerGroups consumer;
  private final EmulatedMembers emulated;
  private final GroupMigration migration;
  private final DueTimers due;
  private final GroupAdministration administration;
  private final SplittableRandom random;

  public GroupShard(GroupConfig config, long seed) {
    this(config, seed, new LongAdder());
  }

  /**
   * @param seed for member ids; another one for each shard
   * @param lost counts members that are put out because their connections broke
   */
  public GroupShard(GroupConfig config, long seed, LongAdder lost) {
    this.config = config;
    this.random = new SplittableRandom(seed);
    this.offsets =
        new CommittedOffsets(config.offsetMetadataMaxBytes(), config.startAddedPartitions());
    this.groups = new GroupTable(offsets);
    this.presence = new Presence(config.removeLostMembers(), lost);
    this.rebalance = new ClassicRebalance(config, presence);
    this.classic = new ClassicGroups(config, rebalance, presence);
    this.join = new ClassicJoin(config, rebalance, presence, random.split());
    this.memberOffsets = new MemberOffsets(groups, offsets, rebalance, presence);
    this.held = new HeldHeartbeats(config, rebalance, presence);
    this.consumer = new ConsumerGroups(config, presence);
    this.emulated = new EmulatedMembers(config, consumer, presence, random.split());
    this.due = new DueTimers(classic, rebalance, held, consumer, presence);
    this.migration = new GroupMigration(config, rebalance);
    this.administration = new GroupAdministration(config, groups.byId(), offsets, consumer);
  }

  public GroupAdministration administration() {
    return administration;
  }

  // ---- state

  /** For tests: the group as it is now, committed or not. */
  @Nullable Group group(String id) {
    return groups.get(id);
  }

  /** For tests. */
  Presence presence() {
    return presence;
  }

  @Override
  public void replay(GroupRecord record) {
    groups.replay(record);
  }

  @Override
  public void onLoaded(CoordinatorTurn<GroupRecord> turn) {
    groups.onLoaded();
    offsets.added().onLoaded(turn);
    for (Group group : groups.byId().values()) {
      if (group instanceof ClassicGroup known) {
        known.members.values().forEach(member -> rebalance.startSession(turn, known, member));
        if (known.mustRebalance) {
          rebalance.start(turn, known, "it had no assignment yet when the coordinator moved");
        }
      } else if (group instanceof ConsumerGroup known) {
        consumer.onLoaded(turn, known);
      }
    }
  }

  /** The cluster has more partitions of these topics. */
  public void onPartitionsAdded(CoordinatorTurn<GroupRecord> turn, Set<Uuid> topics) {
    offsets.added().onPartitionsAdded(turn, topics);
  }

  @Override
  public void onTimer(Object key, CoordinatorTurn<GroupRecord> turn) {
    GroupTimer timer = (GroupTimer) key;
    Group group = groups.get(timer.group());
    if (group instanceof ClassicGroup known) {
      due.onTimer(turn, known, timer);
      groups.removeIfBlank(known);
    } else if (group instanceof ConsumerGroup known) {
      due.onTimer(turn, known, timer);
      downgradeIfDue(turn, known);
    }
  }

  /** Nothing more will come by a connection, because its peer is gone. */
  public void onConnectionGone(CoordinatorTurn<GroupRecord> turn, long connection) {
    presence.onConnectionGone(turn, connection);
  }

  @Override
  public void onTurnedAway() {
    presence.onTurnedAway();
  }

  /** To be asked after a member of a consumer group has gone, or changed its protocol. */
  private void downgradeIfDue(CoordinatorTurn<GroupRecord> turn, ConsumerGroup group) {
    if (migration.mayDowngrade(group)) {
      ClassicGroup classic = migration.downgrade(turn, group);
      groups.put(classic);
      migration.afterDowngrade(turn, classic);
    }
  }

  // ---- the classic protocol

  public void joinGroup(
      CoordinatorTurn<GroupRecord> turn,
      GroupClient client,
      JoinGroupRequest request,
      Answer<JoinGroupResponse> answer) {
    ErrorCode error = ErrorCode.NONE;
    Group group = groups.get(request.groupId());
    if (request.groupId().isEmpty()) {
      error = ErrorCode.INVALID_GROUP_ID;
    } else if (RequestBounds.problem(request) != null) {
      error = ErrorCode.INVALID_REQUEST;
    } else if (request.sessionTimeoutMs() < config.minSessionTimeoutMs()
        || request.sessionTimeoutMs() > config.maxSessionTimeoutMs()) {
      error = ErrorCode.INVALID_SESSION_TIMEOUT;
    } else if (group == null && !request.memberId().isEmpty()) {
      error = ErrorCode.UNKNOWN_MEMBER_ID;
    }
    if (error != ErrorCode.NONE) {
      turn.answer(answer, ClassicAnswers.joinError(request.memberId(), error));
      return;
    }
    if (group instanceof ConsumerGroup mixed && !mixed.isEmpty()) {
      turn.answer(answer, emulated.join(turn, mixed, client, request));
      downgradeIfDue(turn, mixed);
      return;
    }
    if (group instanceof ConsumerGroup empty) { // nobody is there who could mind
      ConsumerGroups.delete(turn, empty);
      group = null;
    }
    ClassicGroup known =
        group instanceof ClassicGroup present ? present : new ClassicGroup(request.groupId());
    groups.put(known);
    join.join(turn, known, client, request, answer);
    groups.removeIfBlank(known);
  }

  public void syncGroup(
      CoordinatorTurn<GroupRecord> turn,
      GroupClient client,
      SyncGroupRequest request,
      Answer<SyncGroupResponse> answer) {
    if (request.groupId().isEmpty()) {
      turn.answer(answer, ClassicAnswers.syncError(ErrorCode.INVALID_GROUP_ID));
    } else if (groups.get(request.groupId()) instanceof ClassicGroup group) {
      classic.sync(turn, group, client, request, answer);
    } else if (groups.get(request.groupId()) instanceof ConsumerGroup group) {
      turn.answer(answer, emulated.sync(turn, group, client, request));
    } else {
      turn.answer(answer, ClassicAnswers.syncError(ErrorCode.UNKNOWN_MEMBER_ID));
    }
  }

  public void heartbeat(
      CoordinatorTurn<GroupRecord> turn,
      GroupClient client,
      HeartbeatRequest request,
      Answer<HeartbeatResponse> answer) {
    Group group = groups.get(request.groupId());
    @Nullable ErrorCode error = ErrorCode.UNKNOWN_MEMBER_ID;
    if (request.groupId().isEmpty()) {
      error = ErrorCode.INVALID_GROUP_ID;
    } else if (group instanceof ClassicGroup known) {
      error = classic.heartbeat(turn, known, client, request);
      if (error == ErrorCode.NONE) {
        error = held.hold(turn, known, client, request.memberId(), answer);
      }
    } else if (group instanceof ConsumerGroup known) {
      error = emulated.heartbeat(turn, known, client, request);
    }
    if (error != null) {
      ClassicAnswers.answerHeartbeat(turn, answer, error);
    }
  }

  /** An answer to a heartbeat that is kept back must go: others wait behind it. */
  public void letHeartbeatGo(
      CoordinatorTurn<GroupRecord> turn, HeartbeatRequest request, HeartbeatRelease why) {
    if (groups.get(request.groupId()) instanceof ClassicGroup group) {
      held.letGo(turn, group, request.memberId(), why);
    }
  }

  public LeaveGroupResponse leaveGroup(
      CoordinatorTurn<GroupRecord> turn, short version, LeaveGroupRequest request) {
    if (request.groupId().isEmpty()) {
      return LeaveGroupResponse.builder().errorCode(ErrorCode.INVALID_GROUP_ID.code()).build();
    }
    List<MemberIdentity> leaving =
        version >= FIRST_LEAVE_OF_MANY
            ? request.members()
            : List.of(new MemberIdentity(request.memberId(), null, null));
    List<MemberResponse> left = new ArrayList<>(leaving.size());
    for (MemberIdentity member : leaving) {
      left.add(
          new MemberResponse(
              member.memberId(), member.groupInstanceId(), leave(turn, request, member).code()));
    }
    return version >= FIRST_LEAVE_OF_MANY
        ? LeaveGroupResponse.builder().members(left).build()
        : LeaveGroupResponse.builder().errorCode(left.get(0).errorCode()).build();
  }

  private ErrorCode leave(
      CoordinatorTurn<GroupRecord> turn, LeaveGroupRequest request, MemberIdentity member) {
    Group group = groups.get(request.groupId());
    if (group instanceof ClassicGroup known) {
      ErrorCode error = classic.leave(turn, known, member);
      groups.removeIfBlank(known);
      return error;
    }
    if (group instanceof ConsumerGroup known) {
      ErrorCode error = emulated.leave(turn, known, member);
      downgradeIfDue(turn, known);
      return error;
    }
    return ErrorCode.UNKNOWN_MEMBER_ID;
  }

  @Override
  public String summary() {
    return "groups=" + groups.byId().size() + " offsets=" + offsets.count();
  }

  // ---- consumer groups

  public ConsumerGroupHeartbeatResponse consumerGroupHeartbeat(
      CoordinatorTurn<GroupRecord> turn, GroupClient client, ConsumerGroupHeartbeatRequest raw) {
    ConsumerGroupHeartbeatResponse refusal = consumer.refuse(raw);
    if (refusal != null) {
      return refusal;
    }
    ConsumerGroupHeartbeatRequest request =
        raw.memberId().isEmpty() // version 0 lets the coordinator choose
            ? raw.toBuilder().memberId(Uuid.random(random).toString()).build()
            : raw;
    Group group = groups.get(request.groupId());
    if (group instanceof ConsumerGroup known) {
      ConsumerGroupHeartbeatResponse response = consumer.heartbeat(turn, known, client, request);
      downgradeIfDue(turn, known);
      return response;
    }
    if (request.memberEpoch() != 0) {
      return ConsumerAnswers.failed(
          ErrorCode.GROUP_ID_NOT_FOUND,
          group == null
              ? "Group " + request.groupId() + " not found."
              : "Group " + request.groupId() + " is not a consumer group.");
    }
    if (group instanceof ClassicGroup classicGroup && !group.isEmpty()) {
      return heartbeatAfterUpgrade(turn, classicGroup, client, request);
    }
    if (group instanceof ClassicGroup empty && empty.protocolType != null) {
      turn.append(new ClassicGroupRecord(empty.id(), null));
    }
    ConsumerGroup fresh = new ConsumerGroup(request.groupId());
    groups.put(fresh);
    ConsumerGroupHeartbeatResponse response = consumer.heartbeat(turn, fresh, client, request);
    if (fresh.epoch() == 0) { // the first member was refused
      groups.remove(fresh.id());
    }
    return response;
  }

  /** The first member of the consumer protocol comes to a group of classic ones. */
  private ConsumerGroupHeartbeatResponse heartbeatAfterUpgrade(
      CoordinatorTurn<GroupRecord> turn,
      ClassicGroup group,
      GroupClient client,
      ConsumerGroupHeartbeatRequest request) {
    String problem = migration.upgradeProblem(group);
    if (problem != null) {
      return ConsumerAnswers.failed(
          ErrorCode.GROUP_ID_NOT_FOUND,
          "Group " + group.id() + " is a classic group with members and stays one: " + problem);
    }
    migration.upgrade(turn, group);
    ConsumerGroup upgraded = groups.consumerGroup(group.id());
    ConsumerGroupHeartbeatResponse response = consumer.heartbeat(turn, upgraded, client, request);
    downgradeIfDue(turn, upgraded); // when the member was refused
    return response;
  }

  // ---- offsets

  public OffsetCommitResponse commitOffsets(
      CoordinatorTurn<GroupRecord> turn, GroupClient client, OffsetCommitRequest request) {
    return memberOffsets.commit(turn, client, request);
  }

  public OffsetFetchResponseGroup fetchOffsets(
      CoordinatorTurn<GroupRecord> turn, OffsetFetchRequestGroup request, short version) {
    return memberOffsets.fetch(turn, request, version);
  }

  /** The topics are deleted for good, as the controller says. */
  public void onTopicsDeleted(CoordinatorTurn<GroupRecord> turn, Set<Uuid> topics) {
    offsets.onTopicsDeleted(turn, topics);
  }
}
