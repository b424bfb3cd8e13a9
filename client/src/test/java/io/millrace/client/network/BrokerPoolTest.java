package io.millrace.client.network;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.BrokerInfo;
import io.millrace.client.MillraceException;
import io.millrace.client.simulated.ManualLoop;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.HeartbeatRequest;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.protocol.message.ResponseMessage;
import java.time.Duration;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** Every request of the pool ends, with a clock by hand. */
class BrokerPoolTest {

  private static final BrokerInfo BROKER = new BrokerInfo(1, "localhost", 9091, null);
  private static final long SECOND = 1_000_000_000L;

  private final ManualLoop loop = new ManualLoop();
  private final CompletableFuture<BrokerLink> connection = new CompletableFuture<>();
  private final BrokerPool pool =
      new BrokerPool(
          loop,
          loop,
          new BrokerLinks() {
            @Override
            public CompletableFuture<BrokerLink> connect(String host, int port) {
              return connection;
            }

            @Override
            public void close() {}
          },
          new Backoff(Duration.ofMillis(50), Duration.ofSeconds(1), new SplittableRandom(1)));

  private CompletableFuture<ResponseMessage> send(long timeoutNanos) {
    AtomicReference<CompletableFuture<ResponseMessage>> answer = new AtomicReference<>();
    HeartbeatRequest request = HeartbeatRequest.builder().groupId("group").build();
    loop.run(() -> answer.set(pool.send(BROKER, LinkUse.REQUESTS, request, timeoutNanos)));
    return Objects.requireNonNull(answer.get());
  }

  private abstract static class OpenLink implements BrokerLink {
    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {}
  }

  @Test
  void connectionThatDoesNotComeUp_countsAgainstTheTimeOfTheRequest() {
    // given
    CompletableFuture<ResponseMessage> answer = send(2 * SECOND);

    // when
    loop.advance(2 * SECOND - 1);
    boolean doneBefore = answer.isDone();
    loop.advance(1);

    // then
    assertThat(doneBefore).isFalse();
    assertFailed(answer, ErrorCode.NETWORK_EXCEPTION, "no connection within 2000 ms");
  }

  @Test
  void requestThatWasGivenUp_isNotSentOverALateConnection() {
    // given: whoever sent it was told that nothing was, and may have sent it again
    AtomicReference<RequestMessage> sent = new AtomicReference<>();
    CompletableFuture<ResponseMessage> answer = send(2 * SECOND);
    loop.advance(2 * SECOND);
    assertThat(answer).isCompletedExceptionally();

    // when
    connection.complete(
        new OpenLink() {
          @Override
          public CompletableFuture<ResponseMessage> send(
              RequestMessage request, short maxVersion, long timeoutNanos) {
            sent.set(request);
            return new CompletableFuture<>();
          }
        });
    loop.advance(SECOND);

    // then
    assertThat(sent.get()).isNull();
  }

  @Test
  void requestOverALateConnection_hasTheRestOfItsTime() {
    // given
    AtomicReference<Long> timeout = new AtomicReference<>();
    CompletableFuture<ResponseMessage> answer = send(2 * SECOND);
    loop.advance(SECOND);

    // when
    connection.complete(
        new OpenLink() {
          @Override
          public CompletableFuture<ResponseMessage> send(
              RequestMessage request, short maxVersion, long timeoutNanos) {
            timeout.set(timeoutNanos);
            return new CompletableFuture<>();
          }
        });
    loop.advance(SECOND);

    // then: from here on it is the connection that counts
    assertThat(timeout.get()).isEqualTo(SECOND);
    assertThat(answer).isNotDone();
  }

  @Test
  void requestThatCannotBeSent_failsForGood() {
    // given
    connection.complete(
        new OpenLink() {
          @Override
          public CompletableFuture<ResponseMessage> send(
              RequestMessage request, short maxVersion, long timeoutNanos) {
            throw new IllegalArgumentException("nobody can write this");
          }
        });

    // when
    CompletableFuture<ResponseMessage> answer = send(SECOND);
    loop.runReady();

    // then: one that is retriable would be encoded in vain until its time is over
    assertFailed(answer, ErrorCode.INVALID_REQUEST, "nobody can write this");
  }

  private static void assertFailed(
      CompletableFuture<ResponseMessage> answer, ErrorCode error, String what) {
    assertThat(answer)
        .isCompletedExceptionally()
        .failsWithin(Duration.ZERO)
        .withThrowableThat()
        .havingCause()
        .isInstanceOfSatisfying(
            MillraceException.class, reason -> assertThat(reason.error()).isEqualTo(error))
        .withMessageContaining(what);
  }
}
