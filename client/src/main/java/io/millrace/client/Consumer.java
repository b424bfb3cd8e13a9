package io.millrace.client;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;

/**
 * Reads records of partitions that the application assigns ({@link #assign}), or that a group
 * shares out among its members ({@link #subscribe}, KIP-848). Fetches ahead in the background,
 * within bounded memory.
 *
 * <p>Not thread-safe: one thread at a time may call it, and a second one gets {@link
 * java.util.ConcurrentModificationException}. Exceptions, from any thread: {@link #wakeup()}, the
 * offset queries, which never touch positions, {@link #commitAsync(Map)}, {@link #committed} and
 * {@link #memberIdentity}.
 *
 * <p>Three ways to read, one at a time: {@link #poll} pulls; {@link #publisher} pushes with demand;
 * {@link #process} hands the partitions to a handler, in parallel.
 *
 * <p>With a {@code group.id} partitions begin where the group has committed, and where it has not,
 * as {@code auto.offset.reset} says. With {@code enable.auto.commit} the offsets of what the
 * application is done with are committed every {@code auto.commit.interval.ms}, before partitions
 * are given up, and on close; it is done with a poll's records when it polls again, with a stream's
 * record when {@code onNext} has returned, and with a handler's when the handler has.
 */
public interface Consumer<K, V> extends AutoCloseable {

  /** Begins a consumer of bytes. */
  static ConsumerBuilder<byte[], byte[]> builder() {
    return new ConsumerBuilder<>(Deserializers.bytes(), Deserializers.bytes());
  }

  /** Begins a consumer. */
  static <K, V> ConsumerBuilder<K, V> builder(Deserializer<K> keys, Deserializer<V> values) {
    return new ConsumerBuilder<>(keys, values);
  }

  /**
   * Reads from these partitions, and no others. Partitions that were assigned before keep their
   * position; new ones begin where {@code auto.offset.reset} says, or where {@link #seek} says
   * next.
   *
   * @throws IllegalStateException while subscribed
   */
  void assign(Collection<TopicPartition> partitions);

  /**
   * Joins the group, which shares out the partitions of these topics among its members; called
   * again it changes the topics. Joining goes on in the background, whatever the application does;
   * what comes of it takes effect, and is told to the listener, when records are read next.
   *
   * @throws IllegalStateException without a {@code group.id}, or while partitions are assigned
   */
  void subscribe(Collection<String> topics, RebalanceListener listener);

  /** The same without a listener. */
  default void subscribe(Collection<String> topics) {
    subscribe(topics, new RebalanceListener() {});
  }

  /**
   * The same with all topics whose whole name matches a regular expression, also those that are
   * created later. The broker evaluates it, in RE2's syntax; {@code INVALID_REGULAR_EXPRESSION} is
   * reported by the next read.
   */
  void subscribePattern(String pattern, RebalanceListener listener);

  /** The same without a listener. */
  default void subscribePattern(String pattern) {
    subscribePattern(pattern, new RebalanceListener() {});
  }

  /** The topics subscribed to by name. */
  Set<String> subscription();

  /** Commits if it is to, leaves the group, and reads nothing any more. Also undoes an assign. */
  void unsubscribe();

  /**
   * Commits the offsets of everything that the application is done with, and waits for that up to
   * {@code default.api.timeout.ms}.
   *
   * @throws MillraceException with {@code UNKNOWN_MEMBER_ID} or {@code FENCED_MEMBER_EPOCH} when
   *     the group has thrown this member out: others may read its partitions already
   * @throws WakeupException after {@link #wakeup()}
   */
  void commitSync();

  /** Commits these offsets: of the next record to be read of each partition. */
  void commitSync(Map<TopicPartition, OffsetAndMetadata> offsets);

  /** As {@link #commitSync()}, without waiting. Commits take effect in the order of the calls. */
  CompletableFuture<Void> commitAsync();

  /** As {@link #commitSync(Map)}, without waiting. Any thread. */
  CompletableFuture<Void> commitAsync(Map<TopicPartition, OffsetAndMetadata> offsets);

  /** What the group has committed; partitions without a commit are absent. Any thread. */
  CompletableFuture<Map<TopicPartition, OffsetAndMetadata>> committed(
      Collection<TopicPartition> partitions);

  /** Who this consumer is in its group. Any thread. */
  MemberIdentity memberIdentity();

  Set<TopicPartition> assignment();

  /** Goes on from this offset. */
  void seek(TopicPartition partition, long offset);

  /** Goes on from the first record that the log has. */
  void seekToBeginning(Collection<TopicPartition> partitions);

  /** Goes on from the end: records to come. */
  void seekToEnd(Collection<TopicPartition> partitions);

  /**
   * Goes on from the first record with this timestamp or a later one; from the end where there is
   * none.
   */
  void seekToTimestamp(Collection<TopicPartition> partitions, long millis);

  /**
   * The offset of the next record to be handed over. Looks it up when it is not settled yet, and
   * waits for that up to {@code default.api.timeout.ms}.
   */
  long position(TopicPartition partition);

  /**
   * Stops handing over records of these partitions, until {@link #resume}. Nothing that was fetched
   * is lost.
   */
  void pause(Collection<TopicPartition> partitions);

  void resume(Collection<TopicPartition> partitions);

  Set<TopicPartition> paused();

  /**
   * Waits for records, at most this long; returns as soon as there are any, at most {@code
   * max.poll.records}.
   *
   * @throws WakeupException after {@link #wakeup()}
   * @throws RecordReadException when a record cannot be read
   * @throws MillraceException when a partition cannot be read: no position and no reset, not
   *     authorized, an unknown topic
   */
  ConsumerRecords<K, V> poll(Duration timeout);

  /**
   * Records as a stream, for one subscriber at a time; each record counts one of the demand. {@code
   * onNext} runs on the executor, one record after another. Cancelling the subscription gives the
   * consumer back to {@link #poll}, at the position behind the last record that was handed over.
   * While it is subscribed, {@link #assign}, {@link #seek} and the like may still be called.
   */
  Flow.Publisher<ConsumerRecord<K, V>> publisher(Executor executor);

  /**
   * Hands records to a handler until {@link Processing#stop}: those of one partition one after
   * another in their order, partitions in parallel as the executor allows. Between the reader and
   * the handler each partition has a queue of bounded length; a partition whose queue is full is
   * not fetched until there is room. Only what the handler has returned from is committed, by
   * itself with {@code enable.auto.commit} and with {@link #commitAsync()}. When the group takes a
   * partition away, records that wait are dropped, and the one that is being handled is waited for,
   * up to half of the rebalance timeout. {@code max.poll.interval.ms} does not apply.
   *
   * <p>The executor also runs the {@link RebalanceListener}; it needs a thread that is free now and
   * then, or heartbeats go on but no change is carried out.
   *
   * @param queuedPerPartition records of one partition that wait for the handler at most
   */
  Processing process(Executor executor, int queuedPerPartition, RecordHandler<K, V> handler);

  /** The same with up to 256 records of each partition waiting. */
  default Processing process(Executor executor, RecordHandler<K, V> handler) {
    return process(executor, 256, handler);
  }

  /**
   * For each partition the first record with the timestamp or a later one; partitions without one
   * are absent. Any thread.
   */
  CompletableFuture<Map<TopicPartition, OffsetAndTimestamp>> offsetsForTimes(
      Map<TopicPartition, Long> timestamps);

  /** The first offset that each log has. Any thread. */
  CompletableFuture<Map<TopicPartition, Long>> beginningOffsets(
      Collection<TopicPartition> partitions);

  /** Where each log ends for a reader of this isolation level. Any thread. */
  CompletableFuture<Map<TopicPartition, Long>> endOffsets(Collection<TopicPartition> partitions);

  /** The partitions of a topic; fails with {@code UNKNOWN_TOPIC_OR_PARTITION}. Any thread. */
  CompletableFuture<TopicDescription> describeTopic(String topic);

  /** Ends a {@link #poll} or {@link #position} that waits, or the next one. Any thread. */
  void wakeup();

  /** As {@link #close(Duration)} with 10 seconds. */
  @Override
  default void close() {
    close(Duration.ofSeconds(10));
  }

  /**
   * Ends: waits for records that a handler works on, commits with {@code enable.auto.commit}, tells
   * the listener, leaves the group (a static member says that it will be back), and frees threads,
   * connections and buffers. What does not fit into the time is left out, but for the listener. A
   * subscriber gets no more records. Does nothing the second time.
   */
  void close(Duration timeout);
}
