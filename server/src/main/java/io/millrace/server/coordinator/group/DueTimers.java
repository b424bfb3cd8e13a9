package io.millrace.server.coordinator.group;

import io.millrace.server.coordinator.CoordinatorTurn;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What happens in a group when a timer of it is due. Stateless. */
final class DueTimers {
  private static final Logger LOG = LoggerFactory.getLogger(DueTimers.class);

  private final ClassicGroups classic;
  private final ClassicRebalance rebalance;
  private final HeldHeartbeats held;
  private final ConsumerGroups consumer;
  private final Presence presence;

  DueTimers(
      ClassicGroups classic,
      ClassicRebalance rebalance,
      HeldHeartbeats held,
      ConsumerGroups consumer,
      Presence presence) {
    this.classic = classic;
    this.rebalance = rebalance;
    this.held = held;
    this.consumer = consumer;
    this.presence = presence;
  }

  void onTimer(CoordinatorTurn<GroupRecord> turn, ClassicGroup group, GroupTimer timer) {
    if (timer instanceof GroupTimer.Session session) {
      classic.onSessionTimer(turn, group, session.memberId());
    } else if (timer instanceof GroupTimer.JoinPhase) {
      rebalance.onJoinTimer(turn, group);
    } else if (timer instanceof GroupTimer.SyncPhase) {
      rebalance.onSyncTimer(turn, group);
    } else if (timer instanceof GroupTimer.Heartbeat heartbeat) {
      held.letGo(turn, group, heartbeat.memberId(), HeartbeatRelease.FOR_NOW);
    } else if (timer instanceof GroupTimer.Vacancy) {
      held.onVacancyTimer(turn, group);
    } else if (timer instanceof GroupTimer.Departure departure
        && presence.mustGo(turn, departure)) {
      ClassicMember member = group.members.get(departure.memberId());
      if (member != null) {
        String id = member.memberId;
        LOG.info("member goes group={} member={} because={}", group.id(), id, Presence.LOST);
        rebalance.removeMember(turn, group, member, "member " + id + ": " + Presence.LOST);
      }
    }
  }

  void onTimer(CoordinatorTurn<GroupRecord> turn, ConsumerGroup group, GroupTimer timer) {
    if (timer instanceof GroupTimer.Session session) {
      consumer.remove(turn, group, session.memberId(), "was silent");
    } else if (timer instanceof GroupTimer.Revocation revocation) {
      consumer.onRevocationTimer(turn, group, revocation.memberId());
    } else if (timer instanceof GroupTimer.MemberJoin join) {
      consumer.remove(turn, group, join.memberId(), "did not join again in time");
    } else if (timer instanceof GroupTimer.MemberSync sync) {
      consumer.remove(turn, group, sync.memberId(), "did not ask for its part in time");
    } else if (timer instanceof GroupTimer.Departure departure
        && presence.mustGo(turn, departure)) {
      consumer.remove(turn, group, departure.memberId(), Presence.LOST);
    }
  }
}
