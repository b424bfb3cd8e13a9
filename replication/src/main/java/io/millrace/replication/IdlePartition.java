package io.millrace.replication;

import java.util.List;

/** A replica that neither leads nor follows: nobody leads, it was stopped, or its disk failed. */
record IdlePartition(RoleSnapshot snapshot) implements PartitionRole {

  /** Before the first image. */
  static final IdlePartition UNBORN =
      new IdlePartition(new RoleSnapshot(RoleSnapshot.Role.NONE, -1, -1, List.of()));

  @Override
  public int leaderEpoch() {
    return snapshot.leaderEpoch();
  }

  @Override
  public int leaderId() {
    return snapshot.leaderId();
  }

  @Override
  public void close(String reason) {}
}
