package io.millrace.server.coordinator.group;

import java.util.EnumSet;
import java.util.Set;

/**
 * The states of a classic group.
 *
 * <pre>
 *            +---------- all left -----------+--------------------------+
 *            v                               |                          |
 *   EMPTY --join--> PREPARING_REBALANCE --all joined, or time is up--> COMPLETING_REBALANCE
 *     |               ^       ^                                         |   |
 *     |               |       +--- a member comes, goes or changes -----+   | leader's assignment
 *     |               +------- the same ------- STABLE <--------------------+
 *     +--deleted or expired--> DEAD
 * </pre>
 */
enum ClassicGroupState {
  EMPTY("Empty"),
  PREPARING_REBALANCE("PreparingRebalance"),
  COMPLETING_REBALANCE("CompletingRebalance"),
  STABLE("Stable"),
  DEAD("Dead");

  private final String wireName;

  ClassicGroupState(String wireName) {
    this.wireName = wireName;
  }

  String wireName() {
    return wireName;
  }

  /** The states that this one may follow. */
  Set<ClassicGroupState> predecessors() {
    return switch (this) {
      case EMPTY -> EnumSet.of(PREPARING_REBALANCE);
      case PREPARING_REBALANCE -> EnumSet.of(EMPTY, COMPLETING_REBALANCE, STABLE);
      case COMPLETING_REBALANCE -> EnumSet.of(PREPARING_REBALANCE);
      case STABLE -> EnumSet.of(COMPLETING_REBALANCE);
      case DEAD -> EnumSet.allOf(ClassicGroupState.class);
    };
  }
}
