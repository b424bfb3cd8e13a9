package io.millrace.client.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.MillraceException;
import io.millrace.client.simulated.ManualLoop;
import io.millrace.client.simulated.ScriptedLinks;
import io.millrace.client.simulated.SimulatedClient;
import io.millrace.protocol.ErrorCode;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** When an operation with retries ends, with a clock by hand. */
class AttemptsTest {

  private static final long SECOND = 1_000_000_000L;

  private final ManualLoop loop = new ManualLoop();
  private final ClusterClient cluster =
      SimulatedClient.cluster(
          loop,
          loop,
          new ScriptedLinks(loop, (port, request, version) -> new CompletableFuture<>()),
          "localhost:9090");
  private int attempts;

  private CompletableFuture<String> run(Supplier<CompletableFuture<String>> attempt) {
    CompletableFuture<String> result =
        Attempts.run(
            cluster,
            "look",
            2 * SECOND,
            () -> {
              attempts++;
              return attempt.get();
            });
    loop.runReady();
    return result;
  }

  @Test
  void attemptWithoutAnAnswer_endsWithTheTimeOfTheOperation() {
    // given
    CompletableFuture<String> result = run(CompletableFuture::new);

    // when
    loop.advance(2 * SECOND - 1);
    boolean doneBefore = result.isDone();
    loop.advance(1);

    // then
    assertThat(doneBefore).isFalse();
    assertFailed(result, ErrorCode.REQUEST_TIMED_OUT, "look was not answered within 2000 ms");
    assertThat(attempts).isEqualTo(1);
  }

  @Test
  void lastAttemptWithoutAnAnswer_endsWithTheReasonOfTheOneBefore() {
    // given
    CompletableFuture<String> result =
        run(
            () ->
                attempts == 1
                    ? CompletableFuture.failedFuture(
                        new MillraceException(ErrorCode.COORDINATOR_NOT_AVAILABLE, "not yet"))
                    : new CompletableFuture<>());

    // when
    loop.advance(2 * SECOND);

    // then
    assertFailed(
        result, ErrorCode.COORDINATOR_NOT_AVAILABLE, "look gave up after 1 attempts: not yet");
    assertThat(attempts).isEqualTo(2);
  }

  private static void assertFailed(
      CompletableFuture<String> result, ErrorCode error, String message) {
    assertThat(result)
        .failsWithin(Duration.ZERO)
        .withThrowableThat()
        .havingCause()
        .isInstanceOfSatisfying(
            MillraceException.class, reason -> assertThat(reason.error()).isEqualTo(error))
        .withMessage(message);
  }
}
