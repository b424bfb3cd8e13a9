package io.millrace.client.producer;

import static io.millrace.concurrent.Interleavings.check;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.concurrent.Interleavings;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Never more than the capacity, nobody sleeps beside free memory, nothing is lost. */
class MemoryBudgetConcurrencyTest {

  private static boolean reserve(MemoryBudget budget, long bytes) {
    try {
      return budget.reserve(bytes, Long.MAX_VALUE);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void reserve_whileOthersRelease_isServed() {
    Interleavings.explore(
        800,
        () -> {
          MemoryBudget budget = Interleavings.shared(new MemoryBudget(2, () -> {}));
          check(budget.tryReserve(2), "the first gets all");
          Interleavings.inParallel(
              () -> {
                budget.release(1);
                budget.release(1);
              },
              () -> {
                check(reserve(budget, 2), "the second waits and gets all");
                budget.release(2);
              },
              () -> {
                if (budget.tryReserve(1)) {
                  budget.release(1);
                }
              });
          check(budget.free() == 2, "free is " + budget.free() + " of 2");
          check(!budget.isContended(), "nobody waits");
        });
  }

  @Test
  void reserve_byTwoAtOnce_keepsToTheCapacity() {
    Interleavings.explore(
        800,
        () -> {
          MemoryBudget budget = Interleavings.shared(new MemoryBudget(2, () -> {}));
          AtomicBoolean inside = Interleavings.shared(new AtomicBoolean());
          Runnable user =
              () -> {
                check(reserve(budget, 2), "waits for its turn");
                check(inside.compareAndSet(false, true), "two hold more than there is");
                inside.set(false);
                budget.release(2);
              };
          Interleavings.inParallel(user, user);
          check(budget.free() == 2, "free is " + budget.free() + " of 2");
        });
  }

  @Test
  @Timeout(30)
  void reserve_interruptedWhenItIsServed_keepsWhatItGot() throws Exception {
    // given: a thread that waits for memory
    AtomicReference<Runnable> underTheLock = new AtomicReference<>(() -> {});
    MemoryBudget budget =
        new MemoryBudget(10, () -> Objects.requireNonNull(underTheLock.get()).run());
    assertThat(budget.tryReserve(10)).isTrue();
    AtomicBoolean reserved = new AtomicBoolean();
    AtomicBoolean interrupted = new AtomicBoolean();
    Thread waiter =
        new Thread(
            () -> {
              reserved.set(reserve(budget, 10));
              interrupted.set(Thread.currentThread().isInterrupted());
            });
    waiter.start();
    awaitState(waiter, Thread.State.TIMED_WAITING);

    // when: it is interrupted, and served before it gets the lock back
    underTheLock.set(
        () -> {
          underTheLock.set(() -> {});
          waiter.interrupt();
          awaitState(waiter, Thread.State.WAITING);
          budget.release(10);
        });
    budget.whenFree(10);
    waiter.join();

    // then: its memory is not lost
    assertThat(reserved).isTrue();
    assertThat(interrupted).isTrue();
    budget.release(10);
    assertThat(budget.free()).isEqualTo(10);
  }

  private static void awaitState(Thread thread, Thread.State state) {
    while (thread.getState() != state) {
      Thread.onSpinWait();
    }
  }
}
