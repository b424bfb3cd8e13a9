package io.millrace.replication;

import java.util.List;

/**
 * What a replica is at one moment, as any thread may see it. Offsets are published by the log, see
 * {@link ReplicatedPartition#log}.
 *
 * @param leaderId the leader, -1 for none
 * @param leaderEpoch the epoch of the role, -1 before the first
 * @param isr the in-sync set that the controller last accepted, as this replica knows it
 */
public record RoleSnapshot(Role role, int leaderId, int leaderEpoch, List<Integer> isr) {

  /** What a replica does. */
  public enum Role {
    LEADER,
    FOLLOWER,
    /** It has no leader to follow, or has been stopped. */
    NONE,
    /** Its disk failed. */
    OFFLINE
  }

  public RoleSnapshot {
    isr = List.copyOf(isr);
  }

  public boolean isLeader() {
    return role == Role.LEADER;
  }
}
