package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.metadata.quorum.VoterAddress;
import io.millrace.metadata.quorum.VoterSurvey;
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
    assertThat(after(2_000, TWO)).isNull();

    assertThat(after(2_000, TWO, THREE))
        .isEqualTo("a majority of the voters; no answer from 2@b:9093, 3@c:9093");
  }

  @Test
  void saysAgain_whenSomebodyElseIsMissing() {
    after(4_000, TWO, THREE);

    assertThat(after(2_000, THREE)).isEqualTo("a majority of the voters; no answer from 3@c:9093");
  }

  @Test
  void staysQuiet_whileNothingChanges_exceptNowAndThen() {
    after(4_000, TWO);

    assertThat(after(2_000, TWO)).isNull();
    assertThat(after(14_000, TWO)).isNotNull();
  }

  @Test
  void namesNobody_whenAllAnswer() {
    assertThat(after(4_000)).isEqualTo("a majority of the voters");
  }

  @Test
  void givesUp_whenNoVoterKnowsTheDisk() {
    wait.poll(millisNanos(4_000), () -> answer(List.of(), List.of(TWO, THREE)));

    assertThatThrownBy(
            () -> wait.poll(millisNanos(4_000), () -> answer(List.of(), List.of(TWO, THREE))))
        .isInstanceOf(NodeStartException.class)
        .hasMessageContaining("belongs to another cluster")
        .hasMessageContaining("2@b:9093, 3@c:9093");
  }

  @Test
  void goesOn_whenOneVoterKnowsTheDiskNot_andAnotherIsSilent() {
    wait.poll(millisNanos(4_000), () -> answer(List.of(TWO), List.of(THREE)));

    assertThat(wait.poll(millisNanos(4_000), () -> answer(List.of(TWO), List.of(THREE))))
        .contains("no answer from 2@b:9093", "not known to 3@c:9093");
  }

  private static long millisNanos(long millis) {
    return TimeUnit.MILLISECONDS.toNanos(millis);
  }

  private static CompletableFuture<VoterSurvey> answer(
      List<VoterAddress> silent, List<VoterAddress> strangers) {
    return CompletableFuture.completedFuture(new VoterSurvey(silent, strangers, 2));
  }

  private @Nullable String after(long passed, VoterAddress... silent) {
    millis += passed;
    wait.poll(millisNanos(millis), () -> answer(List.of(silent), List.of()));
    return wait.poll(millisNanos(millis), () -> answer(List.of(silent), List.of()));
  }
}
