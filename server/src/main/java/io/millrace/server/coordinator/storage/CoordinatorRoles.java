package io.millrace.server.coordinator.storage;

import io.millrace.replication.LeadershipListener;
import io.millrace.replication.ReplicatedPartition;
import io.millrace.server.coordinator.CoordinatorLog;
import io.millrace.server.coordinator.CoordinatorRuntime;

/**
 * Has a shard run where its partition of the internal topic is led, for as long as it is. Called on
 * append loops; hands over to the shards' loops.
 */
public final class CoordinatorRoles implements LeadershipListener {

  /** Makes the log of a partition that is led here. */
  @FunctionalInterface
  public interface LogFactory {
    CoordinatorLog open(ReplicatedPartition partition, int leaderEpoch, long epochStart);
  }

  private final String topic;
  private final CoordinatorRuntime<?, ?> runtime;
  private final LogFactory logs;

  public CoordinatorRoles(String topic, CoordinatorRuntime<?, ?> runtime, LogFactory logs) {
    this.topic = topic;
    this.runtime = runtime;
    this.logs = logs;
  }

  @Override
  public void onLeader(ReplicatedPartition partition, int leaderEpoch, long epochStart) {
    if (isOurs(partition)) {
      runtime.start(
          partition.id().partition(), leaderEpoch, logs.open(partition, leaderEpoch, epochStart));
    }
  }

  @Override
  public void onNotLeader(ReplicatedPartition partition, int leaderEpoch, String reason) {
    if (isOurs(partition)) {
      runtime.stop(partition.id().partition(), leaderEpoch, reason);
    }
  }

  private boolean isOurs(ReplicatedPartition partition) {
    return partition.id().topic().equals(topic);
  }
}
