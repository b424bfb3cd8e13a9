package io.millrace.client.consumer;

import io.millrace.client.ConsumerConfig;
import io.millrace.client.MillraceException;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.consumer.FetchTarget.State;
import io.millrace.client.group.GroupClient;
import io.millrace.client.network.Failures;
import io.millrace.concurrent.ConfinedTo;
import io.millrace.protocol.ErrorCode;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Begins partitions of a group where the group stands: one question for all that are new. Where the
 * group has never been, the lookup that {@code auto.offset.reset} asks for comes next.
 */
@ConfinedTo("the consumer's loop")
final class GroupPositions {

  private static final Logger LOG = LoggerFactory.getLogger(GroupPositions.class);

  private final ConsumerConfig config;
  private final ClusterClient cluster;
  private final GroupClient group;
  private final EventQueue events;
  private final PositionFinder.Targets targets;
  private final Runnable changed;

  GroupPositions(
      ConsumerConfig config,
      ClusterClient cluster,
      GroupClient group,
      EventQueue events,
      PositionFinder.Targets targets,
      Runnable changed) {
    this.config = config;
    this.cluster = cluster;
    this.group = group;
    this.events = events;
    this.targets = targets;
    this.changed = changed;
  }

  /** Asks for every position that needs it. */
  void settle(Collection<FetchTarget> all, long now) {
    Map<TopicPartition, Long> asked = new HashMap<>();
    for (FetchTarget target : List.copyOf(all)) {
      if (target.state == State.COMMITTED && target.notBeforeNanos <= now) {
        target.state = State.ASKED_GROUP;
        asked.put(target.partition, target.generation);
      }
    }
    if (!asked.isEmpty()) {
      group
          .committed(asked.keySet(), config.client().apiTimeout().toNanos())
          .whenComplete((found, failure) -> answered(asked, found, failure));
    }
  }

  private void answered(
      Map<TopicPartition, Long> asked,
      @Nullable Map<TopicPartition, OffsetAndMetadata> found,
      @Nullable Throwable failure) {
    if (cluster.isClosed()) {
      return;
    }
    asked.forEach(
        (partition, generation) -> {
          FetchTarget target = targets.current(partition, generation);
          if (target != null && target.state == State.ASKED_GROUP) {
            if (found == null) {
              notFound(target, failure == null ? Failures.closed() : Failures.of(failure));
            } else {
              begin(target, found.get(partition));
            }
          }
        });
    changed.run();
  }

  private void begin(FetchTarget target, @Nullable OffsetAndMetadata committed) {
    if (committed == null) {
      target.state = State.LOOKUP;
      return;
    }
    target.goOnFrom(committed);
    events.put(
        new FetchEvent.Settled(
            target.partition,
            target.generation,
            committed.offset(),
            committed.leaderEpoch(),
            true));
  }

  /**
   * Asks again unless that is of no use. A member that was thrown out learns that from its
   * heartbeat, and this partition is taken away then.
   */
  private void notFound(FetchTarget target, MillraceException reason) {
    boolean isAboutTheMember =
        reason.error() == ErrorCode.UNKNOWN_MEMBER_ID
            || reason.error() == ErrorCode.FENCED_MEMBER_EPOCH
            || reason.error() == ErrorCode.STALE_MEMBER_EPOCH;
    if (reason.isRetriable() || isAboutTheMember) {
      LOG.warn(
          "committed offset not found yet partition={} reason={}",
          target.partition,
          reason.getMessage());
      target.state = State.COMMITTED;
      target.retryAt(cluster.clock().monotonicNanos() + cluster.backoffNanos(target.failures + 1));
    } else {
      target.suspend();
      events.put(new FetchEvent.Failed(target.partition, target.generation, reason));
    }
  }
}
