package io.millrace.client.consumer;

import io.millrace.client.ConsumerConfig;
import io.millrace.client.MillraceException;
import io.millrace.client.OffsetAndTimestamp;
import io.millrace.client.OffsetReset;
import io.millrace.client.OffsetSpec;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.cluster.OffsetLookup;
import io.millrace.client.cluster.TopicView.PartitionView;
import io.millrace.client.consumer.FetchTarget.State;
import io.millrace.client.network.Failures;
import io.millrace.client.network.LinkUse;
import io.millrace.concurrent.ConfinedTo;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.OffsetForLeaderEpochResponse;
import io.millrace.protocol.message.OffsetForLeaderEpochResponse.EpochEndOffset;
import io.millrace.protocol.message.ResponseMessage;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds positions: looks up those that are not settled, and after a change of leader asks the new
 * one whether its log still has what was read from the last one. A log that was truncated is read
 * again from where it diverged, or reported, as {@code auto.offset.reset} says.
 */
@ConfinedTo("the consumer's loop")
final class PositionFinder {

  private static final Logger LOG = LoggerFactory.getLogger(PositionFinder.class);

  /** Finds a target that is still the current one. */
  interface Targets {
    @Nullable FetchTarget current(TopicPartition partition, long generation);
  }

  private final ConsumerConfig config;
  private final ClusterClient cluster;
  private final EventQueue events;
  private final Targets targets;
  private final Runnable changed;

  PositionFinder(
      ConsumerConfig config,
      ClusterClient cluster,
      EventQueue events,
      Targets targets,
      Runnable changed) {
    this.config = config;
    this.cluster = cluster;
    this.events = events;
    this.targets = targets;
    this.changed = changed;
  }

  /** Asks for every position that needs it. */
  void settle(Collection<FetchTarget> all, ClusterView view, long now) {
    Map<TopicPartition, Long> asked = new HashMap<>();
    Map<TopicPartition, Long> generations = new HashMap<>();
    for (FetchTarget target : List.copyOf(all)) {
      if (target.state == State.LOOKUP && target.notBeforeNanos <= now) {
        OffsetSpec spec = target.lookup;
        if (spec == null) {
          fail(target, noPosition(target.partition));
        } else {
          target.state = State.LOOKING_UP;
          asked.put(target.partition, spec.timestamp());
          generations.put(target.partition, target.generation);
        }
      } else if (target.state == State.FETCHING && target.notBeforeNanos <= now) {
        validateAfterChangeOfLeader(target, view);
      }
    }
    if (!asked.isEmpty()) {
      long timeout = config.client().requestTimeout().toNanos();
      OffsetLookup.list(cluster, asked, config.isolation(), timeout)
          .forEach(
              (partition, result) ->
                  result.whenComplete(
                      (found, failure) ->
                          lookedUp(
                              targets.current(partition, generations.getOrDefault(partition, -1L)),
                              found,
                              failure)));
    }
  }

  private static MillraceException noPosition(TopicPartition partition) {
    return new MillraceException(
        ErrorCode.OFFSET_OUT_OF_RANGE,
        "nobody said where to begin reading " + partition + ", and auto.offset.reset is none");
  }

  private void lookedUp(
      @Nullable FetchTarget target,
      @Nullable OffsetAndTimestamp found,
      @Nullable Throwable failure) {
    if (target == null || target.state != State.LOOKING_UP || cluster.isClosed()) {
      return;
    }
    if (found != null && found.offset() >= 0) {
      target.settle(found.offset());
      events.put(new FetchEvent.Settled(target.partition, target.generation, found.offset()));
    } else if (found != null) {
      target.lose(OffsetSpec.latest()); // no record has the timestamp or a later one
    } else {
      MillraceException reason = failure == null ? Failures.closed() : Failures.of(failure);
      if (reason.isRetriable()) {
        LOG.warn(
            "position not found yet partition={} reason={}", target.partition, reason.getMessage());
        target.state = State.LOOKUP;
        target.retryAt(
            cluster.clock().monotonicNanos() + cluster.backoffNanos(target.failures + 1));
      } else {
        fail(target, reason);
      }
    }
    changed.run();
  }

  private void validateAfterChangeOfLeader(FetchTarget target, ClusterView view) {
    PartitionView partition = view.partition(target.partition);
    if (partition == null || partition.leaderEpoch() < 0 || partition.leader() < 0) {
      return;
    }
    boolean isNewLeader = target.leaderEpoch >= 0 && partition.leaderEpoch() > target.leaderEpoch;
    target.leaderEpoch = Math.max(target.leaderEpoch, partition.leaderEpoch());
    if (isNewLeader) {
      target.readReplica = -1;
    }
    if (!isNewLeader || target.lastEpoch < 0) {
      return;
    }
    target.state = State.VALIDATING;
    long generation = target.generation;
    TopicPartition name = target.partition;
    int leaderEpoch = partition.leaderEpoch();
    cluster
        .send(
            partition.leader(),
            LinkUse.REQUESTS,
            FetchMessages.epochRequest(target, leaderEpoch),
            config.client().requestTimeout().toNanos())
        .whenComplete(
            (answer, failure) -> validated(targets.current(name, generation), answer, failure));
  }

  private void validated(
      @Nullable FetchTarget target, @Nullable ResponseMessage answer, @Nullable Throwable failure) {
    if (target == null || target.state != State.VALIDATING || cluster.isClosed()) {
      return;
    }
    target.state = State.FETCHING;
    EpochEndOffset end = endOf(answer);
    ErrorCode error = end == null ? errorOf(failure) : ErrorCode.forCode(end.errorCode());
    if (error == ErrorCode.UNSUPPORTED_VERSION) {
      LOG.debug("broker cannot tell about truncation partition={}", target.partition);
    } else if (end == null || error != ErrorCode.NONE) {
      target.leaderEpoch--; // ask again
      target.retryAt(cluster.clock().monotonicNanos() + cluster.backoffNanos(target.failures + 1));
      cluster.refresh();
      cluster.loop().schedule(changed, cluster.backoffNanos(target.failures));
      return;
    } else if (end.endOffset() < 0 || end.endOffset() < target.offset) {
      truncated(target, end.endOffset());
    }
    changed.run();
  }

  private void truncated(FetchTarget target, long end) {
    String what =
        target.partition
            + " was truncated: epoch "
            + target.lastEpoch
            + " ends at "
            + end
            + ", and was read up to "
            + target.offset;
    if (config.offsetReset() == OffsetReset.NONE) {
      fail(target, new MillraceException(ErrorCode.OFFSET_OUT_OF_RANGE, what));
      return;
    }
    LOG.warn("log truncated; reading again from there: {}", what);
    if (end < 0) {
      OffsetSpec spec = StartAt.reset(config.offsetReset()).lookup();
      target.lose(spec == null ? OffsetSpec.earliest() : spec);
      return;
    }
    target.settle(end);
    target.lastEpoch = -1;
    events.put(new FetchEvent.Settled(target.partition, target.generation, end));
  }

  private static @Nullable EpochEndOffset endOf(@Nullable ResponseMessage answer) {
    if (answer instanceof OffsetForLeaderEpochResponse response
        && !response.topics().isEmpty()
        && !response.topics().get(0).partitions().isEmpty()) {
      return response.topics().get(0).partitions().get(0);
    }
    return null;
  }

  private static ErrorCode errorOf(@Nullable Throwable failure) {
    return failure == null ? ErrorCode.UNKNOWN_SERVER_ERROR : Failures.of(failure).error();
  }

  private void fail(FetchTarget target, MillraceException reason) {
    target.suspend();
    events.put(new FetchEvent.Failed(target.partition, target.generation, reason));
  }
}
