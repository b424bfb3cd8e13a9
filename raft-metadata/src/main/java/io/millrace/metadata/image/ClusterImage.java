package io.millrace.metadata.image;

import io.millrace.protocol.Uuid;
import org.jspecify.annotations.Nullable;

/**
 * The cluster's id and its brokers.
 *
 * @param clusterId null until the first controller has written it
 * @param brokers by node id
 */
public record ClusterImage(
    @Nullable String clusterId, PersistentMap<Integer, BrokerImage> brokers) {

  public static final ClusterImage EMPTY = new ClusterImage(null, PersistentMap.empty());

  /** The broker of an id, fenced or not, or null. */
  public @Nullable BrokerImage broker(int id) {
    return brokers.get(id);
  }

  /** Whether the broker is registered, unfenced and not shutting down. */
  public boolean isActive(int id) {
    BrokerImage broker = brokers.get(id);
    return broker != null && broker.isActive();
  }

  /** Whether the broker is active and has the replica's disk. */
  public boolean serves(int id, Uuid topicId, int partition) {
    BrokerImage broker = brokers.get(id);
    return broker != null && broker.serves(topicId, partition);
  }

  /** Whether the broker is active and has a disk for new replicas. */
  public boolean takesReplicas(int id) {
    BrokerImage broker = brokers.get(id);
    return broker != null && broker.takesReplicas();
  }
}
