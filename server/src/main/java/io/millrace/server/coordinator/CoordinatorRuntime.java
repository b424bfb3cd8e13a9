package io.millrace.server.coordinator;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.protocol.ErrorCode;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * All shards of one coordinator that this broker leads. Any thread; each shard lives on the loop
 * that its partition is given.
 *
 * @param <S> the shard
 * @param <R> its records
 */
public final class CoordinatorRuntime<S extends CoordinatorShard<R>, R> {

  /**
   * What every shard of a coordinator is made of.
   *
   * @param topic the internal topic
   * @param factory makes an empty shard for a partition
   * @param loops the loop of a partition's shard; always the same for the same partition
   */
  public record Setup<S extends CoordinatorShard<R>, R>(
      String topic,
      IntFunction<S> factory,
      RecordCodec<R> codec,
      Clock clock,
      Supplier<MetadataImage> image,
      IntFunction<EventLoop> loops,
      CoordinatorStats stats) {

    public Setup(
        String topic,
        IntFunction<S> factory,
        RecordCodec<R> codec,
        Clock clock,
        Supplier<MetadataImage> image,
        IntFunction<EventLoop> loops) {
      this(topic, factory, codec, clock, image, loops, new CoordinatorStats());
    }
  }

  private final Setup<S, R> setup;
  private final ConcurrentHashMap<Integer, ShardHost<S, R>> hosts = new ConcurrentHashMap<>();

  public CoordinatorRuntime(Setup<S, R> setup) {
    this.setup = setup;
  }

  /**
   * This broker leads the partition from now on: loads its shard. An older leader epoch than the
   * one known is passed over.
   */
  public void start(int partition, int leaderEpoch, CoordinatorLog log) {
    EventLoop loop = setup.loops().apply(partition);
    hosts.compute(
        partition,
        (key, current) -> {
          if (current != null && current.leaderEpoch() >= leaderEpoch) {
            return current;
          }
          if (current != null) {
            loop.execute(() -> current.close("leader epoch " + leaderEpoch + " begins"));
          }
          ShardHost<S, R> host = new ShardHost<>(partition, leaderEpoch, loop, log, setup);
          loop.execute(host::start);
          return host;
        });
  }

  /** This broker leads the partition no more, as of a leader epoch. */
  public void stop(int partition, int leaderEpoch, String reason) {
    hosts.computeIfPresent(
        partition,
        (key, current) -> {
          if (current.leaderEpoch() > leaderEpoch) {
            return current;
          }
          close(current, reason);
          return null;
        });
  }

  /** Closes every shard; the loops stay. */
  public void stopAll(String reason) {
    for (Integer partition : List.copyOf(hosts.keySet())) {
      stop(partition, Integer.MAX_VALUE, reason);
    }
  }

  private void close(ShardHost<S, R> host, String reason) {
    try {
      host.loop().execute(() -> host.close(reason));
    } catch (RejectedExecutionException e) {
      // The loop is gone, and with it whatever the shard could still have done.
    }
  }

  /**
   * Hands a request to a shard. The future fails with a {@link CoordinatorException}: {@code
   * NOT_COORDINATOR}, {@code COORDINATOR_LOAD_IN_PROGRESS}, {@code COORDINATOR_NOT_AVAILABLE} when
   * there is too much to do, {@code UNKNOWN_SERVER_ERROR} when the operation threw.
   */
  public <T> CompletableFuture<T> submit(int partition, CoordinatorOperation<S, R, T> operation) {
    ShardHost<S, R> host = hosts.get(partition);
    if (host == null) {
      return refused(partition, ErrorCode.NOT_COORDINATOR, "is not led by this broker");
    }
    Answer<T> answer = new Answer<>();
    if (!host.loop().tryExecute(() -> host.run(operation, answer))) {
      return refused(partition, ErrorCode.COORDINATOR_NOT_AVAILABLE, "has a full queue");
    }
    return answer.future();
  }

  /** Hands a request to every shard here. In order of the partitions. */
  public <T> Map<Integer, CompletableFuture<T>> submitToAll(
      CoordinatorOperation<S, R, T> operation) {
    Map<Integer, CompletableFuture<T>> answers = new TreeMap<>();
    for (Integer partition : hosts.keySet()) {
      answers.put(partition, submit(partition, operation));
    }
    return answers;
  }

  /** Tells every active shard here of an event: a change of the image. */
  public void tellAll(BiConsumer<S, CoordinatorTurn<R>> event) {
    for (ShardHost<S, R> host : hosts.values()) {
      host.loop().execute(() -> host.tell(event));
    }
  }

  /**
   * Tells a shard of an event that it can do without: passed over when the shard is not here, not
   * active, or its loop takes no more.
   */
  public void tell(int partition, BiConsumer<S, CoordinatorTurn<R>> event) {
    ShardHost<S, R> host = hosts.get(partition);
    if (host != null) {
      host.loop().tryExecute(() -> host.tell(event));
    }
  }

  /** What the shards have done so far. */
  public CoordinatorStats stats() {
    return setup.stats();
  }

  /** Shards that are here and answer. */
  public int active() {
    return count(ShardHost.State.ACTIVE);
  }

  /** Shards that are here and read their logs. */
  public int loading() {
    return count(ShardHost.State.LOADING);
  }

  private int count(ShardHost.State state) {
    int count = 0;
    for (ShardHost<S, R> host : hosts.values()) {
      count += host.state() == state ? 1 : 0;
    }
    return count;
  }

  /** Whether this broker leads the partition, as far as the runtime was told. */
  public boolean leads(int partition) {
    return hosts.containsKey(partition);
  }

  private <T> CompletableFuture<T> refused(int partition, ErrorCode error, String reason) {
    return CompletableFuture.failedFuture(
        new CoordinatorException(error, setup.topic() + "-" + partition + " " + reason));
  }

  /**
   * Turns the failures of {@link #submit} into values.
   *
   * @param onError makes the answer for an error
   */
  public static <T> CompletableFuture<T> orElse(
      CompletableFuture<T> answer, Function<ErrorCode, T> onError) {
    return answer.exceptionally(
        failure -> {
          Throwable cause =
              failure instanceof java.util.concurrent.CompletionException
                      && failure.getCause() != null
                  ? failure.getCause()
                  : failure;
          return onError.apply(
              cause instanceof CoordinatorException refused
                  ? refused.error()
                  : ErrorCode.UNKNOWN_SERVER_ERROR);
        });
  }
}
