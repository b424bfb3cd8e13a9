package io.millrace.replication;

import io.millrace.protocol.ErrorCode;
import org.jspecify.annotations.Nullable;

/**
 * What a replica does under one leader epoch. A role is made when its epoch begins and closed when
 * the next one does; it never comes back. Epoch and leader are fixed, so any thread may read them
 * of the role it holds.
 */
sealed interface PartitionRole permits LeaderPartition, FollowerPartition, IdlePartition {

  int leaderEpoch();

  /** The leader, -1 for none. */
  int leaderId();

  /** Any thread. */
  RoleSnapshot snapshot();

  /** Ends the role: whoever waits on it is told. Append loop. */
  void close(String reason);

  /** The leader's role, when this is it. */
  default @Nullable LeaderPartition asLeader() {
    return null;
  }

  /** Judges the epoch that a client or a follower named; -1 names none. */
  default ErrorCode checkEpoch(int currentLeaderEpoch) {
    if (currentLeaderEpoch >= 0 && currentLeaderEpoch < leaderEpoch()) {
      return ErrorCode.FENCED_LEADER_EPOCH;
    }
    if (currentLeaderEpoch > leaderEpoch()) {
      return ErrorCode.UNKNOWN_LEADER_EPOCH;
    }
    return ErrorCode.NONE;
  }
}
