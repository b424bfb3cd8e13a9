package io.millrace.server.network;

import static io.millrace.concurrent.Interleavings.check;

import io.millrace.concurrent.Interleavings;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A connection that waits for memory goes on when there is some, once. */
class MemoryBudgetConcurrencyTest {

  @Test
  void whenRoom_whileOthersGiveBack_runsOnce() {
    Interleavings.explore(
        300,
        () -> {
          MemoryBudget budget = Interleavings.shared(new MemoryBudget(4));
          AtomicInteger woken = Interleavings.shared(new AtomicInteger());
          budget.take(5);
          Interleavings.inParallel(
              () -> budget.whenRoom(woken::incrementAndGet),
              () -> budget.giveBack(2),
              () -> budget.giveBack(3));
          check(woken.get() == 1, "woken " + woken + " times, with " + budget.used() + " used");
          check(budget.used() == 0, "used " + budget.used());
        });
  }

  @Test
  void whenRoom_ofTwoConnections_forgetsNeither() {
    Interleavings.explore(
        300,
        () -> {
          MemoryBudget budget = Interleavings.shared(new MemoryBudget(4));
          AtomicInteger woken = Interleavings.shared(new AtomicInteger());
          budget.take(4);
          Interleavings.inParallel(
              () -> budget.whenRoom(woken::incrementAndGet),
              () -> budget.whenRoom(woken::incrementAndGet),
              () -> budget.giveBack(4));
          check(woken.get() == 2, "woken " + woken + " of 2");
        });
  }
}
