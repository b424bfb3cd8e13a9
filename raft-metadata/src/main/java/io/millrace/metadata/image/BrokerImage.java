package io.millrace.metadata.image;

import io.millrace.protocol.Uuid;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A registered broker.
 *
 * @param id the node id
 * @param epoch the revision of the registration; a request that carries another one comes from a
 *     former life of the broker
 * @param incarnation random, new with every start of the process
 * @param directory identifies the data directory; the same after a restart, other after a wiped
 *     disk
 * @param rack where it stands, or null
 * @param endpoints where it serves, in the order of its configuration
 * @param fenced true from the registration until it has caught up with the metadata, and again when
 *     its session is over; a fenced broker leads nothing, joins no ISR and is not shown to clients
 * @param shuttingDown true from the start of a controlled shutdown
 * @param storage how its disks are
 */
public record BrokerImage(
    int id,
    long epoch,
    Uuid incarnation,
    Uuid directory,
    @Nullable String rack,
    List<Endpoint> endpoints,
    boolean fenced,
    boolean shuttingDown,
    BrokerStorage storage) {

  public BrokerImage {
    endpoints = List.copyOf(endpoints);
  }

  /** Whether it may lead partitions and join ISRs. */
  public boolean isActive() {
    return !fenced && !shuttingDown;
  }

  /**
   * Whether it may lead the partition and be in its ISR: it is active and has the replica's disk.
   */
  public boolean serves(Uuid topicId, int partition) {
    return isActive() && !storage.isOffline(topicId, partition);
  }

  /** Whether new replicas may be placed on it. */
  public boolean takesReplicas() {
    return isActive() && storage.anyGood();
  }

  /** The endpoint of a listener, or null. */
  public @Nullable Endpoint endpoint(String listener) {
    for (Endpoint endpoint : endpoints) {
      if (endpoint.listener().equals(listener)) {
        return endpoint;
      }
    }
    return null;
  }

  public BrokerImage withState(boolean nowFenced, boolean nowShuttingDown) {
    return new BrokerImage(
        id, epoch, incarnation, directory, rack, endpoints, nowFenced, nowShuttingDown, storage);
  }

  public BrokerImage withStorage(BrokerStorage now) {
    return new BrokerImage(
        id, epoch, incarnation, directory, rack, endpoints, fenced, shuttingDown, now);
  }
}
