package io.millrace.server.coordinator;

/**
 * The state of one partition of an internal topic: a deterministic machine that never sleeps, reads
 * a clock, does I/O or starts a thread. Whatever it needs of the world is in the {@link
 * CoordinatorTurn}; whatever it wants is said there.
 *
 * <p>What must survive changes only in {@link #replay}: while the log is read, and when a turn
 * appends a record, which replays it at once, before it is committed. When an append fails, the
 * runtime drops the shard and builds another from the log, so a shard needs no undo.
 *
 * @param <R> the coordinator's records
 */
public interface CoordinatorShard<R> {

  /** Takes a record into the state. */
  void replay(R record);

  /** The log has been read to its end: time to set timers. */
  void onLoaded(CoordinatorTurn<R> turn);

  /** What is in it, for the log: {@code groups=3 offsets=20}. */
  String summary();

  /**
   * Requests were turned away because this broker may not act now, or not in time; who asked will
   * look for another coordinator. Changes nothing that must survive.
   */
  default void onTurnedAway() {}

  /** A timer that the shard set is due; it is no longer set. */
  void onTimer(Object key, CoordinatorTurn<R> turn);
}
