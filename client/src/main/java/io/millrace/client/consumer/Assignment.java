package io.millrace.client.consumer;

import io.millrace.client.ConsumerConfig;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.ClientRuntime;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which partitions are read, and from where: keeps the reading side's cursors and the fetching
 * loop's targets in step. Each assignment and seek has a generation, so that what was fetched for
 * an earlier one is dropped wherever it is. Guarded by the consumer's lock.
 */
final class Assignment {

  private final ClientRuntime runtime;
  private final Fetcher fetcher;
  private final Map<TopicPartition, PartitionCursor> cursors;
  private final StartAt start;
  private long generations;

  Assignment(
      ConsumerConfig config,
      ClientRuntime runtime,
      Fetcher fetcher,
      Map<TopicPartition, PartitionCursor> cursors) {
    this.runtime = runtime;
    this.fetcher = fetcher;
    this.cursors = cursors;
    this.start =
        config.group() == null
            ? StartAt.reset(config.offsetReset())
            : StartAt.committed(config.offsetReset());
  }

  Collection<PartitionCursor> cursors() {
    return cursors.values();
  }

  Set<TopicPartition> partitions() {
    return Set.copyOf(cursors.keySet());
  }

  /** Exactly these; those that were there before go on where they are. */
  void replace(Collection<TopicPartition> partitions) {
    cursors.keySet().retainAll(new HashSet<>(partitions));
    partitions.forEach(this::begin);
    publish();
  }

  /** These no more, and those as well, from their beginning. */
  void change(Collection<TopicPartition> gone, Collection<TopicPartition> added) {
    gone.forEach(cursors::remove);
    added.forEach(this::begin);
    publish();
  }

  private void begin(TopicPartition partition) {
    if (!cursors.containsKey(partition)) {
      cursors.put(partition, new PartitionCursor(partition, ++generations, start, false));
    }
  }

  private void publish() {
    Map<TopicPartition, FetchTarget> targets = new LinkedHashMap<>();
    cursors.forEach(
        (partition, cursor) ->
            targets.put(partition, target(partition, cursor.generation, start, cursor.paused)));
    toLoop(() -> fetcher.assign(targets));
  }

  void seek(Collection<TopicPartition> partitions, StartAt to) {
    partitions.forEach(this::require);
    for (TopicPartition partition : partitions) {
      PartitionCursor before = require(partition);
      long generation = ++generations;
      PartitionCursor cursor = new PartitionCursor(partition, generation, to, before.paused);
      cursor.revoking = before.revoking;
      cursors.put(partition, cursor);
      FetchTarget target = target(partition, generation, to, before.paused);
      toLoop(() -> fetcher.seek(target));
    }
  }

  /** Goes on from an earlier place of this very assignment. */
  void rewind(PartitionCursor cursor, OffsetAndMetadata to) {
    seek(List.of(cursor.partition), StartAt.offset(to.offset()));
    PartitionCursor fresh = require(cursor.partition);
    fresh.leaderEpoch = to.leaderEpoch();
    fresh.committed = cursor.committed;
  }

  void setPaused(Collection<TopicPartition> partitions, boolean paused) {
    partitions.forEach(this::require);
    for (TopicPartition partition : partitions) {
      require(partition).paused = paused;
      toLoop(() -> fetcher.pause(partition, paused));
    }
  }

  Set<TopicPartition> paused() {
    return cursors.values().stream()
        .filter(cursor -> cursor.paused)
        .map(cursor -> cursor.partition)
        .collect(Collectors.toUnmodifiableSet());
  }

  PartitionCursor require(TopicPartition partition) {
    PartitionCursor cursor = cursors.get(partition);
    if (cursor == null) {
      throw new IllegalStateException(partition + " is not assigned to this consumer");
    }
    return cursor;
  }

  private FetchTarget target(
      TopicPartition partition, long generation, StartAt from, boolean paused) {
    return new FetchTarget(partition, generation, from, paused, runtime.clock().monotonicNanos());
  }

  private void toLoop(Runnable task) {
    runtime.cluster().runOnLoop(task);
  }
}
