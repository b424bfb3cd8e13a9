package io.millrace.server.handler;

import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.Endpoint;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.protocol.ErrorCode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The cluster as clients of one listener see it. A value; any thread. */
record ClusterView(MetadataImage image, String listener) {

  /** A broker that clients can reach. */
  record Reachable(BrokerImage broker, Endpoint endpoint) {}

  /** Brokers that are not fenced and serve the listener, by id. */
  List<Reachable> brokers() {
    List<Reachable> brokers = new ArrayList<>();
    for (BrokerImage broker : image.cluster().brokers().values()) {
      Endpoint endpoint = broker.endpoint(listener);
      if (!broker.fenced() && endpoint != null) {
        brokers.add(new Reachable(broker, endpoint));
      }
    }
    return brokers;
  }

  @Nullable Reachable broker(int id) {
    BrokerImage broker = image.cluster().broker(id);
    Endpoint endpoint = broker == null ? null : broker.endpoint(listener);
    return broker == null || broker.fenced() || endpoint == null
        ? null
        : new Reachable(broker, endpoint);
  }

  /** What to say of a partition's leader. */
  ErrorCode leaderError(PartitionImage partition) {
    if (!partition.hasLeader()) {
      return ErrorCode.LEADER_NOT_AVAILABLE;
    }
    BrokerImage leader = image.cluster().broker(partition.leader());
    if (leader == null || leader.fenced()) {
      return ErrorCode.LEADER_NOT_AVAILABLE;
    }
    return leader.endpoint(listener) == null ? ErrorCode.LISTENER_NOT_FOUND : ErrorCode.NONE;
  }

  /** Replicas whose broker is gone or fenced, or whose disk failed. */
  List<Integer> offlineReplicas(TopicImage topic, PartitionImage partition) {
    List<Integer> offline = new ArrayList<>();
    for (int replica : partition.replicas()) {
      BrokerImage broker = image.cluster().broker(replica);
      if (broker == null
          || broker.fenced()
          || broker.storage().isOffline(topic.id(), partition.partition())) {
        offline.add(replica);
      }
    }
    return offline;
  }

  /**
   * The broker that clients send administrative requests to: the one beside the active controller
   * if clients reach it. Any broker passes them on, so another serves as well.
   */
  int controllerId(@Nullable Integer activeController) {
    if (activeController != null && broker(activeController) != null) {
      return activeController;
    }
    List<Reachable> brokers = brokers();
    return brokers.isEmpty() ? -1 : brokers.get(0).broker().id();
  }
}
