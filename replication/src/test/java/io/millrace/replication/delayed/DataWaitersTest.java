package io.millrace.replication.delayed;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.log.simulated.ManualClock;
import io.millrace.log.simulated.ManualLoop;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class DataWaitersTest {

  private final AtomicLong end = new AtomicLong(10);
  private final AtomicInteger woken = new AtomicInteger();
  private final ManualClock clock = new ManualClock(1_000);
  private final ManualLoop loop = new ManualLoop("append", clock);
  private final DataWaiters waiters = new DataWaiters(loop, end::get);

  private DelayedFetch fetch(long bytes) {
    return new DelayedFetch(bytes, woken::incrementAndGet);
  }

  private void grow(long by, long bytes) {
    waiters.grew(end.addAndGet(by), bytes);
  }

  @Test
  void grew_enoughBytes_wakesOnce() {
    waiters.register(fetch(1), 10);

    grow(1, 100);
    grow(1, 100);

    assertThat(woken).hasValue(1);
    assertThat(waiters.size()).isZero();
  }

  @Test
  void grew_tooFewBytes_waitsForMore() {
    waiters.register(fetch(150), 10);

    grow(1, 100);
    assertThat(woken).hasValue(0);

    grow(1, 50);
    assertThat(woken).hasValue(1);
  }

  @Test
  void grew_bytesOfSeveralPartitions_countTogether() {
    DataWaiters other = new DataWaiters(loop, () -> 5);
    DelayedFetch fetch = fetch(150);
    waiters.register(fetch, 10);
    other.register(fetch, 5);

    grow(1, 100);
    other.grew(6, 50);

    assertThat(woken).hasValue(1);
  }

  @Test
  void register_endHasMovedSinceTheRead_wakesAtOnce() {
    waiters.register(fetch(1_000_000), 9);

    assertThat(woken).hasValue(1);
  }

  @Test
  void wakeAll_wakesWhateverIsMissing() {
    waiters.register(fetch(1_000_000), 10);

    waiters.wakeAll();

    assertThat(woken).hasValue(1);
  }

  @Test
  void timer_endsTheWaitOnce() {
    DelayedFetch fetch = fetch(1_000);
    waiters.register(fetch, 10);
    fetch.startTimer(loop, 500);

    clock.advanceMillis(1);
    ManualLoop.runAll(loop);
    grow(1, 5_000);

    assertThat(woken).hasValue(1);
    assertThat(fetch.isDone()).isTrue();
  }

  @Test
  void idlePartition_keepsOnlyAboutAsManyWaitersAsAreAlive() {
    for (int i = 0; i < 10_000; i++) {
      DelayedFetch fetch = fetch(1);
      waiters.register(fetch, 10);
      fetch.complete();
      ManualLoop.runAll(loop);
    }

    assertThat(waiters.size()).isLessThan(200);
  }
}
