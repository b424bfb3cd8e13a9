package io.millrace.log;

import io.millrace.concurrent.ConfinedTo;
import org.jspecify.annotations.Nullable;

/** What compaction knows of one log. */
@ConfinedTo("the append loop")
final class CleaningState {

  /**
   * Everything below was cleaned: each key has at most one record there. Never above what a
   * checkpoint calls flushed; lowered by a truncation before anything new is written.
   */
  long cleanedTo;

  /** When the next tombstone may go, as the last cleaning saw it. */
  long nextHorizonMs = Long.MAX_VALUE;

  /** Whether a cleaning of this log is under way. */
  boolean busy;

  /** Segments that are being replaced. */
  @Nullable SegmentSwap swap;

  /** Why the log is not cleaned for now; empty when it is. */
  volatile String uncleanableReason = ""; // read for metrics

  /** When the next attempt may be made. */
  long uncleanableUntilMs = Long.MIN_VALUE;

  CleaningState(long cleanedTo) {
    this.cleanedTo = cleanedTo;
  }

  /** The log ends at an offset now. */
  void cutTo(long end) {
    cleanedTo = Math.min(cleanedTo, end);
  }

  boolean mayTry(long nowMs) {
    return !busy && (uncleanableReason.isEmpty() || nowMs >= uncleanableUntilMs);
  }
}
