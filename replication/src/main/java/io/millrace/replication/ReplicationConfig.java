package io.millrace.replication;

/**
 * A node's settings for replication, named as in Kafka.
 *
 * @param replicaLagTimeMaxMs {@code replica.lag.time.max.ms}: a member that was not caught up for
 *     longer leaves the ISR
 * @param replicaFetchWaitMaxMs {@code replica.fetch.wait.max.ms}: how long a leader holds a fetch
 *     that finds nothing
 * @param replicaFetchMinBytes {@code replica.fetch.min.bytes}
 * @param replicaFetchMaxBytes {@code replica.fetch.max.bytes}: per partition and fetch
 * @param replicaFetchResponseMaxBytes {@code replica.fetch.response.max.bytes}: per fetch
 * @param replicaFetchBackoffMs {@code replica.fetch.backoff.ms}: how long a fetcher waits after an
 *     error
 */
public record ReplicationConfig(
    long replicaLagTimeMaxMs,
    int replicaFetchWaitMaxMs,
    int replicaFetchMinBytes,
    int replicaFetchMaxBytes,
    int replicaFetchResponseMaxBytes,
    int replicaFetchBackoffMs) {

  /** Kafka's lag and wait; larger fetches, since each round ends with a flush; a short back-off. */
  public static final ReplicationConfig DEFAULT =
      new ReplicationConfig(10_000, 500, 1, 4 << 20, 16 << 20, 100);

  public ReplicationConfig {
    if (replicaLagTimeMaxMs < 1
        || replicaFetchWaitMaxMs < 0
        || replicaFetchMinBytes < 0
        || replicaFetchMaxBytes < 1
        || replicaFetchResponseMaxBytes < 1
        || replicaFetchBackoffMs < 1) {
      throw new IllegalArgumentException("a limit of replication is out of range");
    }
  }
}
