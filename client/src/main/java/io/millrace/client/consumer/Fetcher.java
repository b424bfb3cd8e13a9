package io.millrace.client.consumer;

import io.millrace.client.BrokerInfo;
import io.millrace.client.ConsumerConfig;
import io.millrace.client.MillraceException;
import io.millrace.client.OffsetReset;
import io.millrace.client.OffsetSpec;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.consumer.FetchTarget.State;
import io.millrace.client.group.GroupClient;
import io.millrace.client.network.Failures;
import io.millrace.client.network.LinkUse;
import io.millrace.concurrent.ConfinedTo;
import io.millrace.concurrent.EventLoop;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.FetchResponse;
import io.millrace.protocol.message.FetchResponse.PartitionData;
import io.millrace.protocol.record.CorruptRecordsException;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.RecordBatch;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Fetches ahead of the reader: at most one fetch per broker is under way, for every partition there
 * that has room. Works in {@link #turn}, which runs after whatever may have changed something.
 */
@ConfinedTo("the consumer's loop")
final class Fetcher {

  private static final Logger LOG = LoggerFactory.getLogger(Fetcher.class);

  private final ConsumerConfig config;
  private final ClusterClient cluster;
  private final EventLoop loop;
  private final EventQueue events;
  private final PositionFinder positions;
  private final @Nullable GroupPositions groupPositions;
  private final Map<TopicPartition, FetchTarget> targets = new LinkedHashMap<>();
  private final Set<Integer> fetching = new HashSet<>();
  private Set<String> subscribed = Set.of();
  private long bufferedBytes;
  private EventLoop.@Nullable Timer timer;

  /**
   * @param group null without one
   */
  Fetcher(
      ConsumerConfig config,
      ClusterClient cluster,
      EventQueue events,
      @Nullable GroupClient group) {
    this.config = config;
    this.cluster = cluster;
    this.loop = cluster.loop();
    this.events = events;
    this.positions = new PositionFinder(config, cluster, events, this::current, this::turn);
    this.groupPositions =
        group == null
            ? null
            : new GroupPositions(config, cluster, group, events, this::current, this::turn);
  }

  /** Begins to listen for changes of the cluster. */
  void start() {
    cluster.addListener(view -> turn());
  }

  /** Reads exactly these partitions; targets of the same generation go on as they were. */
  void assign(Map<TopicPartition, FetchTarget> wanted) {
    assert loop.owns("assign");
    List.copyOf(targets.keySet()).stream()
        .filter(partition -> !wanted.containsKey(partition))
        .forEach(this::forget);
    wanted.forEach(this::place);
    trackTopics();
    turn();
  }

  /** Topics that may be assigned soon; learns of them now. */
  void subscribed(Set<String> topics) {
    assert loop.owns("subscribed");
    subscribed = topics;
    trackTopics();
  }

  private void trackTopics() {
    Set<String> topics =
        targets.keySet().stream().map(TopicPartition::topic).collect(Collectors.toSet());
    topics.addAll(subscribed);
    cluster.trackOnly(topics);
  }

  /** Goes on elsewhere. */
  void seek(FetchTarget target) {
    assert loop.owns("seek");
    place(target.partition, target);
    turn();
  }

  private void place(TopicPartition partition, FetchTarget target) {
    FetchTarget before = targets.get(partition);
    if (before == null || before.generation < target.generation) {
      forget(partition);
      targets.put(partition, target);
    }
  }

  private void forget(TopicPartition partition) {
    FetchTarget gone = targets.remove(partition);
    if (gone != null) {
      bufferedBytes -= gone.bufferedBytes;
    }
  }

  void pause(TopicPartition partition, boolean paused) {
    assert loop.owns("pause");
    FetchTarget target = targets.get(partition);
    if (target != null) {
      target.paused = paused;
      turn();
    }
  }

  /** The reader is through with so many bytes. */
  void consumed(TopicPartition partition, long generation, int bytes) {
    assert loop.owns("consumed");
    FetchTarget target = current(partition, generation);
    if (target != null) {
      target.bufferedBytes -= bytes;
      bufferedBytes -= bytes;
      turn();
    }
  }

  /** The reader has reported the failure and wants another try. */
  void retry(TopicPartition partition, long generation) {
    assert loop.owns("retry");
    FetchTarget target = current(partition, generation);
    if (target != null) {
      target.resumeAfterFailure();
      turn();
    }
  }

  private @Nullable FetchTarget current(TopicPartition partition, long generation) {
    FetchTarget target = targets.get(partition);
    return target != null && target.generation == generation ? target : null;
  }

  private void turn() {
    if (cluster.isClosed()) {
      return;
    }
    long now = cluster.clock().monotonicNanos();
    ClusterView view = cluster.view();
    if (groupPositions != null) {
      groupPositions.settle(targets.values(), now);
    }
    positions.settle(targets.values(), view, now);
    Map<Integer, List<FetchTarget>> byBroker = new HashMap<>();
    boolean isLeaderMissing = false;
    for (FetchTarget target : targets.values()) {
      if (target.state == State.FETCHING && hasRoom(target) && target.notBeforeNanos <= now) {
        BrokerInfo broker = brokerFor(target, view);
        if (broker == null) {
          isLeaderMissing = true;
        } else if (!fetching.contains(broker.id())) {
          byBroker.computeIfAbsent(broker.id(), id -> new ArrayList<>()).add(target);
        }
      }
    }
    if (isLeaderMissing) {
      cluster.refresh();
    }
    byBroker.forEach((broker, wanted) -> fetch(broker, wanted, view));
    scheduleNext(now);
  }

  private boolean hasRoom(FetchTarget target) {
    return !target.paused
        && target.bufferedBytes < 2L * Math.max(1, config.maxPartitionFetchBytes())
        && bufferedBytes < config.fetchBufferMemory();
  }

  private static @Nullable BrokerInfo brokerFor(FetchTarget target, ClusterView view) {
    BrokerInfo replica = view.brokers().get(target.readReplica);
    return replica != null ? replica : view.leaderOf(target.partition);
  }

  private void fetch(int broker, List<FetchTarget> wanted, ClusterView view) {
    fetching.add(broker);
    Map<TopicPartition, FetchTarget> asked = new LinkedHashMap<>();
    Map<TopicPartition, Long> offsets = new HashMap<>();
    for (FetchTarget target : wanted) {
      asked.put(target.partition, target);
      offsets.put(target.partition, target.offset);
      targets.remove(target.partition); // to the end: the next answer begins with the others
      targets.put(target.partition, target);
    }
    Map<Uuid, String> names = view.namesById();
    long timeout = config.client().requestTimeout().toNanos() + config.fetchMaxWait().toNanos();
    cluster
        .send(broker, LinkUse.FETCHES, FetchMessages.request(wanted, view, config), timeout)
        .whenComplete(
            (answer, failure) -> {
              fetching.remove(broker);
              if (answer instanceof FetchResponse response
                  && response.errorCode() == ErrorCode.NONE.code()) {
                FetchMessages.answers(response, names)
                    .forEach((partition, data) -> take(asked, offsets, partition, data));
              } else {
                MillraceException reason =
                    failure == null ? Failures.closed() : Failures.of(failure);
                LOG.debug("fetch failed broker={} reason={}", broker, reason.getMessage());
                wanted.forEach(this::tryLater);
              }
              turn();
            });
  }

  private void tryLater(FetchTarget target) {
    target.retryAt(cluster.clock().monotonicNanos() + cluster.backoffNanos(target.failures + 1));
    cluster.refresh();
  }

  private void take(
      Map<TopicPartition, FetchTarget> asked,
      Map<TopicPartition, Long> offsets,
      TopicPartition partition,
      PartitionData data) {
    FetchTarget target = asked.get(partition);
    boolean isCurrent =
        target != null
            && targets.get(partition) == target
            && target.state == State.FETCHING
            && offsets.getOrDefault(partition, -1L) == target.offset;
    if (target == null || !isCurrent) {
      return; // the reader has moved on
    }
    ErrorCode error = ErrorCode.forCode(data.errorCode());
    if (error == ErrorCode.NONE) {
      if (data.preferredReadReplica() >= 0) {
        target.readReplica = data.preferredReadReplica();
      }
      if (data.records() instanceof MemoryRecords records && records.sizeInBytes() > 0) {
        takeRecords(target, records, data);
      }
    } else if (error == ErrorCode.OFFSET_OUT_OF_RANGE) {
      positionLost(target, data);
    } else if (error.isRetriable()) {
      LOG.debug("fetch refused partition={} error={}", partition, error);
      tryLater(target);
    } else {
      fail(
          target,
          new MillraceException(error, "cannot read " + partition + ": " + error.message()));
    }
  }

  private void takeRecords(FetchTarget target, MemoryRecords records, PartitionData data) {
    long next = -1;
    int epoch = -1;
    try {
      for (RecordBatch batch : records.batches()) {
        next = batch.nextOffset();
        epoch = batch.partitionLeaderEpoch();
      }
    } catch (CorruptRecordsException corrupt) {
      if (next < 0) {
        fail(
            target,
            new MillraceException(
                ErrorCode.CORRUPT_MESSAGE,
                "cannot read "
                    + target.partition
                    + " at offset "
                    + target.offset
                    + ": "
                    + corrupt.getMessage(),
                corrupt));
        return;
      }
    }
    if (next < 0) {
      fail(
          target,
          new MillraceException(
              ErrorCode.MESSAGE_TOO_LARGE,
              "the batch of "
                  + target.partition
                  + " at offset "
                  + target.offset
                  + " is larger than the broker's answer; raise max.partition.fetch.bytes="
                  + config.maxPartitionFetchBytes()));
      return;
    }
    target.fetched(Math.max(next, target.offset), epoch, records.sizeInBytes());
    bufferedBytes += records.sizeInBytes();
    events.put(
        new FetchEvent.Fetched(
            target.partition, target.generation, records, FetchMessages.aborted(data)));
  }

  private void positionLost(FetchTarget target, PartitionData data) {
    if (target.readReplica >= 0) {
      target.readReplica = -1; // it may lag behind the leader, who is asked next
      return;
    }
    StartAt reset = StartAt.reset(config.offsetReset());
    OffsetSpec spec = reset.lookup();
    if (spec == null || config.offsetReset() == OffsetReset.NONE) {
      fail(
          target,
          new MillraceException(
              ErrorCode.OFFSET_OUT_OF_RANGE,
              "offset "
                  + target.offset
                  + " of "
                  + target.partition
                  + " is not in the log, which begins at "
                  + data.logStartOffset()
                  + ", and auto.offset.reset is none"));
      return;
    }
    LOG.info(
        "position reset partition={} offset={} logStart={} highWatermark={} to={}",
        target.partition,
        target.offset,
        data.logStartOffset(),
        data.highWatermark(),
        config.offsetReset());
    target.lose(spec);
  }

  private void fail(FetchTarget target, MillraceException reason) {
    target.suspend();
    events.put(new FetchEvent.Failed(target.partition, target.generation, reason));
  }

  private void scheduleNext(long now) {
    long next = Long.MAX_VALUE;
    for (FetchTarget target : targets.values()) {
      boolean isWaiting =
          target.state == State.FETCHING
              || target.state == State.LOOKUP
              || target.state == State.COMMITTED;
      if (isWaiting && target.notBeforeNanos > now) {
        next = Math.min(next, target.notBeforeNanos);
      }
    }
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
    if (next < Long.MAX_VALUE) {
      timer =
          loop.schedule(
              () -> {
                timer = null;
                turn();
              },
              next - now);
    }
  }
}
