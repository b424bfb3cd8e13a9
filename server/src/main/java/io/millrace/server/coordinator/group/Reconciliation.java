package io.millrace.server.coordinator.group;

import io.millrace.protocol.Uuid;
import io.millrace.server.coordinator.group.GroupRecord.CurrentValue;
import java.util.function.BiPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The rule by which a member of a consumer group goes from what it owns to what it shall own. Pure.
 *
 * <p>A member first gives up what is no longer its own, and stays in its epoch until it says that
 * it has; only then it gets the new epoch, and with it what nobody else holds any more. So no
 * partition is ever assigned to two members, and a member that has to give up nothing is never
 * interrupted.
 */
final class Reconciliation {
  private Reconciliation() {}

  /**
   * @param target what it shall own
   * @param targetEpoch the epoch of the target
   * @param reported what the member says it owns; null when it did not say
   * @param isFree whether no other member holds a partition
   */
  static CurrentValue next(
      CurrentValue current,
      PartitionSet target,
      int targetEpoch,
      @Nullable PartitionSet reported,
      BiPredicate<Uuid, Integer> isFree) {
    switch (current.state()) {
      case STABLE:
        if (current.epoch() == targetEpoch) {
          return current;
        }
        break;
      case UNREVOKED:
        if (reported == null || reported.intersects(current.revoking())) {
          return current;
        }
        break;
      case UNRELEASED:
        break;
    }
    return advance(current, target, targetEpoch, reported, isFree);
  }

  private static CurrentValue advance(
      CurrentValue current,
      PartitionSet target,
      int targetEpoch,
      @Nullable PartitionSet reported,
      BiPredicate<Uuid, Integer> isFree) {
    PartitionSet kept = current.assigned().and(target);
    PartitionSet revoking = current.assigned().minus(target);
    if (!revoking.isEmpty() && (reported == null || reported.intersects(revoking))) {
      // What it has given up already stays its own until its epoch moves on: in this one it might
      // still commit for it.
      return new CurrentValue(
          current.epoch(),
          current.previousEpoch(),
          MemberState.UNREVOKED,
          kept,
          revoking.plus(current.revoking()));
    }
    PartitionSet missing = target.minus(kept);
    PartitionSet free = missing.keep(isFree::test);
    MemberState state = free.size() == missing.size() ? MemberState.STABLE : MemberState.UNRELEASED;
    int previous = current.epoch() == targetEpoch ? current.previousEpoch() : current.epoch();
    return new CurrentValue(targetEpoch, previous, state, kept.plus(free), PartitionSet.EMPTY);
  }
}
