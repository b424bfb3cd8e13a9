package io.millrace.replication;

import io.millrace.log.LogConfig;

/** The settings of a topic that matter to its replicas. Any thread; cheap. */
public interface PartitionConfigSource {

  /** {@code min.insync.replicas}. */
  int minInSyncReplicas(String topic);

  /** The settings of the topic's logs. */
  LogConfig logConfig(String topic);
}
