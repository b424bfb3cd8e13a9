package io.millrace.server.coordinator;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.metadata.image.MetadataImage;
import io.millrace.protocol.ErrorCode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The runtime's rules, with a shard that adds numbers. */
class CoordinatorRuntimeTest {

  /** Adds numbers. */
  static final class Adder implements CoordinatorShard<Integer> {
    int sum;
    int timersRung;
    boolean loaded;
    final List<Answer<Integer>> parked = new ArrayList<>();

    @Override
    public void replay(Integer record) {
      sum += record;
    }

    @Override
    public void onLoaded(CoordinatorTurn<Integer> turn) {
      loaded = true;
    }

    @Override
    public String summary() {
      return "sum=" + sum;
    }

    @Override
    public void onTimer(Object key, CoordinatorTurn<Integer> turn) {
      timersRung++;
      turn.append(1000);
    }

    void add(CoordinatorTurn<Integer> turn, int number, Answer<Integer> answer) {
      turn.append(number);
      turn.answer(answer, sum);
    }

    void get(CoordinatorTurn<Integer> turn, Answer<Integer> answer) {
      turn.answer(answer, sum);
    }
  }

  private static final class IntCodec implements RecordCodec<Integer> {
    @Override
    public StoredRecord encode(Integer record) {
      return new StoredRecord(ByteBuffer.allocate(4).putInt(0, record), null);
    }

    @Override
    public Integer decode(StoredRecord stored) {
      return stored.key().getInt(0);
    }
  }

  private final ManualLoop loop = new ManualLoop();
  private final MemoryLog log = new MemoryLog();
  private final CoordinatorRuntime<Adder, Integer> runtime =
      new CoordinatorRuntime<>(
          new CoordinatorRuntime.Setup<>(
              "__numbers",
              partition -> new Adder(),
              new IntCodec(),
              loop,
              () -> MetadataImage.EMPTY,
              partition -> loop));

  @BeforeEach
  void start() {
    runtime.start(0, 5, log);
    loop.run();
  }

  private CompletableFuture<Integer> add(int number) {
    return runtime.submit(0, (shard, turn, answer) -> shard.add(turn, number, answer));
  }

  private CompletableFuture<Integer> get() {
    return runtime.submit(0, (shard, turn, answer) -> shard.get(turn, answer));
  }

  private static ErrorCode errorOf(CompletableFuture<?> answer) {
    try {
      answer.getNow(null);
    } catch (CompletionException e) {
      if (e.getCause() instanceof CoordinatorException refused) {
        return refused.error();
      }
      throw e;
    }
    throw new AssertionError("no failure: " + answer);
  }

  @Test
  void answer_waitsUntilItsRecordsAreCommitted() {
    log.hold();
    CompletableFuture<Integer> answer = add(3);
    loop.run();
    assertThat(answer).isNotDone();

    log.commitOne();
    loop.run();
    assertThat(answer).isCompletedWithValue(3);
  }

  @Test
  void readAfterUncommittedWrite_waitsForIt() {
    log.hold();
    add(3);
    loop.run();
    CompletableFuture<Integer> read = get();
    loop.run();
    assertThat(read).isNotDone();

    log.commitOne();
    loop.run();
    assertThat(read).isCompletedWithValue(3);
    CompletableFuture<Integer> idle = get();
    loop.run();
    assertThat(idle).isCompletedWithValue(3);
  }

  @Test
  void requestsQueuedTogether_shareABatch() {
    log.hold();
    add(1);
    add(2);
    add(3);
    loop.run();
    assertThat(log.batchSizes()).containsExactly(3);

    add(4);
    add(5);
    loop.run();
    assertThat(log.pendingBatches()).isEqualTo(1); // one at a time
    log.commitOne();
    loop.run();
    assertThat(log.batchSizes()).containsExactly(3, 2);
  }

  @Test
  void failedAppend_dropsWhatWasBuiltOnIt_andLoadsAgain() {
    log.hold();
    CompletableFuture<Integer> first = add(1);
    loop.run();
    CompletableFuture<Integer> second = add(2);
    CompletableFuture<Integer> read = get();
    loop.run();

    log.failOne(false);
    log.release();
    loop.run();

    assertThat(errorOf(first)).isEqualTo(ErrorCode.NOT_COORDINATOR);
    assertThat(errorOf(second)).isEqualTo(ErrorCode.NOT_COORDINATOR);
    assertThat(errorOf(read)).isEqualTo(ErrorCode.NOT_COORDINATOR);
    assertThat(log.committed()).isEmpty();
    CompletableFuture<Integer> after = add(10);
    loop.run();
    assertThat(after).isCompletedWithValue(10);
  }

  @Test
  void failedAppendThatReachedTheLog_isFoundAgain() {
    log.hold();
    add(1);
    loop.run();
    log.failOne(true);
    log.release();
    CompletableFuture<Integer> read = get();
    loop.run();
    assertThat(errorOf(read)).isEqualTo(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);
    CompletableFuture<Integer> later = get();
    loop.run();
    assertThat(later).isCompletedWithValue(1);
  }

  @Test
  void nextLeader_knowsWhatWasCommitted() {
    for (int i = 0; i < 20; i++) {
      add(1);
    }
    loop.run();
    runtime.start(0, 6, log.next());
    loop.run();
    CompletableFuture<Integer> read = get();
    loop.run();
    assertThat(read).isCompletedWithValue(20);
  }

  @Test
  void lostLeadership_failsWhoWaits_andRefusesWhoComes() {
    CompletableFuture<Integer> parked =
        runtime.submit(0, (shard, turn, answer) -> shard.parked.add(answer));
    log.hold();
    CompletableFuture<Integer> writing = add(1);
    loop.run();

    runtime.stop(0, 6, "the test says so");
    CompletableFuture<Integer> late = get();
    loop.run();

    assertThat(errorOf(parked)).isEqualTo(ErrorCode.NOT_COORDINATOR);
    assertThat(errorOf(writing)).isEqualTo(ErrorCode.NOT_COORDINATOR);
    assertThat(errorOf(late)).isEqualTo(ErrorCode.NOT_COORDINATOR);
    log.release();
    loop.run(); // the append's end finds nobody
  }

  @Test
  void stopOfAnOlderEpoch_isPassedOver() {
    runtime.stop(0, 4, "old news");
    CompletableFuture<Integer> read = get();
    loop.run();
    assertThat(read).isCompletedWithValue(0);
  }

  @Test
  void timer_runsAsATurn_andItsRecordsAreKept() {
    runtime.<Integer>submit(
        0,
        (shard, turn, answer) -> {
          turn.timers().set("k", turn.nowMillis() + 50);
          turn.answer(answer, 0);
        });
    loop.advance(49);
    assertThat(log.committed()).isEmpty();
    loop.advance(1);
    assertThat(log.committed()).hasSize(1);
  }

  @Test
  void operationThatThrows_answersAndLoadsAgain() {
    add(1);
    loop.run();
    CompletableFuture<Integer> broken =
        runtime.submit(
            0,
            (shard, turn, answer) -> {
              shard.sum = 999;
              throw new IllegalStateException("the test says so");
            });
    loop.run();
    CompletableFuture<Integer> read = get();
    loop.run();
    assertThat(errorOf(broken)).isEqualTo(ErrorCode.UNKNOWN_SERVER_ERROR);
    assertThat(read).isCompletedWithValue(1);
  }

  private CompletableFuture<Integer> addTen() {
    return runtime.submit(
        0,
        (shard, turn, answer) -> {
          for (int i = 0; i < 10; i++) {
            turn.append(1);
          }
          turn.answer(answer, shard.sum);
        });
  }

  @Test
  void answerThatTellsNothingNew_doesNotWaitForTheBatchUnderWay() {
    log.hold();
    add(3);
    loop.run();
    CompletableFuture<Integer> ping =
        runtime.submit(0, (shard, turn, answer) -> turn.answerAtOnce(answer, 1));
    loop.run();
    assertThat(ping).isCompletedWithValue(1);
  }

  @Test
  void brokerThatMayNotLeadAnyMore_answersNothingFromMemory() {
    add(3);
    loop.run();
    log.loseLease();
    CompletableFuture<Integer> read = get();
    CompletableFuture<Integer> ping =
        runtime.submit(0, (shard, turn, answer) -> turn.answerAtOnce(answer, 1));
    loop.run();
    assertThat(errorOf(read)).isEqualTo(ErrorCode.NOT_COORDINATOR);
    assertThat(errorOf(ping)).isEqualTo(ErrorCode.NOT_COORDINATOR);
  }

  @Test
  void brokerThatMayNotLeadAnyMore_sendsAwayWhoWaitsForOthers() {
    CompletableFuture<Integer> parked =
        runtime.submit(0, (shard, turn, answer) -> shard.parked.add(answer));
    log.hold();
    CompletableFuture<Integer> writing = add(3);
    loop.run();
    assertThat(parked).isNotDone();
    log.loseLease();
    get();
    loop.run();
    assertThat(errorOf(parked)).isEqualTo(ErrorCode.NOT_COORDINATOR);
    assertThat(errorOf(writing)).isEqualTo(ErrorCode.NOT_COORDINATOR);

    // It was only for a moment: what was under way goes on.
    log.lead(true);
    log.release();
    CompletableFuture<Integer> read = get();
    loop.run();
    assertThat(read).isCompletedWithValue(3);
  }

  @Test
  void commitThatTakesLong_turnsRequestsAway_andKeepsItsRecords() {
    log.hold();
    CompletableFuture<Integer> first = add(3);
    loop.advance(1_000);
    CompletableFuture<Integer> second = add(4);
    loop.advance(3_999);
    assertThat(first).isNotDone();
    loop.advance(1);
    assertThat(errorOf(first)).isEqualTo(ErrorCode.COORDINATOR_NOT_AVAILABLE);
    assertThat(errorOf(second)).isEqualTo(ErrorCode.COORDINATOR_NOT_AVAILABLE);

    log.release();
    CompletableFuture<Integer> read = get();
    loop.run();
    assertThat(read).isCompletedWithValue(7);
    assertThat(runtime.stats().loads()).isEqualTo(1); // nothing was thrown away
  }

  @Test
  void busyShard_turnsNobodyAway_whileEachBatchIsQuick() {
    log.hold();
    CompletableFuture<Integer> last = add(1);
    for (int i = 0; i < 20; i++) {
      loop.advance(900);
      CompletableFuture<Integer> next = add(1);
      log.commitOne();
      loop.run();
      assertThat(last).isCompleted();
      last = next;
    }
  }

  @Test
  void turnLargerThanABatch_isAnsweredWhenItsLastBatchIsCommitted() {
    log.maxBatchBytes(100); // two records
    log.hold();
    CompletableFuture<Integer> large = addTen();
    CompletableFuture<Integer> next = add(5);
    loop.run();
    for (int i = 0; i < 4; i++) {
      log.commitOne();
      loop.run();
      assertThat(large).isNotDone();
    }
    log.commitOne();
    loop.run();
    assertThat(large).isCompletedWithValue(10);
    assertThat(next).isNotDone();

    log.commitOne();
    loop.run();
    assertThat(next).isCompletedWithValue(15);
  }

  @Test
  void turnLargerThanABatch_isRefusedWhenOneOfItsBatchesIs() {
    log.maxBatchBytes(100);
    log.hold();
    CompletableFuture<Integer> large = addTen();
    loop.run();
    log.commitOne();
    loop.run();
    log.failOne(false);
    loop.run();
    CompletableFuture<Integer> read = get();
    loop.run();
    assertThat(errorOf(large)).isEqualTo(ErrorCode.NOT_COORDINATOR);
    assertThat(read).isCompletedWithValue(2);
  }

  @Test
  void recordLargerThanABatch_failsItsRequestAlone() {
    log.maxBatchBytes(20);
    CompletableFuture<Integer> large = add(1);
    loop.run();
    CompletableFuture<Integer> read = get();
    loop.run();
    assertThat(errorOf(large)).isEqualTo(ErrorCode.UNKNOWN_SERVER_ERROR);
    assertThat(read).isCompletedWithValue(0);
    assertThat(log.committed()).isEmpty();
  }
}
