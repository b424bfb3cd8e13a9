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
import io.millrace.server.coordinator.group.GroupRecord.ClassicGroupValue;
import io.millrace.server.coordinator.group.GroupRecord.CurrentRecord;
import io.millrace.server.coordinator.group.GroupRecord.EpochRecord;
import io.millrace.server.coordinator.group.GroupRecord.MemberRecord;
import io.millrace.server.coordinator.group.GroupRecord.OffsetRecord;
import io.millrace.server.coordinator.group.GroupRecord.RegexRecord;
import io.millrace.server.coordinator.group.GroupRecord.SeenRecord;
import io.millrace.server.coordinator.group.GroupRecord.TargetEpochRecord;
import io.millrace.server.coordinator.group.GroupRecord.TargetRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.SplittableRandom;
import java.util.TreeMap;
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
  private final SortedMap<String, Group> groups = new TreeMap<>();
  private final CommittedOffsets offsets;
  private final Presence presence;
  private final ClassicRebalance rebalance;
  private final ClassicGroups classic;
  private final HeldHeartbeats held;
  private final ConsumerGroups consumer;
  private final EmulatedMembers emulated;
  private final GroupMigration migration;
  private final DueTimers due;
  private final GroupAdministration administration;
  private final SplittableRandom random;
  private boolean loading = true;

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
    this.presence = new Presence(config.removeLostMembers(), lost);
    this.rebalance = new ClassicRebalance(config, presence);
    this.classic = new ClassicGroups(config, rebalance, presence, random.split());
    this.held = new HeldHeartbeats(config, rebalance);
    this.consumer = new ConsumerGroups(config, presence);
    this.emulated = new EmulatedMembers(config, consumer, presence, random.split());
    this.due = new DueTimers(classic, rebalance, held, consumer, presence);
    this.migration = new GroupMigration(config, rebalance);
    this.administration = new GroupAdministration(config, groups, offsets, consumer);
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
    if (record instanceof OffsetRecord offset) {
      offsets.replay(offset);
      if (loading && offset.value() != null) {
        groups.computeIfAbsent(offset.group(), ClassicGroup::new);
      }
    } else if (record instanceof SeenRecord seen) {
      offsets.added().replay(seen);
    } else if (record instanceof ClassicGroupRecord group) {
      replayClassic(group);
    } else if (record instanceof EpochRecord epoch) {
      if (epoch.value() != null) {
        consumerGroup(epoch.group()).replayEpoch(epoch.value());
      } else if (groups.get(epoch.group()) instanceof ConsumerGroup) {
        groups.remove(epoch.group());
      }
    } else if (record instanceof MemberRecord member) {
      if (isOf(member, member.value())) {
        consumerGroup(member.group()).replayMember(member.memberId(), member.value());
      }
    } else if (record instanceof TargetEpochRecord target) {
      if (target.assignmentEpoch() != null) {
        consumerGroup(target.group()).replayAssignmentEpoch(target.assignmentEpoch());
      }
    } else if (record instanceof TargetRecord target) {
      if (isOf(target, target.value())) {
        consumerGroup(target.group()).replayTarget(target.memberId(), target.value());
      }
    } else if (record instanceof CurrentRecord current) {
      if (isOf(current, current.value())) {
        consumerGroup(current.group()).replayCurrent(current.memberId(), current.value());
      }
    } else if (record instanceof RegexRecord regex && isOf(regex, regex.value())) {
      consumerGroup(regex.group()).replayRegex(regex.regex(), regex.value());
    }
  }

  /** A deletion makes no group. */
  private boolean isOf(GroupRecord record, @Nullable Object value) {
    return value != null || groups.get(record.group()) instanceof ConsumerGroup;
  }

  private void replayClassic(ClassicGroupRecord record) {
    ClassicGroupValue value = record.value();
    if (value == null) {
      if (groups.get(record.group()) instanceof ClassicGroup) {
        groups.remove(record.group());
      }
    } else if (loading) {
      groups.put(record.group(), ClassicGroup.restore(record.group(), value));
    }
  }

  private ConsumerGroup consumerGroup(String id) {
    if (groups.get(id) instanceof ConsumerGroup group) {
      return group;
    }
    // While the log is read, offsets of a group may come before the group.
    ConsumerGroup fresh = new ConsumerGroup(id);
    groups.put(id, fresh);
    return fresh;
  }

  @Override
  public void onLoaded(CoordinatorTurn<GroupRecord> turn) {
    loading = false;
    // Offsets outlive the group when it changes its protocol and nobody completes a generation.
    offsets.groups().forEach(id -> groups.computeIfAbsent(id, ClassicGroup::new));
    // A group whose deletion was the last thing heard of it.
    groups
        .values()
        .removeIf(group -> group.isEmpty() && isBlank(group) && !offsets.has(group.id()));
    offsets.added().onLoaded(turn);
    for (Group group : groups.values()) {
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

  private static boolean isBlank(Group group) {
    return group instanceof ClassicGroup classic
        ? classic.protocolType == null && classic.pendingJoin.isEmpty()
        : group instanceof ConsumerGroup consumer && consumer.epoch() == 0;
  }

  @Override
  public void onTimer(Object key, CoordinatorTurn<GroupRecord> turn) {
    GroupTimer timer = (GroupTimer) key;
    Group group = groups.get(timer.group());
    if (group instanceof ClassicGroup known) {
      due.onTimer(turn, known, timer);
      removeIfBlank(known);
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
      groups.put(classic.id(), classic);
      migration.afterDowngrade(turn, classic);
    }
  }

  private void removeIfBlank(ClassicGroup group) {
    if (group.isEmpty() && isBlank(group) && !offsets.has(group.id())) {
      groups.remove(group.id());
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
    groups.put(known.id(), known);
    classic.join(turn, known, client, request, answer);
    removeIfBlank(known);
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
      removeIfBlank(known);
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
    return "groups=" + groups.size() + " offsets=" + offsets.count();
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
      return ConsumerGroups.failed(
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
    groups.put(fresh.id(), fresh);
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
      return ConsumerGroups.failed(
          ErrorCode.GROUP_ID_NOT_FOUND,
          "Group " + group.id() + " is a classic group with members and stays one: " + problem);
    }
    migration.upgrade(turn, group);
    ConsumerGroup upgraded = consumerGroup(group.id());
    ConsumerGroupHeartbeatResponse response = consumer.heartbeat(turn, upgraded, client, request);
    downgradeIfDue(turn, upgraded); // when the member was refused
    return response;
  }

  // ---- offsets

  public OffsetCommitResponse commitOffsets(
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
      groups.put(request.groupId(), new ClassicGroup(request.groupId()));
    } else if (group instanceof ClassicGroup known) {
      ClassicMember member = known.members.get(request.memberId());
      if (member != null) {
        rebalance.startSession(turn, known, member);
      }
    }
    OffsetCommitResponse response = offsets.commit(turn, version, request);
    if (groups.get(request.groupId()) instanceof ClassicGroup known) {
      removeIfBlank(known);
    }
    return response;
  }

  public OffsetFetchResponseGroup fetchOffsets(
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

  /** The topics are deleted for good, as the controller says. */
  public void onTopicsDeleted(CoordinatorTurn<GroupRecord> turn, Set<Uuid> topics) {
    offsets.onTopicsDeleted(turn, topics);
  }
}
