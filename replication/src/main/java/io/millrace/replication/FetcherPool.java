package io.millrace.replication;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.concurrent.EventLoop;
import io.millrace.log.TopicPartitionId;
import io.millrace.replication.follower.FetchTarget;
import io.millrace.replication.follower.FetcherConfig;
import io.millrace.replication.follower.ReplicaFetcher;
import java.util.HashMap;
import java.util.Map;

/** One fetcher for each broker that leads something this broker follows; none for the others. */
@ConfinedTo("the registry's loop")
final class FetcherPool {

  private record Assignment(int leaderId, FetchTarget target) {}

  private final EventLoop loop;
  private final FetcherSource source;
  private final FetcherConfig config;
  private final Map<Integer, ReplicaFetcher> fetchers = new HashMap<>();
  private final Map<TopicPartitionId, Assignment> assignments = new HashMap<>();

  FetcherPool(ReplicaContext context, EventLoop loop, FetcherSource source) {
    this.loop = loop;
    this.source = source;
    ReplicationConfig replication = context.config();
    this.config =
        new FetcherConfig(
            context.nodeId(),
            context.brokerEpoch(),
            replication.replicaFetchWaitMaxMs(),
            replication.replicaFetchMinBytes(),
            replication.replicaFetchMaxBytes(),
            replication.replicaFetchResponseMaxBytes(),
            replication.replicaFetchBackoffMs());
  }

  /**
   * Fetches for a target from its leader, and no longer for an earlier one of the same partition.
   */
  void assign(FetchTarget target, int leaderId) {
    assert loop.owns("assign");
    unassign(target.id());
    assignments.put(target.id(), new Assignment(leaderId, target));
    ReplicaFetcher fetcher = fetchers.get(leaderId);
    if (fetcher == null) {
      fetcher =
          new ReplicaFetcher(leaderId, source.loopFor(leaderId), source.connect(leaderId), config);
      fetchers.put(leaderId, fetcher);
    }
    fetcher.add(target);
  }

  void unassign(TopicPartitionId id) {
    assert loop.owns("unassign");
    Assignment assignment = assignments.remove(id);
    if (assignment == null) {
      return;
    }
    ReplicaFetcher fetcher = fetchers.get(assignment.leaderId());
    if (fetcher == null) {
      return;
    }
    fetcher.remove(assignment.target());
    boolean unused =
        assignments.values().stream().noneMatch(a -> a.leaderId() == assignment.leaderId());
    if (unused) {
      fetchers.remove(assignment.leaderId());
      fetcher.close();
    }
  }

  void close() {
    assignments.clear();
    fetchers.values().forEach(ReplicaFetcher::close);
    fetchers.clear();
  }
}
