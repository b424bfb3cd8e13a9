package io.millrace.metadata.controller;

import io.millrace.metadata.image.PartitionImage;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Who leads a partition. Pure rules; they keep three things true: the leader is in the ISR, the ISR
 * is never empty, and a replica outside the ISR leads only when data may be lost by configuration.
 */
final class LeaderElector {

  private LeaderElector() {}

  /**
   * The state after a broker stopped taking part: out of the ISR unless it is its last member, not
   * the leader any more. The last member stays although it is down, because it alone is known to
   * hold everything acknowledged.
   *
   * @param active who may lead; false for the broker itself
   * @return the same object when nothing changes
   */
  static PartitionImage withoutBroker(
      PartitionImage state, int broker, IntPredicate active, boolean unclean) {
    if (!state.isr().contains(broker)) {
      return state;
    }
    List<Integer> rest = state.isr().stream().filter(id -> id != broker).toList();
    List<Integer> isr = rest.isEmpty() ? state.isr() : rest;
    int leader = state.leader();
    if (leader == broker || leader == PartitionImage.NO_LEADER) {
      leader = firstActive(state.replicas(), isr, active);
    }
    if (leader == PartitionImage.NO_LEADER && unclean) {
      return uncleanly(state, isr, active);
    }
    if (leader == state.leader() && isr.equals(state.isr())) {
      return state;
    }
    return state.next(leader, isr);
  }

  /** The state with a leader if there was none and one can be had; the same object otherwise. */
  static PartitionImage elect(PartitionImage state, IntPredicate active, boolean unclean) {
    if (state.hasLeader()) {
      return state;
    }
    int leader = firstActive(state.replicas(), state.isr(), active);
    if (leader != PartitionImage.NO_LEADER) {
      return state.next(leader, state.isr());
    }
    return unclean ? uncleanly(state, state.isr(), active) : state;
  }

  /**
   * The state led by its preferred replica, if that is active and in sync; the same object
   * otherwise.
   */
  static PartitionImage electPreferred(PartitionImage state, IntPredicate active) {
    int preferred = state.preferredLeader();
    if (state.leader() == preferred
        || !state.isr().contains(preferred)
        || !active.test(preferred)) {
      return state;
    }
    return state.next(preferred, state.isr());
  }

  /**
   * Moves leadership, and if another member is active also ISR membership, away from a broker that
   * is about to stop.
   */
  static PartitionImage moveAway(PartitionImage state, int broker, IntPredicate active) {
    boolean othersActive = state.isr().stream().anyMatch(id -> id != broker && active.test(id));
    return othersActive ? withoutBroker(state, broker, active, false) : state;
  }

  private static PartitionImage uncleanly(
      PartitionImage state, List<Integer> isr, IntPredicate active) {
    int leader = firstActive(state.replicas(), state.replicas(), active);
    if (leader == PartitionImage.NO_LEADER) {
      boolean same = !state.hasLeader() && isr.equals(state.isr());
      return same ? state : state.next(PartitionImage.NO_LEADER, isr);
    }
    return state.next(leader, List.of(leader));
  }

  private static int firstActive(List<Integer> order, List<Integer> among, IntPredicate active) {
    for (int id : order) {
      if (among.contains(id) && active.test(id)) {
        return id;
      }
    }
    return PartitionImage.NO_LEADER;
  }
}
