package io.millrace.client.consumer;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerConfig;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerRecords;
import io.millrace.client.Deserializer;
import io.millrace.client.MillraceException;
import io.millrace.client.OffsetAndTimestamp;
import io.millrace.client.OffsetSpec;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicPartition;
import io.millrace.client.WakeupException;
import io.millrace.client.cluster.ClientRuntime;
import io.millrace.client.cluster.OffsetLookup;
import io.millrace.client.cluster.TopicDescriber;
import io.millrace.protocol.ErrorCode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.ConcurrentModificationException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The consumer behind {@link Consumer}: the reading side and the fetching loop, which speak through
 * an {@link EventQueue} one way and tasks the other way. Each assignment and seek has a generation,
 * so that what was fetched for an earlier one is dropped wherever it is.
 *
 * <p>The lock guards the reading side. A poll that waits does not hold it, but is still the one
 * call that is allowed.
 */
public final class PrefetchingConsumer<K, V> implements Consumer<K, V> {

  private final ConsumerConfig config;
  private final ClientRuntime runtime;
  private final EventQueue events = new EventQueue();
  private final Fetcher fetcher;
  private final RecordReader<K, V> reader;
  private final ReentrantLock lock = new ReentrantLock();
  private final AtomicBoolean wakeup = new AtomicBoolean();
  private @Nullable Thread caller; // guarded by lock
  private int calls; // guarded by lock
  private long generations; // guarded by lock
  private @Nullable RecordSubscription<K, V> subscription; // guarded by lock
  private volatile boolean closed;

  private PrefetchingConsumer(
      ConsumerConfig config, Deserializer<K> keys, Deserializer<V> values, ClientRuntime runtime) {
    this.config = config;
    this.runtime = runtime;
    this.fetcher = new Fetcher(config, runtime.cluster(), events);
    this.reader = new RecordReader<>(config, keys, values, events, new ToLoop());
  }

  /** Starts the loop; connects when partitions are assigned. */
  public static <K, V> Consumer<K, V> start(
      ConsumerConfig config, Deserializer<K> keys, Deserializer<V> values) {
    ClientRuntime runtime = ClientRuntime.start(config.client(), false);
    PrefetchingConsumer<K, V> consumer = new PrefetchingConsumer<>(config, keys, values, runtime);
    runtime.loop().execute(consumer.fetcher::start);
    return consumer;
  }

  @Override
  public void assign(Collection<TopicPartition> partitions) {
    enter();
    try {
      Map<TopicPartition, PartitionCursor> cursors = reader.cursors();
      Set<TopicPartition> wanted = new HashSet<>(partitions);
      cursors.keySet().retainAll(wanted);
      Map<TopicPartition, FetchTarget> targets = new LinkedHashMap<>();
      StartAt start = StartAt.reset(config.offsetReset());
      for (TopicPartition partition : partitions) {
        PartitionCursor known = cursors.get(partition);
        if (known == null) {
          known = new PartitionCursor(partition, ++generations, start, false);
          cursors.put(partition, known);
        }
        targets.put(partition, target(partition, known.generation, start, known.paused));
      }
      toLoop(() -> fetcher.assign(targets));
    } finally {
      leave();
    }
  }

  private FetchTarget target(
      TopicPartition partition, long generation, StartAt start, boolean paused) {
    return new FetchTarget(partition, generation, start, paused, runtime.clock().monotonicNanos());
  }

  @Override
  public Set<TopicPartition> assignment() {
    enter();
    try {
      return Set.copyOf(reader.cursors().keySet());
    } finally {
      leave();
    }
  }

  @Override
  public void seek(TopicPartition partition, long offset) {
    if (offset < 0) {
      throw new IllegalArgumentException("offset " + offset + " for " + partition + " is negative");
    }
    seek(List.of(partition), StartAt.offset(offset));
  }

  @Override
  public void seekToBeginning(Collection<TopicPartition> partitions) {
    seek(partitions, StartAt.lookup(OffsetSpec.earliest()));
  }

  @Override
  public void seekToEnd(Collection<TopicPartition> partitions) {
    seek(partitions, StartAt.lookup(OffsetSpec.latest()));
  }

  @Override
  public void seekToTimestamp(Collection<TopicPartition> partitions, long millis) {
    seek(partitions, StartAt.lookup(OffsetSpec.forTimestamp(millis)));
  }

  private void seek(Collection<TopicPartition> partitions, StartAt start) {
    enter();
    try {
      partitions.forEach(this::requireAssigned);
      for (TopicPartition partition : partitions) {
        boolean paused = requireAssigned(partition).paused;
        long generation = ++generations;
        reader.cursors().put(partition, new PartitionCursor(partition, generation, start, paused));
        FetchTarget target = target(partition, generation, start, paused);
        toLoop(() -> fetcher.seek(target));
      }
    } finally {
      leave();
    }
  }

  private PartitionCursor requireAssigned(TopicPartition partition) {
    PartitionCursor cursor = reader.cursors().get(partition);
    if (cursor == null) {
      throw new IllegalStateException(partition + " is not assigned to this consumer");
    }
    return cursor;
  }

  @Override
  public long position(TopicPartition partition) {
    enter();
    try {
      long deadline = runtime.clock().monotonicNanos() + config.client().apiTimeout().toNanos();
      while (true) {
        reader.takeEvents();
        PartitionCursor cursor = requireAssigned(partition);
        if (cursor.isSettled()) {
          return cursor.position;
        }
        MillraceException failure = cursor.failure;
        if (failure != null) {
          reader.reported(failure);
          throw failure;
        }
        long left = deadline - runtime.clock().monotonicNanos();
        if (left <= 0) {
          throw new MillraceException(
              ErrorCode.REQUEST_TIMED_OUT,
              "the position of "
                  + partition
                  + " was not found within default.api.timeout.ms="
                  + config.client().apiTimeout().toMillis());
        }
        awaitEvents(left);
      }
    } finally {
      leave();
    }
  }

  @Override
  public void pause(Collection<TopicPartition> partitions) {
    setPaused(partitions, true);
  }

  @Override
  public void resume(Collection<TopicPartition> partitions) {
    setPaused(partitions, false);
  }

  private void setPaused(Collection<TopicPartition> partitions, boolean paused) {
    enter();
    try {
      partitions.forEach(this::requireAssigned);
      for (TopicPartition partition : partitions) {
        requireAssigned(partition).paused = paused;
        toLoop(() -> fetcher.pause(partition, paused));
      }
      RecordSubscription<K, V> active = subscription;
      if (!paused && active != null) {
        active.somethingChanged();
      }
    } finally {
      leave();
    }
  }

  @Override
  public Set<TopicPartition> paused() {
    enter();
    try {
      return reader.cursors().values().stream()
          .filter(cursor -> cursor.paused)
          .map(cursor -> cursor.partition)
          .collect(Collectors.toUnmodifiableSet());
    } finally {
      leave();
    }
  }

  @Override
  public ConsumerRecords<K, V> poll(Duration timeout) {
    enter();
    try {
      if (subscription != null) {
        throw new IllegalStateException("records go to a subscriber; cancel it before polling");
      }
      long deadline = runtime.clock().monotonicNanos() + timeout.toNanos();
      while (true) {
        if (wakeup.getAndSet(false)) {
          throw new WakeupException();
        }
        reader.takeEvents();
        ConsumerRecords<K, V> records = collect();
        long left = deadline - runtime.clock().monotonicNanos();
        if (!records.isEmpty() || left <= 0) {
          return records;
        }
        awaitEvents(left);
      }
    } finally {
      leave();
    }
  }

  private ConsumerRecords<K, V> collect() {
    Map<TopicPartition, List<ConsumerRecord<K, V>>> found = new LinkedHashMap<>();
    int count = 0;
    try {
      while (count < config.maxPollRecords()) {
        ConsumerRecord<K, V> record = reader.next();
        if (record == null) {
          break;
        }
        found.computeIfAbsent(record.topicPartition(), key -> new ArrayList<>()).add(record);
        count++;
      }
    } catch (MillraceException failure) {
      if (count == 0) {
        reader.reported(failure);
        throw failure;
      } // else the next poll meets it again, first
    } finally {
      reader.rotate();
    }
    return new ConsumerRecords<>(found);
  }

  /** Lets go of the lock while it waits. */
  private void awaitEvents(long nanos) {
    if (wakeup.getAndSet(false)) {
      throw new WakeupException();
    }
    lock.unlock();
    try {
      events.await(nanos);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new MillraceException(
          ErrorCode.NETWORK_EXCEPTION, "interrupted while waiting for records", interrupted);
    } finally {
      lock.lock();
    }
    if (wakeup.getAndSet(false)) {
      throw new WakeupException();
    }
    requireOpen();
  }

  @Override
  public Flow.Publisher<ConsumerRecord<K, V>> publisher(Executor executor) {
    return subscriber -> {
      Objects.requireNonNull(subscriber, "subscriber");
      RecordSubscription<K, V> fresh =
          new RecordSubscription<>(subscriber, executor, this::nextFor, this::ended);
      boolean isTaken;
      lock.lock();
      try {
        isTaken = subscription != null || caller != null || closed;
        if (!isTaken) {
          subscription = fresh;
          events.listen(fresh::somethingChanged);
        }
      } finally {
        lock.unlock();
      }
      if (isTaken) {
        fresh.refuse(
            new IllegalStateException(
                closed ? "the consumer is closed" : "the consumer has a reader already"));
      } else {
        fresh.begin();
      }
    };
  }

  /** One record for the subscriber; null when there is none now. */
  private @Nullable ConsumerRecord<K, V> nextFor() {
    lock.lock();
    try {
      reader.takeEvents();
      try {
        return reader.next();
      } catch (MillraceException failure) {
        reader.reported(failure);
        throw failure;
      } finally {
        reader.rotate();
      }
    } finally {
      lock.unlock();
    }
  }

  private void ended(RecordSubscription<K, V> former) {
    lock.lock();
    try {
      if (subscription == former) {
        subscription = null;
        events.listen(null);
      }
    } finally {
      lock.unlock();
    }
  }

  @Override
  public CompletableFuture<Map<TopicPartition, OffsetAndTimestamp>> offsetsForTimes(
      Map<TopicPartition, Long> timestamps) {
    Map<TopicPartition, Long> specs = new HashMap<>();
    timestamps.forEach(
        (partition, millis) -> specs.put(partition, OffsetSpec.forTimestamp(millis).timestamp()));
    return lookup(specs)
        .thenApply(
            found -> {
              Map<TopicPartition, OffsetAndTimestamp> present = new HashMap<>(found);
              present.values().removeIf(offset -> offset.offset() < 0);
              return Map.copyOf(present);
            });
  }

  @Override
  public CompletableFuture<Map<TopicPartition, Long>> beginningOffsets(
      Collection<TopicPartition> partitions) {
    return offsets(partitions, OffsetSpec.earliest());
  }

  @Override
  public CompletableFuture<Map<TopicPartition, Long>> endOffsets(
      Collection<TopicPartition> partitions) {
    return offsets(partitions, OffsetSpec.latest());
  }

  private CompletableFuture<Map<TopicPartition, Long>> offsets(
      Collection<TopicPartition> partitions, OffsetSpec spec) {
    Map<TopicPartition, Long> specs = new HashMap<>();
    partitions.forEach(partition -> specs.put(partition, spec.timestamp()));
    return lookup(specs)
        .thenApply(
            found -> {
              Map<TopicPartition, Long> offsets = new HashMap<>();
              found.forEach((partition, offset) -> offsets.put(partition, offset.offset()));
              return Map.copyOf(offsets);
            });
  }

  private CompletableFuture<Map<TopicPartition, OffsetAndTimestamp>> lookup(
      Map<TopicPartition, Long> specs) {
    Map<TopicPartition, CompletableFuture<OffsetAndTimestamp>> results =
        OffsetLookup.list(
            runtime.cluster(), specs, config.isolation(), config.client().apiTimeout().toNanos());
    return CompletableFuture.allOf(results.values().toArray(CompletableFuture<?>[]::new))
        .thenApply(
            done -> {
              Map<TopicPartition, OffsetAndTimestamp> found = new HashMap<>();
              results.forEach((partition, result) -> found.put(partition, result.join()));
              return found;
            });
  }

  @Override
  public CompletableFuture<TopicDescription> describeTopic(String topic) {
    return Objects.requireNonNull(
        TopicDescriber.describe(
                runtime.cluster(), List.of(topic), config.client().apiTimeout().toNanos())
            .get(topic));
  }

  @Override
  public void wakeup() {
    wakeup.set(true);
    events.wake();
  }

  @Override
  public void close() {
    RecordSubscription<K, V> former;
    lock.lock();
    try {
      if (closed) {
        return;
      }
      if (caller != null && caller != Thread.currentThread()) {
        throw busy();
      }
      closed = true;
      former = subscription;
      subscription = null;
      events.listen(null);
      reader.cursors().clear();
    } finally {
      lock.unlock();
    }
    if (former != null) {
      former.complete();
    }
    runtime
        .cluster()
        .runOnLoop(
            () -> {
              runtime.cluster().close();
              runtime.end();
            });
    if (!runtime.loop().inEventLoop()) {
      runtime.awaitEnd();
    }
  }

  /**
   * Begins a call: the only one, unless a subscriber reads, whose records come one by one under the
   * lock.
   */
  private void enter() {
    lock.lock();
    if (closed || (caller != null && caller != Thread.currentThread())) {
      boolean isBusy = !closed;
      lock.unlock();
      if (isBusy) {
        throw busy();
      }
      requireOpen();
    }
    caller = Thread.currentThread();
    calls++;
  }

  private void leave() {
    calls--;
    if (calls == 0) {
      caller = null;
    }
    lock.unlock();
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the consumer is closed");
    }
  }

  private ConcurrentModificationException busy() {
    return new ConcurrentModificationException(
        "a consumer is for one thread at a time; another is in a call now: " + caller);
  }

  private void toLoop(Runnable task) {
    runtime.cluster().runOnLoop(task);
  }

  private final class ToLoop implements RecordReader.Backchannel {
    @Override
    public void consumed(TopicPartition partition, long generation, int bytes) {
      toLoop(() -> fetcher.consumed(partition, generation, bytes));
    }

    @Override
    public void retry(TopicPartition partition, long generation) {
      toLoop(() -> fetcher.retry(partition, generation));
    }
  }
}
