package io.millrace.replication;

/**
 * Hears of partitions that this broker begins and ceases to lead, in order for each partition.
 * Called on the append loop of the partition's log: hand over and return, never throw.
 */
public interface LeadershipListener {

  /** Nobody wants to know. */
  LeadershipListener NONE =
      new LeadershipListener() {
        @Override
        public void onLeader(ReplicatedPartition partition, int leaderEpoch, long epochStart) {}

        @Override
        public void onNotLeader(ReplicatedPartition partition, int leaderEpoch, String reason) {}
      };

  /**
   * This broker leads the partition from now on. Comes for every leader epoch, also when the one
   * before was led here too.
   *
   * @param epochStart where the log ended when the epoch began; what lies below may not be
   *     committed yet
   */
  void onLeader(ReplicatedPartition partition, int leaderEpoch, long epochStart);

  /**
   * This broker does not lead the partition any more. Said before those who wait for the old
   * leadership are turned away.
   *
   * @param leaderEpoch the newest that this replica knows of
   */
  void onNotLeader(ReplicatedPartition partition, int leaderEpoch, String reason);
}
