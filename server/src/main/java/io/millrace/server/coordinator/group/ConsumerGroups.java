package io.millrace.server.coordinator.group;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.message.ConsumerGroupHeartbeatResponse;
import io.millrace.server.coordinator.CoordinatorTurn;
import io.millrace.server.coordinator.group.GroupRecord.ClassicSide;
import io.millrace.server.coordinator.group.GroupRecord.CurrentRecord;
import io.millrace.server.coordinator.group.GroupRecord.CurrentValue;
import io.millrace.server.coordinator.group.GroupRecord.EpochRecord;
import io.millrace.server.coordinator.group.GroupRecord.EpochValue;
import io.millrace.server.coordinator.group.GroupRecord.MemberRecord;
import io.millrace.server.coordinator.group.GroupRecord.MemberValue;
import io.millrace.server.coordinator.group.GroupRecord.RegexRecord;
import io.millrace.server.coordinator.group.GroupRecord.TargetEpochRecord;
import io.millrace.server.coordinator.group.GroupRecord.TargetRecord;
import io.millrace.server.coordinator.group.assignor.Assignor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The rules of consumer groups (KIP-848): what a heartbeat changes in a {@link ConsumerGroup}.
 * Stateless.
 *
 * <p>One heartbeat does all there is to do: it takes the member in or finds it, notes what it
 * wants, moves the group's epoch when that changes anything, computes the target assignment when
 * the epoch has moved, and takes the member one step towards its target. Each step is a record.
 */
final class ConsumerGroups {
  private static final Logger LOG = LoggerFactory.getLogger(ConsumerGroups.class);
  static final int LEAVE = -1;
  static final int LEAVE_STATIC = -2;

  private final GroupConfig config;
  private final HeartbeatGate gate;
  private final HeartbeatPace pace;
  private final Presence presence;
  private final Map<String, Assignor> assignors = new HashMap<>();

  ConsumerGroups(GroupConfig config, Presence presence) {
    this.config = config;
    this.presence = presence;
    this.gate = new HeartbeatGate(config);
    this.pace = new HeartbeatPace(config.consumerHeartbeatIntervalMs());
    for (Assignor assignor : Assignor.ALL) {
      if (config.consumerAssignors().contains(assignor.name())) {
        assignors.put(assignor.name(), assignor);
      }
    }
  }

  /** What is wrong with a request, whatever the group; null when nothing is. */
  @Nullable ConsumerGroupHeartbeatResponse refuse(ConsumerGroupHeartbeatRequest request) {
    return gate.refuse(request);
  }

  ConsumerGroupHeartbeatResponse heartbeat(
      CoordinatorTurn<GroupRecord> turn,
      ConsumerGroup group,
      GroupClient client,
      ConsumerGroupHeartbeatRequest request) {
    String memberId = request.memberId();
    if (presence.latest().isOvertaken(client, group.id(), memberId)) {
      return ConsumerAnswers.failed(
          ErrorCode.COORDINATOR_LOAD_IN_PROGRESS, "The member has spoken by a later connection.");
    }
    if (request.memberEpoch() < 0) {
      return leave(turn, group, request);
    }
    ConsumerGroupHeartbeatResponse refusal = gate.checkMember(group, request);
    if (refusal != null) {
      return refusal;
    }
    String instanceId = request.instanceId();
    String replaced =
        instanceId == null || request.memberEpoch() != 0 ? null : group.staticMember(instanceId);
    if (replaced != null && !replaced.equals(memberId)) {
      takeOver(turn, group, replaced, memberId);
    }
    CurrentValue before = group.current(memberId);
    boolean changed =
        Subscriptions.store(
            turn,
            group,
            memberId,
            Subscriptions.wishes(group.members().get(memberId), client, request));
    CurrentValue after =
        advance(turn, group, memberId, before, changed, ConsumerAnswers.reported(request));
    startSession(turn, group, memberId);
    int interval = pace.intervalMs(group, memberId, turn.nowMillis());
    presence.heard(turn, client, speaker(group, memberId), interval);
    return ConsumerAnswers.answer(request, after, before, interval);
  }

  /**
   * Moves the group's epoch and its target where they have to be, and a member one step.
   *
   * @param changed whether what members want has changed
   * @param reported what the member says it owns; null when it did not say
   */
  CurrentValue advance(
      CoordinatorTurn<GroupRecord> turn,
      ConsumerGroup group,
      String memberId,
      CurrentValue before,
      boolean changed,
      @Nullable PartitionSet reported) {
    boolean look = Subscriptions.isTimeToLook(turn, group);
    boolean bump = Subscriptions.resolveRegexes(turn, group, look) || changed;
    long hash =
        bump || look
            ? TargetAssignment.metadataHash(group.wanted(), turn.image())
            : group.metadataHash();
    bump |= hash != group.metadataHash();
    if (bump) {
      nextEpoch(turn, group, hash);
    }
    if (group.assignmentEpoch() < group.epoch()) {
      assign(turn, group);
    }
    return step(turn, group, memberId, before, reported);
  }

  /** A static member that had left comes back under another id: with what it had. */
  void takeOver(
      CoordinatorTurn<GroupRecord> turn, ConsumerGroup group, String oldId, String newId) {
    MemberValue member = group.members().get(oldId);
    PartitionSet target = group.target(oldId);
    CurrentValue held = group.current(oldId);
    forget(turn, group, oldId);
    turn.append(new MemberRecord(group.id(), newId, member));
    turn.append(new TargetRecord(group.id(), newId, target));
    turn.append(
        new CurrentRecord(
            group.id(),
            newId,
            new CurrentValue(0, 0, MemberState.STABLE, held.assigned(), PartitionSet.EMPTY)));
  }

  // ---- what shall it own, what does it own

  private void assign(CoordinatorTurn<GroupRecord> turn, ConsumerGroup group) {
    Assignor assignor = assignorOf(group);
    TargetAssignment.compute(group, assignor, turn.image())
        .forEach(
            (memberId, target) -> {
              if (!group.hasTarget(memberId) || !group.target(memberId).equals(target)) {
                turn.append(new TargetRecord(group.id(), memberId, target));
              }
            });
    turn.append(new TargetEpochRecord(group.id(), group.epoch()));
    LOG.info(
        "group assigned group={} epoch={} members={} assignor={}",
        group.id(),
        group.epoch(),
        group.members().size(),
        assignor.name());
  }

  /** The one that most members ask for; the default when none does. */
  Assignor assignorOf(ConsumerGroup group) {
    Map<String, Integer> votes = new HashMap<>();
    String best = null;
    for (MemberValue member : group.members().values()) {
      String name = member.assignor();
      if (name != null && assignors.containsKey(name)) {
        int count = votes.merge(name, 1, Integer::sum);
        best = best == null || count > votes.getOrDefault(best, 0) ? name : best;
      }
    }
    Assignor chosen = assignors.get(best == null ? config.consumerAssignors().get(0) : best);
    if (chosen == null) {
      throw new IllegalStateException("no assignor is called " + config.consumerAssignors().get(0));
    }
    return chosen;
  }

  private static CurrentValue step(
      CoordinatorTurn<GroupRecord> turn,
      ConsumerGroup group,
      String memberId,
      CurrentValue before,
      @Nullable PartitionSet reported) {
    CurrentValue next =
        Reconciliation.next(
            before,
            group.target(memberId),
            group.assignmentEpoch(),
            reported,
            (topic, partition) -> {
              String holder = group.holder(topic, partition);
              return holder == null || holder.equals(memberId);
            });
    if (next.equals(before)) {
      return before;
    }
    turn.append(new CurrentRecord(group.id(), memberId, next));
    GroupTimer.Revocation timer = new GroupTimer.Revocation(group.id(), memberId);
    MemberValue member = group.members().get(memberId);
    // A classic member is told to join again, and that has a timer of its own.
    if (next.state() == MemberState.UNREVOKED && member != null && !member.isClassic()) {
      turn.timers().set(timer, turn.nowMillis() + member.rebalanceTimeoutMs());
    } else {
      turn.timers().cancel(timer);
    }
    return next;
  }

  // ---- going away

  private ConsumerGroupHeartbeatResponse leave(
      CoordinatorTurn<GroupRecord> turn,
      ConsumerGroup group,
      ConsumerGroupHeartbeatRequest request) {
    String memberId = request.memberId();
    String instanceId = request.instanceId();
    if (instanceId != null) {
      String holder = group.staticMember(instanceId);
      if (holder != null && !holder.equals(memberId)) {
        return ConsumerAnswers.failed(
            ErrorCode.FENCED_INSTANCE_ID, "Instance id " + instanceId + " belongs to " + holder);
      }
    }
    if (!group.members().containsKey(memberId)) {
      return ConsumerAnswers.failed(
          ErrorCode.UNKNOWN_MEMBER_ID,
          "Member " + memberId + " is not a member of group " + group.id() + ".");
    }
    if (request.memberEpoch() == LEAVE_STATIC) {
      // It means to come back: its partitions wait for it until its session ends.
      CurrentValue held = group.current(memberId);
      turn.append(
          new CurrentRecord(
              group.id(),
              memberId,
              new CurrentValue(
                  LEAVE_STATIC,
                  held.epoch(),
                  MemberState.STABLE,
                  held.assigned(),
                  PartitionSet.EMPTY)));
      turn.timers().cancel(new GroupTimer.Revocation(group.id(), memberId));
      presence.forget(turn, group.id(), memberId);
    } else {
      remove(turn, group, memberId, "left");
    }
    return ConsumerGroupHeartbeatResponse.builder()
        .memberId(memberId)
        .memberEpoch(request.memberEpoch())
        .build();
  }

  /** Takes a member out; its partitions are free. */
  void remove(
      CoordinatorTurn<GroupRecord> turn, ConsumerGroup group, String memberId, String reason) {
    MemberValue member = group.members().get(memberId);
    if (member == null) {
      return;
    }
    LOG.info("member goes group={} member={} because={}", group.id(), memberId, reason);
    forget(turn, group, memberId);
    Subscriptions.dropUnusedRegex(turn, group, member);
    nextEpoch(turn, group, group.metadataHash());
    group.noteEmpty(turn.wallMillis());
  }

  private static void nextEpoch(
      CoordinatorTurn<GroupRecord> turn, ConsumerGroup group, long metadataHash) {
    turn.append(new EpochRecord(group.id(), new EpochValue(group.epoch() + 1, metadataHash)));
    group.noteChange(turn.nowMillis());
  }

  private void forget(CoordinatorTurn<GroupRecord> turn, ConsumerGroup group, String memberId) {
    presence.forget(turn, group.id(), memberId);
    erase(turn, group, memberId);
  }

  /** Takes a member's records and timers away; it may go on in a group of another protocol. */
  static void erase(CoordinatorTurn<GroupRecord> turn, ConsumerGroup group, String memberId) {
    turn.timers().cancel(new GroupTimer.Session(group.id(), memberId));
    turn.timers().cancel(new GroupTimer.Revocation(group.id(), memberId));
    turn.timers().cancel(new GroupTimer.MemberJoin(group.id(), memberId));
    turn.timers().cancel(new GroupTimer.MemberSync(group.id(), memberId));
    turn.append(new CurrentRecord(group.id(), memberId, null));
    turn.append(new TargetRecord(group.id(), memberId, null));
    turn.append(new MemberRecord(group.id(), memberId, null));
  }

  /** A revocation took longer than the member itself had allowed. */
  void onRevocationTimer(CoordinatorTurn<GroupRecord> turn, ConsumerGroup group, String memberId) {
    if (group.current(memberId).state() == MemberState.UNREVOKED) {
      remove(turn, group, memberId, "did not give up its partitions in time");
    }
  }

  /** The member has been heard: its silence is counted from now. */
  void startSession(CoordinatorTurn<GroupRecord> turn, ConsumerGroup group, String memberId) {
    turn.timers()
        .set(
            new GroupTimer.Session(group.id(), memberId),
            turn.nowMillis() + sessionTimeoutMs(group.members().get(memberId)));
  }

  private int sessionTimeoutMs(@Nullable MemberValue member) {
    ClassicSide classic = member == null ? null : member.classic();
    return classic == null ? config.consumerSessionTimeoutMs() : classic.sessionTimeoutMs();
  }

  /** What is to be known of a member that speaks. */
  Presence.Speaker speaker(ConsumerGroup group, String memberId) {
    MemberValue member = group.members().get(memberId);
    boolean isStatic = member != null && member.instanceId() != null;
    return new Presence.Speaker(group.id(), memberId, isStatic, sessionTimeoutMs(member));
  }

  /** The shard has taken over: everybody gets a whole session to speak up. */
  void onLoaded(CoordinatorTurn<GroupRecord> turn, ConsumerGroup group) {
    group.noteEmpty(turn.wallMillis());
    group
        .members()
        .forEach(
            (memberId, member) -> {
              startSession(turn, group, memberId);
              if (group.current(memberId).state() == MemberState.UNREVOKED && !member.isClassic()) {
                turn.timers()
                    .set(
                        new GroupTimer.Revocation(group.id(), memberId),
                        turn.nowMillis() + member.rebalanceTimeoutMs());
              }
            });
  }

  /** Takes every trace of a group without members out of the log. */
  static void delete(CoordinatorTurn<GroupRecord> turn, ConsumerGroup group) {
    for (String regex : List.copyOf(group.regexes().keySet())) {
      turn.append(new RegexRecord(group.id(), regex, null));
    }
    turn.append(new TargetEpochRecord(group.id(), null));
    turn.append(new EpochRecord(group.id(), null));
  }
}
