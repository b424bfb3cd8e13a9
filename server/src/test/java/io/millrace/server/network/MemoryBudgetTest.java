package io.millrace.server.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class MemoryBudgetTest {

  @Test
  void waitersWake_whenAQuarterIsFree() {
    // given
    MemoryBudget budget = new MemoryBudget(100);
    AtomicInteger woken = new AtomicInteger();
    budget.take(120);
    assertThat(budget.isExhausted()).isTrue();
    budget.whenRoom(woken::incrementAndGet);

    // when
    budget.giveBack(30);

    // then
    assertThat(woken).hasValue(0);
    budget.giveBack(15);
    assertThat(woken).hasValue(1);
    budget.giveBack(75);
    assertThat(budget.used()).isZero();
    assertThat(woken).hasValue(1);
  }

  @Test
  void roomThatCameBetween_isNoticedAtOnce() {
    MemoryBudget budget = new MemoryBudget(100);
    AtomicInteger woken = new AtomicInteger();

    budget.whenRoom(woken::incrementAndGet);

    assertThat(woken).hasValue(1);
  }
}
