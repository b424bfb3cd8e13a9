package io.millrace.tools.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class AwaitTest {

  @Test
  void until_failedAssertion_countsAsNotYet() {
    AtomicInteger calls = new AtomicInteger();

    Await.until(
        "three calls",
        Duration.ofSeconds(30),
        () -> {
          assertThat(calls.incrementAndGet()).isGreaterThanOrEqualTo(3);
          return true;
        });

    assertThat(calls).hasValue(3);
  }

  @Test
  void until_assertionThatFailsToTheEnd_saysWhatWasSeenLast() {
    assertThatThrownBy(
            () ->
                Await.until(
                    "the answer",
                    Duration.ZERO,
                    () -> {
                      assertThat(41).isEqualTo(42);
                      return true;
                    }))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("the answer")
        .hasMessageContaining("41")
        .hasCauseInstanceOf(AssertionError.class);
  }
}
