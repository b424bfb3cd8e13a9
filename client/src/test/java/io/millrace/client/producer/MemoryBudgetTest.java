package io.millrace.client.producer;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(30)
class MemoryBudgetTest {

  private final AtomicInteger contentions = new AtomicInteger();
  private final MemoryBudget budget = new MemoryBudget(100, contentions::incrementAndGet);

  @Test
  void fullBudget_refusesWithoutWaiting() {
    assertThat(budget.tryReserve(100)).isTrue();
    assertThat(budget.tryReserve(1)).isFalse();
    budget.release(100);
    assertThat(budget.free()).isEqualTo(100);
  }

  @Test
  void reservation_timesOutAndLeavesNoTrace() throws Exception {
    assertThat(budget.tryReserve(60)).isTrue();
    assertThat(budget.reserve(50, TimeUnit.MILLISECONDS.toNanos(20))).isFalse();
    assertThat(budget.isContended()).isFalse();
    assertThat(budget.tryReserve(40)).isTrue();
    assertThat(contentions).hasValue(1);
  }

  @Test
  void moreThanTheCapacity_isRefusedAtOnce() throws Exception {
    assertThat(budget.reserve(101, Long.MAX_VALUE)).isFalse();
  }

  @Test
  void releasedMemory_goesToTheFirstWhoWaits() throws Exception {
    // given
    assertThat(budget.tryReserve(100)).isTrue();
    CompletableFuture<Boolean> waiter =
        CompletableFuture.supplyAsync(() -> reserve(80, TimeUnit.SECONDS.toNanos(20)));
    while (!budget.isContended()) {
      Thread.onSpinWait();
    }

    // when
    budget.release(50);

    // then: the newcomer does not overtake, though it would fit
    assertThat(budget.tryReserve(10)).isFalse();
    budget.release(50);
    assertThat(waiter.get(10, TimeUnit.SECONDS)).isTrue();
    assertThat(budget.free()).isEqualTo(20);
  }

  @Test
  void watcher_isToldWhenMemoryIsFree() throws Exception {
    // given
    assertThat(budget.tryReserve(100)).isTrue();
    CompletableFuture<Void> ready = budget.whenFree(30);
    assertThat(ready).isNotDone();

    // when
    budget.release(40);

    // then
    ready.get(10, TimeUnit.SECONDS);
    assertThat(budget.free()).isEqualTo(40);
  }

  /**
   * All threads make progress, and at the end everything is free again: no wake-up and no byte is
   * lost.
   */
  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {11, 12, 13})
  void manyThreads_shareTheBudgetWithoutLoss(long seed) throws Exception {
    // given
    SplittableRandom seeds = new SplittableRandom(seed);
    CountDownLatch start = new CountDownLatch(1);
    AtomicLong held = new AtomicLong();
    List<CompletableFuture<Void>> workers = new ArrayList<>();
    for (int thread = 0; thread < 6; thread++) {
      SplittableRandom random = seeds.split();
      workers.add(
          CompletableFuture.runAsync(
              () -> {
                try {
                  start.await();
                } catch (InterruptedException interrupted) {
                  throw new AssertionError(interrupted);
                }
                for (int i = 0; i < 2_000; i++) {
                  int bytes = 1 + random.nextInt(60);
                  assertThat(reserve(bytes, TimeUnit.SECONDS.toNanos(20))).isTrue();
                  assertThat(held.addAndGet(bytes)).isLessThanOrEqualTo(100);
                  held.addAndGet(-bytes);
                  budget.release(bytes);
                }
              },
              command -> new Thread(command, "worker").start()));
    }

    // when
    start.countDown();
    CompletableFuture.allOf(workers.toArray(CompletableFuture<?>[]::new)).get(25, TimeUnit.SECONDS);

    // then
    assertThat(budget.free()).isEqualTo(100);
    assertThat(budget.isContended()).isFalse();
  }

  private boolean reserve(long bytes, long nanos) {
    try {
      return budget.reserve(bytes, nanos);
    } catch (InterruptedException interrupted) {
      throw new AssertionError(interrupted);
    }
  }
}
