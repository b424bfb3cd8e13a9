package io.millrace.client.consumer;

import io.millrace.client.ConsumerRecord;
import io.millrace.client.MillraceException;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.Processing;
import io.millrace.client.RecordHandler;
import io.millrace.client.TopicPartition;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * Moves records from the reader into a {@link ProcessingLane} per partition. The pump is one task
 * at a time on the executor: it looks after the group, then fills lanes that have room. A partition
 * whose lane is full is not read; what was fetched of it stays counted against the fetcher's
 * bounds, and so fetching of it stops.
 *
 * <p>The pump and {@link Progress} run under the consumer's lock.
 */
final class RecordProcessing<K, V> implements Processing, Progress {

  /** What the processing needs of its consumer; all under the lock, which the pump takes. */
  interface Host<K, V> {
    void lock();

    void unlock();

    /** Looks after the group and takes what was fetched. */
    void attend();

    /** Whether records may be handed over now. */
    boolean mayRead();

    Collection<PartitionCursor> cursors();

    /** The next record of a partition. */
    @Nullable ConsumerRecord<K, V> next(PartitionCursor cursor);

    void rewind(PartitionCursor cursor, OffsetAndMetadata to);

    /** The processing is over; the consumer is free for another reader. */
    void ended(RecordProcessing<K, V> former);
  }

  private final Host<K, V> host;
  private final Executor executor;
  private final int queueCapacity;
  private final RecordHandler<K, V> handler;
  private final Map<TopicPartition, ProcessingLane<K, V>> lanes = new HashMap<>();
  private final AtomicInteger work = new AtomicInteger();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final CompletableFuture<Void> ended = new CompletableFuture<>();
  private volatile boolean stopping;
  private boolean stopBegun; // under the lock

  RecordProcessing(
      Host<K, V> host, Executor executor, int queueCapacity, RecordHandler<K, V> handler) {
    this.host = host;
    this.executor = executor;
    this.queueCapacity = queueCapacity;
    this.handler = handler;
  }

  /** There may be records, room, or something to look after. Any thread. */
  void somethingChanged() {
    if (work.getAndIncrement() == 0) {
      try {
        executor.execute(this::run);
      } catch (RejectedExecutionException refused) {
        failed(refused);
        host.lock();
        try {
          beginStop();
        } finally {
          host.unlock();
        }
      }
    }
  }

  private void run() {
    int seen = work.get();
    while (true) {
      pump();
      seen = work.addAndGet(-seen);
      if (seen == 0) {
        return;
      }
    }
  }

  private void pump() {
    Set<ProcessingLane<K, V>> filled = new HashSet<>();
    host.lock();
    try {
      if (stopping || ended.isDone()) {
        beginStop();
        return;
      }
      host.attend();
      fill(filled);
    } catch (MillraceException unreadable) {
      failed(unreadable);
    } finally {
      host.unlock();
    }
    filled.forEach(ProcessingLane::start);
  }

  private void fill(Set<ProcessingLane<K, V>> filled) {
    if (lanes.size() > host.cursors().size()) {
      Set<PartitionCursor> current = Set.copyOf(host.cursors());
      lanes.values().removeIf(lane -> lane.quiet().isDone() && !current.contains(lane.cursor));
    }
    for (PartitionCursor cursor : List.copyOf(host.cursors())) {
      ProcessingLane<K, V> lane = cursor.isOpen() && cursor.isSettled() ? laneOf(cursor) : null;
      while (lane != null && lane.hasRoom() && host.mayRead()) {
        ConsumerRecord<K, V> record = host.next(cursor);
        if (record == null) {
          break;
        }
        lane.offer(record);
        filled.add(lane);
      }
    }
  }

  /** Null while the one before, of an earlier seek or assignment, still handles a record. */
  private @Nullable ProcessingLane<K, V> laneOf(PartitionCursor cursor) {
    ProcessingLane<K, V> lane = lanes.get(cursor.partition);
    if (lane != null && lane.cursor == cursor && !lane.isStopped()) {
      return lane;
    }
    if (lane != null) {
      lane.stop();
      if (!lane.quiet().isDone()) {
        lane.quiet().thenRun(this::somethingChanged);
        return null;
      }
    }
    ProcessingLane<K, V> fresh =
        new ProcessingLane<>(
            cursor,
            new OffsetAndMetadata(cursor.position, cursor.leaderEpoch, ""),
            queueCapacity,
            handler,
            executor,
            this::somethingChanged,
            this::failed);
    lanes.put(cursor.partition, fresh);
    return fresh;
  }

  @Override
  public @Nullable OffsetAndMetadata of(PartitionCursor cursor) {
    ProcessingLane<K, V> lane = lanes.get(cursor.partition);
    if (lane == null || lane.cursor != cursor || (lane.isIdle() && !lane.isStopped())) {
      return HANDED_OVER.of(cursor); // also behind records that nobody sees
    }
    return lane.processed();
  }

  @Override
  public CompletableFuture<Void> quiesce(Collection<TopicPartition> partitions) {
    List<CompletableFuture<Void>> quiet = new ArrayList<>();
    for (TopicPartition partition : partitions) {
      ProcessingLane<K, V> lane = lanes.get(partition);
      if (lane != null) {
        lane.stop();
        quiet.add(lane.quiet());
      }
    }
    return CompletableFuture.allOf(quiet.toArray(CompletableFuture<?>[]::new));
  }

  /** The handler, the reader or the executor has failed: stops everything. */
  private void failed(Throwable reason) {
    failure.compareAndSet(null, reason);
    stop();
  }

  @Override
  public CompletableFuture<Void> stop() {
    stopping = true;
    somethingChanged();
    return ended();
  }

  @Override
  public CompletableFuture<Void> ended() {
    return ended.copy();
  }

  /** Under the lock. */
  private void beginStop() {
    if (!stopBegun) {
      stopBegun = true;
      quiesce(Set.copyOf(lanes.keySet())).thenRun(this::end);
    }
  }

  /** Nothing is handled any more: positions go back to where the handler is. */
  private void end() {
    host.lock();
    try {
      if (ended.isDone()) {
        return;
      }
      for (PartitionCursor cursor : List.copyOf(host.cursors())) {
        ProcessingLane<K, V> lane = lanes.get(cursor.partition);
        if (lane != null && lane.cursor == cursor && !lane.isIdle()) {
          host.rewind(cursor, lane.processed());
        }
      }
      host.ended(this);
    } finally {
      host.unlock();
    }
    Throwable reason = failure.get();
    if (reason == null) {
      ended.complete(null);
    } else {
      ended.completeExceptionally(reason);
    }
  }
}
