package io.millrace.server.coordinator;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.concurrent.EventLoop;
import io.millrace.protocol.ErrorCode;
import io.millrace.server.coordinator.CoordinatorLog.Chunk;
import io.millrace.server.coordinator.CoordinatorResult.Delivery;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One shard and its log, for one leader epoch.
 *
 * <pre>
 *   LOADING --log read to its end--> ACTIVE --append failed, or a turn threw--> LOADING
 *   LOADING | ACTIVE --leadership ends--> CLOSED
 * </pre>
 *
 * <p>A turn runs on the newest state, whether committed or not; its answers leave when all that was
 * appended before them is committed. So an answer never speaks of something that could still be
 * lost, and reads need no second copy of the state. While one batch is being committed, the records
 * of further turns gather for the next.
 *
 * <p>One batch at a time, because a batch that was computed on top of a refused one must never
 * reach the log.
 */
@ConfinedTo("the shard's loop")
final class ShardHost<S extends CoordinatorShard<R>, R> {
  private static final Logger LOG = LoggerFactory.getLogger(ShardHost.class);
  private static final long READ_RETRY_MILLIS = 100;
  private static final long ANSWER_NANOS = TimeUnit.SECONDS.toNanos(5);

  /** Beyond this much waiting to be appended, requests are refused. */
  private static final long MAX_WAITING_BYTES = 32L << 20;

  enum State {
    LOADING,
    ACTIVE,
    CLOSED
  }

  private final int partition;
  private final int leaderEpoch;
  private final EventLoop loop;
  private final CoordinatorLog log;
  private final CoordinatorRuntime.Setup<S, R> setup;

  /** In the order of their arrival, in which they are turned away too. */
  private final Set<Answer<?>> outstanding = new LinkedHashSet<>();

  private final BatchQueue waiting;
  private final CoordinatorTimer timers = new CoordinatorTimer();
  private final ShardAlarm alarm;

  /** Written on the loop; read elsewhere for metrics. */
  private volatile State state = State.LOADING;

  private S shard;
  private BatchQueue.@Nullable Batch inFlight;
  private boolean flushScheduled;

  /** Counts the loads; what an earlier one left under way is passed over by it. */
  private int load;

  private EventLoop.@Nullable Timer patience;
  private long loadedRecords;
  private long loadBeganMillis;

  ShardHost(
      int partition,
      int leaderEpoch,
      EventLoop loop,
      CoordinatorLog log,
      CoordinatorRuntime.Setup<S, R> setup) {
    this.partition = partition;
    this.leaderEpoch = leaderEpoch;
    this.loop = loop;
    this.log = log;
    this.setup = setup;
    this.waiting = new BatchQueue(log::maxBatchBytes);
    this.alarm = new ShardAlarm(loop, timers);
    this.shard = setup.factory().apply(partition);
  }

  int leaderEpoch() {
    return leaderEpoch;
  }

  EventLoop loop() {
    return loop;
  }

  /** Any thread may ask; the answer may be a moment old. */
  State state() {
    return state;
  }

  // ---- requests and events

  <T> void run(CoordinatorOperation<S, R, T> operation, Answer<T> answer) {
    assert loop.owns("run");
    if (state != State.ACTIVE) {
      fail(
          answer,
          state == State.LOADING
              ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS
              : ErrorCode.NOT_COORDINATOR);
      return;
    }
    if (!log.isLed()) {
      // A next coordinator may be at work. An append would find out; a read must be told, and so
      // must who waits for others here: they may be there by now.
      shard.onTurnedAway();
      sendAllAway();
      fail(answer, ErrorCode.NOT_COORDINATOR);
      return;
    }
    if (waiting.bytes() > MAX_WAITING_BYTES) {
      shard.onTurnedAway();
      fail(answer, ErrorCode.COORDINATOR_NOT_AVAILABLE);
      return;
    }
    outstanding.add(answer);
    if (!turn((s, turn) -> operation.run(s, turn, answer), () -> "an operation")) {
      fail(answer, ErrorCode.UNKNOWN_SERVER_ERROR);
      reload("an operation threw");
    }
  }

  /** An event that nobody waits for; passed over unless the shard is active. */
  void tell(BiConsumer<S, CoordinatorTurn<R>> event) {
    assert loop.owns("tell");
    if (state == State.ACTIVE && !turn(event, () -> "an event")) {
      reload("an event threw");
    }
  }

  private boolean turn(BiConsumer<S, CoordinatorTurn<R>> event, Supplier<String> what) {
    CoordinatorTurn<R> turn =
        new CoordinatorTurn<>(
            nowMillis(), setup.clock().wallMillis(), setup.image().get(), timers, shard);
    int current = load;
    try {
      event.accept(shard, turn);
      take(turn.result());
    } catch (RuntimeException e) {
      LOG.error(
          "shard failed topic={} partition={} in={}", setup.topic(), partition, what.get(), e);
      return false;
    }
    if (current == load) {
      arm();
    }
    return true;
  }

  private void take(CoordinatorResult<R> result) {
    result.atOnce().forEach(this::deliver);
    if (result.records().isEmpty()) {
      BatchQueue.Batch last = waiting.isEmpty() ? inFlight : waiting.last();
      if (last != null) {
        last.deliveries.addAll(result.deliveries());
      } else {
        result.deliveries().forEach(this::deliver);
      }
      return;
    }
    waiting.add(result.records().stream().map(setup.codec()::encode).toList(), result.deliveries());
    if (inFlight == null && !flushScheduled) {
      // Behind what the loop's queue holds already, so that all of that shares the batch.
      flushScheduled = true;
      int current = load;
      loop.execute(() -> flushLater(current));
    }
  }

  private void flushLater(int current) {
    if (current == load) {
      flushScheduled = false;
      flush();
    }
  }

  private void flush() {
    BatchQueue.Batch batch = inFlight == null ? waiting.poll() : null;
    if (batch == null) {
      return;
    }
    inFlight = batch;
    int current = load;
    if (patience == null) {
      patience = loop.schedule(() -> loseNoMoreTime(current, batch), ANSWER_NANOS);
    }
    CompletableFuture<Void> appended;
    try {
      appended = log.append(batch.records);
    } catch (RuntimeException e) {
      appended = CompletableFuture.failedFuture(e);
    }
    appended.whenComplete((done, failure) -> onLoop(() -> onAppended(current, failure)));
  }

  /**
   * A commit that takes long, because replicas are missing, say, keeps its place; but who waits for
   * it is told to come again, rather than left alone until the client gives up on this broker.
   */
  private void loseNoMoreTime(int current, BatchQueue.Batch asOf) {
    patience = null;
    BatchQueue.Batch now = inFlight;
    if (current != load || now == null) {
      return;
    }
    if (now == asOf) {
      setup.stats().stuck();
      LOG.warn(
          "commit takes long, turning requests away topic={} partition={} records={} waiting={}",
          setup.topic(),
          partition,
          now.records.size(),
          now.deliveries.size());
      shard.onTurnedAway();
      turnAway(now);
      waiting.forEach(this::turnAway);
    }
    patience = loop.schedule(() -> loseNoMoreTime(current, now), ANSWER_NANOS);
  }

  private void turnAway(BatchQueue.Batch batch) {
    batch.deliveries.forEach(
        delivery -> fail(delivery.answer(), ErrorCode.COORDINATOR_NOT_AVAILABLE));
    batch.deliveries.clear();
  }

  private void onAppended(int current, @Nullable Throwable failure) {
    BatchQueue.Batch batch = inFlight;
    if (current != load || batch == null) {
      return;
    }
    if (failure != null) {
      reload("an append failed: " + failure.getMessage());
      return;
    }
    inFlight = null;
    setup.stats().appended(batch.records.size());
    batch.deliveries.forEach(this::deliver);
    if (current == load) {
      flush();
    }
  }

  private void deliver(Delivery<?> delivery) {
    outstanding.remove(delivery.answer());
    delivery.deliver();
  }

  private void fail(Answer<?> answer, ErrorCode error) {
    outstanding.remove(answer);
    answer
        .future()
        .completeExceptionally(
            new CoordinatorException(
                error,
                setup.topic() + "-" + partition + " is " + state + " here, epoch=" + leaderEpoch));
  }

  // ---- timers

  private void arm() {
    int current = load;
    alarm.arm(nowMillis(), () -> ring(current));
  }

  private void ring(int current) {
    if (current != load || state != State.ACTIVE) {
      return;
    }
    alarm.rang();
    long now = nowMillis();
    for (Object key = timers.pollDue(now); key != null; key = timers.pollDue(now)) {
      Object due = key;
      if (!turn((s, turn) -> s.onTimer(due, turn), () -> "timer " + due)) {
        reload("a timer threw");
      }
      if (current != load) {
        return;
      }
    }
    arm();
  }

  private long nowMillis() {
    return TimeUnit.NANOSECONDS.toMillis(setup.clock().monotonicNanos());
  }

  // ---- load and unload

  void start() {
    assert loop.owns("start");
    LOG.debug(
        "shard loads topic={} partition={} leaderEpoch={}", setup.topic(), partition, leaderEpoch);
    loadBeganMillis = nowMillis();
    readFrom(load, log.startOffset());
  }

  private void readFrom(int current, long offset) {
    if (current != load || state != State.LOADING) {
      return;
    }
    CompletableFuture<Chunk> read;
    try {
      read = log.read(offset);
    } catch (RuntimeException e) {
      read = CompletableFuture.failedFuture(e);
    }
    read.whenComplete((chunk, failure) -> onLoop(() -> onRead(current, offset, chunk, failure)));
  }

  private void onRead(
      int current, long offset, @Nullable Chunk chunk, @Nullable Throwable failure) {
    if (current != load || state != State.LOADING) {
      return;
    }
    if (failure != null || chunk == null) {
      LOG.warn(
          "shard cannot read its log topic={} partition={} offset={} because={}",
          setup.topic(),
          partition,
          offset,
          String.valueOf(failure));
      // From the start: retention may have removed what lay at the offset.
      loop.schedule(() -> reloadIf(current), TimeUnit.MILLISECONDS.toNanos(READ_RETRY_MILLIS));
      return;
    }
    for (StoredRecord stored : chunk.records()) {
      R record = setup.codec().decode(stored);
      if (record != null) {
        shard.replay(record);
        loadedRecords++;
      }
    }
    if (!chunk.end()) {
      readFrom(current, chunk.nextOffset());
      return;
    }
    state = State.ACTIVE;
    long millis = nowMillis() - loadBeganMillis;
    setup.stats().loaded(millis);
    LOG.info(
        "shard is active topic={} partition={} leaderEpoch={} records={} millis={} {}",
        setup.topic(),
        partition,
        leaderEpoch,
        loadedRecords,
        millis,
        shard.summary());
    tell((s, turn) -> s.onLoaded(turn));
  }

  private void reloadIf(int current) {
    if (current == load) {
      reload("its log could not be read");
    }
  }

  private void reload(String reason) {
    if (state == State.CLOSED) {
      return;
    }
    LOG.warn(
        "shard starts again topic={} partition={} because={}", setup.topic(), partition, reason);
    drop(State.LOADING);
    shard = setup.factory().apply(partition);
    start();
  }

  /** Ends this host for good. */
  void close(String reason) {
    assert loop.owns("close");
    if (state != State.CLOSED) {
      LOG.info(
          "shard closes topic={} partition={} leaderEpoch={} {} turnedAway={} because={}",
          setup.topic(),
          partition,
          leaderEpoch,
          shard.summary(),
          outstanding.size(),
          reason);
      drop(State.CLOSED);
    }
  }

  private void drop(State next) {
    load++;
    state = next;
    inFlight = null;
    flushScheduled = false;
    waiting.clear();
    loadedRecords = 0;
    timers.clear();
    alarm.cancel();
    if (patience != null) {
      patience.cancel();
      patience = null;
    }
    sendAllAway();
  }

  private void sendAllAway() {
    for (Answer<?> answer : List.copyOf(outstanding)) {
      fail(answer, ErrorCode.NOT_COORDINATOR);
    }
  }

  private void onLoop(Runnable task) {
    try {
      loop.execute(task);
    } catch (RejectedExecutionException e) {
      LOG.debug("loop is closed topic={} partition={}", setup.topic(), partition);
    }
  }
}
