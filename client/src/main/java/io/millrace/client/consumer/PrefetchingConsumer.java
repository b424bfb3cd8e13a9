package io.millrace.client.consumer;

import io.millrace.client.Consumer;
import io.millrace.client.ConsumerConfig;
import io.millrace.client.ConsumerRecord;
import io.millrace.client.ConsumerRecords;
import io.millrace.client.Deserializer;
import io.millrace.client.GroupConfig;
import io.millrace.client.MemberIdentity;
import io.millrace.client.MillraceException;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.OffsetAndTimestamp;
import io.millrace.client.OffsetSpec;
import io.millrace.client.Processing;
import io.millrace.client.RebalanceListener;
import io.millrace.client.RecordHandler;
import io.millrace.client.TopicDescription;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.ClientRuntime;
import io.millrace.client.group.GroupClient;
import io.millrace.client.group.Subscription;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * The consumer behind {@link Consumer}: the reading side and the fetching loop, which speak through
 * an {@link EventQueue} one way and tasks the other way. This class is the door: it lets one caller
 * in ({@link ReadGate}) and hands the call to whom it concerns: positions to {@link Assignment},
 * records to {@link RecordReader} and {@link Readers}, the group to {@link GroupReader}.
 */
public final class PrefetchingConsumer<K, V> implements Consumer<K, V> {

  private final ConsumerConfig config;
  private final ClientRuntime runtime;
  private final Fetcher fetcher;
  private final RecordReader<K, V> reader;
  private final ReadGate gate;
  private final Assignment assignment;
  private final OffsetQueries queries;
  private final Readers<K, V> readers;
  private final @Nullable GroupReader group;

  PrefetchingConsumer(
      ConsumerConfig config,
      Deserializer<K> keys,
      Deserializer<V> values,
      ClientRuntime runtime,
      EventQueue events) {
    this.config = config;
    this.runtime = runtime;
    this.gate = new ReadGate(events, runtime.clock());
    GroupConfig inGroup = config.group();
    GroupClient client =
        inGroup == null
            ? null
            : new GroupClient(
                inGroup, config.clientRack(), memberId(), runtime.cluster(), events::nudge);
    this.fetcher = new Fetcher(config, runtime.cluster(), events, client);
    this.reader = new RecordReader<>(config, keys, values, events, new ToLoop());
    this.assignment = new Assignment(config, runtime, fetcher, reader.cursors());
    this.group = client == null ? null : new GroupReader(client, runtime, gate, assignment, events);
    this.queries = new OffsetQueries(config, runtime.cluster());
    this.readers = new Readers<>(gate, events, reader, assignment, group);
  }

  private String memberId() {
    return new Uuid(runtime.random().nextLong(), runtime.random().nextLong()).toString();
  }

  /** Starts the loop; connects when partitions are assigned, or a group is joined. */
  public static <K, V> Consumer<K, V> start(
      ConsumerConfig config, Deserializer<K> keys, Deserializer<V> values) {
    ClientRuntime runtime = ClientRuntime.start(config.client(), false);
    return started(new PrefetchingConsumer<>(config, keys, values, runtime, new EventQueue()));
  }

  static <K, V> Consumer<K, V> started(PrefetchingConsumer<K, V> consumer) {
    consumer.toLoop(consumer.fetcher::start);
    return consumer;
  }

  // what is read

  @Override
  public void assign(Collection<TopicPartition> partitions) {
    gate.enter();
    try {
      if (group != null && group.subscription() != null) {
        throw new IllegalStateException(
            "the group assigns what this consumer reads; unsubscribe before assign");
      }
      assignment.replace(partitions);
      readers.somethingChanged();
    } finally {
      gate.leave();
    }
  }

  @Override
  public void subscribe(Collection<String> topics, RebalanceListener listener) {
    subscribe(new Subscription(new HashSet<>(topics), null), listener);
  }

  @Override
  public void subscribePattern(String pattern, RebalanceListener listener) {
    if (pattern.isEmpty()) {
      throw new IllegalArgumentException("the pattern is empty");
    }
    subscribe(new Subscription(Set.of(), pattern), listener);
  }

  private void subscribe(Subscription wanted, RebalanceListener listener) {
    gate.enter();
    try {
      GroupReader members = requireGroup("subscribe");
      if (wanted.topics().isEmpty() && wanted.pattern() == null) {
        throw new IllegalArgumentException("no topics to subscribe to; unsubscribe says that");
      }
      if (members.subscription() == null && !assignment.cursors().isEmpty()) {
        throw new IllegalStateException(
            "partitions are assigned by hand; assign none before subscribe");
      }
      toLoop(() -> fetcher.subscribed(wanted.topics()));
      members.subscribe(wanted, listener);
    } finally {
      gate.leave();
    }
  }

  @Override
  public Set<String> subscription() {
    gate.enter();
    try {
      Subscription wanted = group == null ? null : group.subscription();
      return wanted == null ? Set.of() : wanted.topics();
    } finally {
      gate.leave();
    }
  }

  @Override
  public void unsubscribe() {
    gate.enter();
    try {
      if (group != null && group.subscription() != null) {
        group.leave(config.client().apiTimeout().toNanos());
        toLoop(() -> fetcher.subscribed(Set.of()));
      } else {
        assignment.replace(List.of());
      }
    } finally {
      gate.leave();
    }
  }

  @Override
  public Set<TopicPartition> assignment() {
    gate.enter();
    try {
      return assignment.partitions();
    } finally {
      gate.leave();
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
    gate.enter();
    try {
      assignment.seek(partitions, start);
      readers.somethingChanged();
    } finally {
      gate.leave();
    }
  }

  @Override
  public long position(TopicPartition partition) {
    gate.enter();
    try {
      long deadline = runtime.clock().monotonicNanos() + config.client().apiTimeout().toNanos();
      while (true) {
        reader.takeEvents();
        PartitionCursor cursor = assignment.require(partition);
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
        gate.awaitEvents(left);
      }
    } finally {
      gate.leave();
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
    gate.enter();
    try {
      assignment.setPaused(partitions, paused);
      readers.somethingChanged();
    } finally {
      gate.leave();
    }
  }

  @Override
  public Set<TopicPartition> paused() {
    gate.enter();
    try {
      return assignment.paused();
    } finally {
      gate.leave();
    }
  }

  // records

  @Override
  public ConsumerRecords<K, V> poll(Duration timeout) {
    gate.enter();
    try {
      readers.requireNone();
      readers.back();
      try {
        return pollUntil(runtime.clock().monotonicNanos() + timeout.toNanos());
      } finally {
        readers.away();
      }
    } finally {
      gate.leave();
    }
  }

  private ConsumerRecords<K, V> pollUntil(long deadlineNanos) {
    while (true) {
      gate.throwIfWoken();
      readers.attend();
      ConsumerRecords<K, V> records = readers.collect(config.maxPollRecords());
      long left = deadlineNanos - runtime.clock().monotonicNanos();
      if (!records.isEmpty() || left <= 0) {
        return records;
      }
      gate.awaitEvents(left);
    }
  }

  @Override
  public Flow.Publisher<ConsumerRecord<K, V>> publisher(Executor executor) {
    return readers.publisher(executor);
  }

  @Override
  public Processing process(
      Executor executor, int queuedPerPartition, RecordHandler<K, V> handler) {
    if (queuedPerPartition < 1) {
      throw new IllegalArgumentException(
          "queued records per partition are " + queuedPerPartition + ", must be 1 or more");
    }
    gate.enter();
    try {
      readers.requireNone();
      return readers.process(executor, queuedPerPartition, handler);
    } finally {
      gate.leave();
    }
  }

  // offsets of the group

  @Override
  public CompletableFuture<Void> commitAsync() {
    gate.enter();
    try {
      GroupReader members = requireGroup("commit");
      return members.commit(members.positions(), apiNanos());
    } finally {
      gate.leave();
    }
  }

  @Override
  public CompletableFuture<Void> commitAsync(Map<TopicPartition, OffsetAndMetadata> offsets) {
    return requireGroup("commit").commit(Map.copyOf(offsets), apiNanos());
  }

  @Override
  public void commitSync() {
    gate.enter();
    try {
      await(commitAsync());
    } finally {
      gate.leave();
    }
  }

  @Override
  public void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets) {
    gate.enter();
    try {
      await(commitAsync(offsets));
    } finally {
      gate.leave();
    }
  }

  private void await(CompletableFuture<Void> commit) {
    if (!gate.await(commit, apiNanos(), reader::takeEvents, true)) {
      throw new MillraceException(
          ErrorCode.REQUEST_TIMED_OUT,
          "the commit was not answered within default.api.timeout.ms="
              + config.client().apiTimeout().toMillis());
    }
    ReadGate.resultOf(commit);
  }

  @Override
  public CompletableFuture<Map<TopicPartition, OffsetAndMetadata>> committed(
      Collection<TopicPartition> partitions) {
    return requireGroup("ask for committed offsets").group().committed(partitions, apiNanos());
  }

  @Override
  public MemberIdentity memberIdentity() {
    return requireGroup("be a member").group().member();
  }

  private GroupReader requireGroup(String what) {
    GroupReader members = group;
    if (members == null) {
      throw new IllegalStateException("cannot " + what + " without a group: group.id is not set");
    }
    return members;
  }

  private long apiNanos() {
    return config.client().apiTimeout().toNanos();
  }

  // questions about logs

  @Override
  public CompletableFuture<Map<TopicPartition, OffsetAndTimestamp>> offsetsForTimes(
      Map<TopicPartition, Long> timestamps) {
    return queries.forTimes(timestamps);
  }

  @Override
  public CompletableFuture<Map<TopicPartition, Long>> beginningOffsets(
      Collection<TopicPartition> partitions) {
    return queries.offsets(partitions, OffsetSpec.earliest());
  }

  @Override
  public CompletableFuture<Map<TopicPartition, Long>> endOffsets(
      Collection<TopicPartition> partitions) {
    return queries.offsets(partitions, OffsetSpec.latest());
  }

  @Override
  public CompletableFuture<TopicDescription> describeTopic(String topic) {
    return queries.describe(topic);
  }

  // the end

  @Override
  public void wakeup() {
    gate.wakeup();
  }

  @Override
  public void close(Duration timeout) {
    if (gate.isClosed()) {
      return;
    }
    gate.enter();
    if (group != null && group.isTelling()) {
      gate.leave();
      throw new IllegalStateException("a rebalance listener cannot close its consumer");
    }
    try {
      long deadline = runtime.clock().monotonicNanos() + timeout.toNanos();
      readers.stop(timeout.toNanos());
      if (group != null) {
        group.leave(deadline - runtime.clock().monotonicNanos());
      }
    } finally {
      gate.close();
      reader.cursors().clear();
      gate.leave();
      readers.closed();
      end();
    }
  }

  private void end() {
    toLoop(
        () -> {
          runtime.cluster().close();
          runtime.end();
        });
    if (!runtime.loop().inEventLoop()) {
      runtime.awaitEnd();
    }
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
