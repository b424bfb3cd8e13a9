package io.millrace.server.coordinator.group;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.JoinGroupRequest.JoinGroupRequestProtocol;
import io.millrace.protocol.message.JoinGroupResponse;
import io.millrace.server.coordinator.Answer;
import io.millrace.server.coordinator.CoordinatorTurn;
import io.millrace.server.coordinator.group.ConsumerProtocol.Subscription;
import io.millrace.server.coordinator.group.GroupRecord.ClassicGroupRecord;
import io.millrace.server.coordinator.group.GroupRecord.ClassicGroupValue;
import io.millrace.server.coordinator.group.GroupRecord.ClassicMemberValue;
import io.millrace.server.coordinator.group.GroupRecord.ClassicSide;
import io.millrace.server.coordinator.group.GroupRecord.CurrentRecord;
import io.millrace.server.coordinator.group.GroupRecord.CurrentValue;
import io.millrace.server.coordinator.group.GroupRecord.EpochRecord;
import io.millrace.server.coordinator.group.GroupRecord.EpochValue;
import io.millrace.server.coordinator.group.GroupRecord.MemberRecord;
import io.millrace.server.coordinator.group.GroupRecord.MemberValue;
import io.millrace.server.coordinator.group.GroupRecord.TargetEpochRecord;
import io.millrace.server.coordinator.group.GroupRecord.TargetRecord;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a group with members changes its protocol while they go on reading (KIP-848, on-line
 * migration). Stateless.
 *
 * <p>Up: each member keeps what it owns, and its generation becomes its epoch, so that its commits
 * and heartbeats stay good; {@link EmulatedMembers} speaks with it from then on. Down: each member
 * keeps what it owns, the epoch becomes the generation, and all are asked to join the next one.
 */
final class GroupMigration {
  private static final Logger LOG = LoggerFactory.getLogger(GroupMigration.class);

  private final GroupConfig config;
  private final ClassicRebalance rebalance;

  GroupMigration(GroupConfig config, ClassicRebalance rebalance) {
    this.config = config;
    this.rebalance = rebalance;
  }

  // ---- up

  /** Why a group with members cannot become a consumer group, or null when it can. */
  @Nullable String upgradeProblem(ClassicGroup group) {
    if (!config.migrationPolicy().upgrades()) {
      return "group.consumer.migration.policy=" + config.migrationPolicy().configName();
    }
    if (!ConsumerProtocol.TYPE.equals(group.protocolType)) {
      return "its protocol type is " + group.protocolType;
    }
    if (group.members.size() >= config.consumerMaxSize()) {
      return "it has "
          + group.members.size()
          + " members, group.consumer.max.size="
          + config.consumerMaxSize();
    }
    for (ClassicMember member : group.members.values()) {
      if (ConsumerProtocol.subscription(chosen(group, member).metadata()) == null) {
        return "member " + member.memberId + " has a subscription that is none";
      }
    }
    return null;
  }

  /** The protocol that the group chose, or what the member prefers while there is none. */
  private static JoinGroupRequestProtocol chosen(ClassicGroup group, ClassicMember member) {
    for (JoinGroupRequestProtocol protocol : member.protocols) {
      if (protocol.name().equals(group.protocolName)) {
        return protocol;
      }
    }
    return member.protocols.get(0);
  }

  /** Writes the group anew; the caller finds it under its id. */
  void upgrade(CoordinatorTurn<GroupRecord> turn, ClassicGroup group) {
    LOG.info(
        "group becomes a consumer group group={} generation={} state={} members={}",
        group.id(),
        group.generation,
        group.state(),
        group.members.size());
    String id = group.id();
    turn.timers().cancel(new GroupTimer.JoinPhase(id));
    turn.timers().cancel(new GroupTimer.SyncPhase(id));
    for (String pending : group.pendingJoin) {
      turn.timers().cancel(new GroupTimer.Session(id, pending));
    }
    turn.append(new ClassicGroupRecord(id, null));
    turn.append(new EpochRecord(id, new EpochValue(group.generation, 0)));
    turn.append(new TargetEpochRecord(id, group.generation));
    Map<String, PartitionSet> parts = new HashMap<>();
    PartitionSet taken = PartitionSet.EMPTY;
    for (ClassicMember member : group.members.values()) {
      PartitionSet said = ConsumerProtocol.assignment(member.assignment, turn.image());
      // Whoever assigned a partition twice is not believed the second time.
      PartitionSet part = said == null ? PartitionSet.EMPTY : said.minus(taken);
      parts.put(member.memberId, part);
      taken = taken.plus(part);
    }
    for (ClassicMember member : group.members.values()) {
      sendAway(turn, group, member);
      PartitionSet part = parts.getOrDefault(member.memberId, PartitionSet.EMPTY);
      PartitionSet late = stillOwned(turn, group, member).minus(taken);
      taken = taken.plus(late);
      turn.append(new MemberRecord(id, member.memberId, upgraded(group, member)));
      turn.append(new TargetRecord(id, member.memberId, part));
      turn.append(
          new CurrentRecord(
              id,
              member.memberId,
              new CurrentValue(
                  group.generation,
                  group.generation,
                  late.isEmpty() ? MemberState.STABLE : MemberState.UNREVOKED,
                  part,
                  late)));
      turn.timers()
          .set(
              new GroupTimer.Session(id, member.memberId),
              turn.nowMillis() + member.sessionTimeoutMs);
    }
  }

  /**
   * What a cooperative member had when it joined, and may not have given up: it learns what is no
   * longer its own when it is told its part, and perhaps it has not been told yet.
   */
  private static PartitionSet stillOwned(
      CoordinatorTurn<GroupRecord> turn, ClassicGroup group, ClassicMember member) {
    Subscription wishes = ConsumerProtocol.subscription(chosen(group, member).metadata());
    return wishes == null
        ? PartitionSet.EMPTY
        : ConsumerProtocol.partitions(wishes.owned(), turn.image());
  }

  /** Who waits for the others is to ask again: the answer is another one now. */
  private static void sendAway(
      CoordinatorTurn<GroupRecord> turn, ClassicGroup group, ClassicMember member) {
    ClassicAnswers.answerHeld(turn, group.id(), member, ErrorCode.NONE); // its epoch is good
    Answer<JoinGroupResponse> joining = member.awaitingJoin;
    if (joining != null) {
      member.awaitingJoin = null;
      turn.answer(
          joining, ClassicAnswers.joinError(member.memberId, ErrorCode.REBALANCE_IN_PROGRESS));
    }
    ClassicAnswers.answerSync(
        turn, member, ClassicAnswers.syncError(ErrorCode.REBALANCE_IN_PROGRESS));
  }

  private static MemberValue upgraded(ClassicGroup group, ClassicMember member) {
    Subscription wishes = ConsumerProtocol.subscription(chosen(group, member).metadata());
    return new MemberValue(
        member.instanceId,
        wishes == null ? null : wishes.rackId(),
        member.clientId,
        member.clientHost,
        wishes == null ? List.of() : wishes.topics(),
        null,
        member.rebalanceTimeoutMs,
        null,
        new ClassicSide(member.sessionTimeoutMs, member.protocols));
  }

  // ---- down

  /** Whether only classic members are left, and they can go on among themselves. */
  boolean mayDowngrade(ConsumerGroup group) {
    return config.migrationPolicy().downgrades()
        && group.isAllClassic()
        && group.members().size() <= config.maxSize()
        && commonProtocol(group) != null;
  }

  /** Writes the group anew, and asks its members to join. */
  ClassicGroup downgrade(CoordinatorTurn<GroupRecord> turn, ConsumerGroup group) {
    LOG.info(
        "group becomes a classic group group={} epoch={} members={}",
        group.id(),
        group.epoch(),
        group.members().size());
    String protocol = commonProtocol(group);
    List<ClassicMemberValue> members = new ArrayList<>();
    group
        .members()
        .forEach(
            (memberId, member) ->
                members.add(downgraded(turn, group, memberId, member, String.valueOf(protocol))));
    // Without a leader: so a coordinator that loads this knows that a generation must be formed.
    ClassicGroupValue value =
        new ClassicGroupValue(
            ConsumerProtocol.TYPE,
            group.assignmentEpoch(), // what members have reached that are up to date
            protocol,
            null,
            turn.wallMillis(),
            members);
    ClassicGroup classic = ClassicGroup.restore(group.id(), value);
    group
        .members()
        .forEach(
            (memberId, member) -> {
              ClassicMember restored = classic.members.get(memberId);
              ClassicSide side = member.classic();
              if (restored != null && side != null) {
                restored.protocols = side.protocols();
              }
            });
    for (String memberId : List.copyOf(group.members().keySet())) {
      ConsumerGroups.erase(turn, group, memberId);
    }
    ConsumerGroups.delete(turn, group);
    turn.append(new ClassicGroupRecord(group.id(), value));
    return classic;
  }

  /** Second half, once the group is found under its id again. */
  void afterDowngrade(CoordinatorTurn<GroupRecord> turn, ClassicGroup group) {
    group.members.values().forEach(member -> rebalance.startSession(turn, group, member));
    rebalance.start(turn, group, "no member of the consumer protocol is left");
  }

  private static ClassicMemberValue downgraded(
      CoordinatorTurn<GroupRecord> turn,
      ConsumerGroup group,
      String memberId,
      MemberValue member,
      String protocol) {
    ClassicSide side = member.classic();
    if (side == null) {
      throw new IllegalStateException("member " + memberId + " is not classic");
    }
    JoinGroupRequestProtocol spoken =
        side.protocols().stream()
            .filter(candidate -> candidate.name().equals(protocol))
            .findFirst()
            .orElseGet(side::chosen);
    Subscription wishes = ConsumerProtocol.subscription(spoken.metadata());
    ByteBuffer assignment =
        ConsumerProtocol.assignment(
            wishes == null ? 0 : wishes.version(),
            group.current(memberId).assigned(),
            turn.image());
    return new ClassicMemberValue(
        memberId,
        member.instanceId(),
        member.clientId(),
        member.clientHost(),
        member.rebalanceTimeoutMs(),
        side.sessionTimeoutMs(),
        spoken.metadata(),
        assignment);
  }

  /** A protocol that all members speak, or null. */
  private static @Nullable String commonProtocol(ConsumerGroup group) {
    MemberValue first = group.members().values().iterator().next();
    ClassicSide side = first.classic();
    List<JoinGroupRequestProtocol> candidates = side == null ? List.of() : side.protocols();
    return candidates.stream()
        .filter(protocol -> group.speaksAny(List.of(protocol)))
        .map(JoinGroupRequestProtocol::name)
        .findFirst()
        .orElse(null);
  }
}
