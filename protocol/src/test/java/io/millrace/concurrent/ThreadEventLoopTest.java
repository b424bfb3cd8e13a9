package io.millrace.concurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ThreadEventLoopTest {

  private static final long MS = TimeUnit.MILLISECONDS.toNanos(1);

  private final ConcurrentLinkedQueue<Throwable> failures = new ConcurrentLinkedQueue<>();
  private final ThreadEventLoop loop =
      new ThreadEventLoop(
          "loop-under-test", Clock.system(), (l, failure) -> failures.add(failure), 256);

  @AfterEach
  void close() {
    loop.close();
  }

  @Test
  void tasksOfOneCaller_runInOrderOnTheNamedThread() throws Exception {
    // given
    List<Integer> ran = new ArrayList<>();
    CompletableFuture<String> thread = new CompletableFuture<>();

    // when
    for (int i = 0; i < 100; i++) {
      int number = i;
      loop.execute(() -> ran.add(number));
    }
    loop.execute(() -> thread.complete(Thread.currentThread().getName()));

    // then
    assertThat(thread.get(10, TimeUnit.SECONDS)).isEqualTo("loop-under-test");
    assertThat(ran).hasSize(100).isSorted();
    assertThat(loop.inEventLoop()).isFalse();
    assertThatThrownBy(() -> loop.owns("append")).isInstanceOf(AssertionError.class);
  }

  @Test
  void taskThatThrows_goesToTheHandlerAndTheLoopGoesOn() throws Exception {
    // when
    loop.execute(
        () -> {
          throw new IllegalStateException("boom");
        });
    loop.execute(
        () -> {
          throw new AssertionError("bang");
        });
    onLoop(() -> {});

    // then
    assertThat(failures).hasSize(2);
  }

  @Test
  void fullQueue_refusesTryExecuteBeforeExecute() throws Exception {
    // given: a loop that is held up
    CountDownLatch release = new CountDownLatch(1);
    CountDownLatch held = new CountDownLatch(1);
    loop.execute(
        () -> {
          held.countDown();
          awaitQuietly(release);
        });
    held.await();

    // when
    int refusable = 0;
    while (loop.tryExecute(() -> {})) {
      refusable++;
    }
    int events = refusable;
    try {
      while (true) {
        loop.execute(() -> {});
        events++;
      }
    } catch (RejectedExecutionException full) {
      // then
      assertThat(full).hasMessageContaining("full");
    }
    assertThat(refusable).isEqualTo(192);
    assertThat(events).isEqualTo(256);
    release.countDown();
  }

  @Test
  void timers_runInTheOrderOfTheirTimesAndNotBefore() throws Exception {
    // given
    List<String> ran = new ArrayList<>();
    CountDownLatch done = new CountDownLatch(4);
    long start = System.nanoTime();
    AtomicLong firstAt = new AtomicLong();

    // when: from outside and from the loop itself
    loop.schedule(() -> note(ran, "60", done), 60 * MS);
    loop.schedule(() -> note(ran, "40", done), 40 * MS);
    loop.schedule(
        () -> {
          firstAt.set(System.nanoTime() - start);
          note(ran, "20", done);
          loop.schedule(() -> note(ran, "20+0", done), 0);
        },
        20 * MS);

    // then
    assertThat(done.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(onLoop(() -> ran)).containsExactly("20", "20+0", "40", "60");
    assertThat(firstAt.get()).isGreaterThanOrEqualTo(20 * MS);
  }

  @Test
  void cancelledTimer_doesNotRun() throws Exception {
    // given
    AtomicBoolean ran = new AtomicBoolean();
    EventLoop.Timer outside = loop.schedule(() -> ran.set(true), 30 * MS);
    CompletableFuture<EventLoop.Timer> inside = new CompletableFuture<>();
    loop.execute(() -> inside.complete(loop.schedule(() -> ran.set(true), 30 * MS)));

    // when
    outside.cancel();
    outside.cancel();
    EventLoop.Timer timer = inside.get();
    loop.execute(timer::cancel);
    CountDownLatch later = new CountDownLatch(1);
    loop.schedule(later::countDown, 60 * MS);

    // then
    assertThat(later.await(10, TimeUnit.SECONDS)).isTrue();
    assertThat(ran).isFalse();
  }

  @Test
  void acceptedTasks_runWhenTheLoopIsClosedMeanwhile() throws Exception {
    for (int round = 0; round < 200; round++) {
      // given: producers that hand over until they are refused
      ThreadEventLoop closing =
          new ThreadEventLoop(
              "closing-" + round, Clock.system(), (l, failure) -> failures.add(failure), 4096);
      AtomicInteger accepted = new AtomicInteger();
      AtomicInteger ran = new AtomicInteger();
      List<Thread> producers = new ArrayList<>();
      for (int p = 0; p < 3; p++) {
        Thread producer =
            new Thread(
                () -> {
                  try {
                    while (true) {
                      loopOnce(closing, ran);
                      accepted.incrementAndGet();
                    }
                  } catch (RejectedExecutionException closedOrFull) {
                    // the end of this producer
                  }
                });
        producer.start();
        producers.add(producer);
      }

      // when
      while (ran.get() < 10) {
        Thread.onSpinWait();
      }
      closing.shutdown().get(10, TimeUnit.SECONDS);
      for (Thread producer : producers) {
        producer.join();
      }

      // then
      assertThat(ran.get()).as("round %d", round).isEqualTo(accepted.get());
    }
    assertThat(failures).isEmpty();
  }

  @Test
  void noWakeUpIsLost_whenTheLoopFallsAsleepAtTheHandOver() throws Exception {
    // given: each producer waits for its task before it hands over the next, so that the loop
    // sleeps between nearly all
    int producers = 3;
    int rounds = 20_000;
    CountDownLatch done = new CountDownLatch(producers);
    for (int p = 0; p < producers; p++) {
      new Thread(
              () -> {
                AtomicInteger ran = new AtomicInteger();
                for (int i = 1; i <= rounds; i++) {
                  loop.execute(ran::incrementAndGet);
                  while (ran.get() < i) { // a lost wake-up hangs here, until the test's timeout
                    Thread.onSpinWait();
                  }
                }
                done.countDown();
              })
          .start();
    }

    // then
    assertThat(done.await(50, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void idleLoop_usesNoCpu() throws Exception {
    // given: a timer far away, so that it parks with a time as well
    loop.schedule(() -> {}, TimeUnit.HOURS.toNanos(1));
    long id = onLoop(() -> Thread.currentThread().getId());
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();

    // when
    long before = threads.getThreadCpuTime(id);
    CountDownLatch quiet = new CountDownLatch(1);
    assertThat(quiet.await(200, TimeUnit.MILLISECONDS)).isFalse();

    // then
    assertThat(threads.getThreadCpuTime(id) - before).isLessThan(20 * MS);
  }

  @Test
  void closedLoop_refuses() {
    // when
    loop.close();

    // then
    assertThat(loop.awaitTermination(Duration.ofSeconds(10))).isTrue();
    assertThat(loop.tryExecute(() -> {})).isFalse();
    assertThatThrownBy(() -> loop.execute(() -> {}))
        .isInstanceOf(RejectedExecutionException.class)
        .hasMessageContaining("loop-under-test is closed");
  }

  private static void loopOnce(EventLoop loop, AtomicInteger ran) {
    loop.execute(ran::incrementAndGet);
  }

  private static void note(List<String> ran, String name, CountDownLatch done) {
    ran.add(name);
    done.countDown();
  }

  private void onLoop(Runnable task) throws Exception {
    onLoop(
        () -> {
          task.run();
          return true;
        });
  }

  private <T> T onLoop(java.util.function.Supplier<T> task) throws Exception {
    CompletableFuture<T> result = new CompletableFuture<>();
    loop.execute(() -> result.complete(task.get()));
    return result.get(10, TimeUnit.SECONDS);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
