package io.millrace.server.handler;

import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.protocol.ErrorCode;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Collects, for one answer, who leads the partitions that were asked of the wrong broker, so that
 * the client goes there without asking for metadata first (KIP-951).
 */
final class LeaderHints {

  /** A leader and where it is reached. */
  record Hint(int leaderId, int leaderEpoch) {}

  private final ClusterView view;
  private final boolean supported;
  private final Map<Integer, ClusterView.Reachable> endpoints = new LinkedHashMap<>();

  LeaderHints(MetadataImage image, String listener, boolean supported) {
    this.view = new ClusterView(image, listener);
    this.supported = supported;
  }

  /** The hint that goes with an error, or null. */
  @Nullable Hint hint(ErrorCode error, @Nullable TopicImage topic, int partition) {
    if (!supported
        || topic == null
        || (error != ErrorCode.NOT_LEADER_OR_FOLLOWER && error != ErrorCode.FENCED_LEADER_EPOCH)) {
      return null;
    }
    PartitionImage state = topic.partition(partition);
    if (state == null || !state.hasLeader()) {
      return null;
    }
    ClusterView.Reachable leader = view.broker(state.leader());
    if (leader == null) {
      return null;
    }
    endpoints.put(state.leader(), leader);
    return new Hint(state.leader(), state.leaderEpoch());
  }

  Iterable<ClusterView.Reachable> endpoints() {
    return endpoints.values();
  }
}
