package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.metadata.quorum.VoterAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class StartWaitTest {
  private static final VoterAddress TWO = new VoterAddress(2, "b", 9093);
  private static final VoterAddress THREE = new VoterAddress(3, "c", 9093);

  private final StartWait wait = new StartWait("a majority of the voters", 0);
  private long millis;

  @Test
  void says_whoIsMissing_afterAMoment() {
    assertThat(after(1_000, TWO)).isNull();

    assertThat(after(1_000, TWO, THREE))
        .isEqualTo("a majority of the voters; no answer from 2@b:9093, 3@c:9093");
  }

  @Test
  void saysAgain_whenSomebodyElseIsMissing() {
    after(2_000, TWO, THREE);

    assertThat(after(2_000, THREE)).isEqualTo("a majority of the voters; no answer from 3@c:9093");
  }

  @Test
  void staysQuiet_whileNothingChanges_exceptNowAndThen() {
    after(2_000, TWO);

    assertThat(after(2_000, TWO)).isNull();
    assertThat(after(14_000, TWO)).isNotNull();
  }

  @Test
  void namesNobody_whenAllAnswer() {
    assertThat(after(2_000)).isEqualTo("a majority of the voters");
  }

  private @Nullable String after(long passed, VoterAddress... silent) {
    millis += passed;
    long now = TimeUnit.MILLISECONDS.toNanos(millis);
    wait.poll(now, () -> CompletableFuture.completedFuture(List.of(silent)));
    return wait.poll(now, () -> CompletableFuture.completedFuture(List.of(silent)));
  }
}
