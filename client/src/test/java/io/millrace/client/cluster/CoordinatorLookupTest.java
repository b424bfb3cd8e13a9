package io.millrace.client.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.BrokerInfo;
import io.millrace.client.simulated.ManualLoop;
import io.millrace.client.simulated.ScriptedLinks;
import io.millrace.client.simulated.SimulatedClient;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.FindCoordinatorRequest;
import io.millrace.protocol.message.FindCoordinatorResponse;
import io.millrace.protocol.message.HeartbeatRequest;
import io.millrace.protocol.message.HeartbeatResponse;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.protocol.message.ResponseMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Who coordinates a group, with a network in memory and a clock by hand. */
class CoordinatorLookupTest {

  private static final int BOOTSTRAP = 9090;

  private final ManualLoop loop = new ManualLoop();
  private final ScriptedLinks links = new ScriptedLinks(loop, this::handle);
  private final List<Integer> heartbeatsAt = new ArrayList<>();
  private int coordinator = 9091;
  private ErrorCode lookupError = ErrorCode.NONE;
  private int questions;
  private final CoordinatorLookup lookup =
      new CoordinatorLookup(SimulatedClient.cluster(loop, loop, links, "localhost:" + BOOTSTRAP));

  private CompletableFuture<ResponseMessage> handle(
      int port, RequestMessage request, short maxVersion) {
    if (request instanceof FindCoordinatorRequest find) {
      questions++;
      return CompletableFuture.completedFuture(
          FindCoordinatorResponse.builder()
              .coordinators(
                  List.of(
                      FindCoordinatorResponse.Coordinator.builder()
                          .key(find.coordinatorKeys().get(0))
                          .nodeId(coordinator - BOOTSTRAP)
                          .host("localhost")
                          .port(coordinator)
                          .errorCode(lookupError.code())
                          .build()))
              .build());
    }
    heartbeatsAt.add(port);
    return CompletableFuture.completedFuture(HeartbeatResponse.builder().build());
  }

  private CompletableFuture<ResponseMessage> send() {
    CompletableFuture<ResponseMessage> result = new CompletableFuture<>();
    loop.run(
        () ->
            lookup
                .send(
                    "group",
                    HeartbeatRequest.builder().groupId("group").build(),
                    Short.MAX_VALUE,
                    Duration.ofSeconds(1).toNanos())
                .whenComplete(
                    (answer, failure) -> {
                      if (failure == null) {
                        result.complete(answer);
                      } else {
                        result.completeExceptionally(failure);
                      }
                    }));
    loop.advance(Duration.ofSeconds(2).toNanos());
    assertThat(result).isDone();
    return result;
  }

  @Test
  void severalQuestionsAtOnce_areOne_andTheAnswerIsRemembered() {
    // when
    List<CompletableFuture<BrokerInfo>> found = new ArrayList<>();
    loop.run(
        () -> {
          for (int i = 0; i < 3; i++) {
            found.add(lookup.find("group"));
          }
        });
    loop.advance(Duration.ofSeconds(1).toNanos());
    send();

    // then
    assertThat(found).allMatch(each -> each.join().port() == 9091);
    assertThat(questions).isEqualTo(1);
    assertThat(heartbeatsAt).containsExactly(9091);
  }

  @Test
  void coordinatorThatMoved_isAskedForAgain() {
    // given
    send();

    // when
    coordinator = 9092;
    loop.run(() -> lookup.note("group", ErrorCode.NOT_COORDINATOR));
    send();

    // then
    assertThat(heartbeatsAt).containsExactly(9091, 9092);
    assertThat(questions).isEqualTo(2);
  }

  @Test
  void coordinatorThatLoads_staysTheOne() {
    // given
    send();

    // when
    loop.run(() -> lookup.note("group", ErrorCode.COORDINATOR_LOAD_IN_PROGRESS));
    send();

    // then
    assertThat(questions).isEqualTo(1);
  }

  @Test
  void brokenConnection_forgetsTheCoordinator() {
    // given
    send();

    // when
    links.down(9091);
    coordinator = 9092;
    CompletableFuture<ResponseMessage> broken = send();
    send();

    // then
    assertThat(broken).isCompletedExceptionally();
    assertThat(heartbeatsAt).containsExactly(9091, 9092);
  }

  @Test
  void refusedLookup_failsWithTheBrokersError_andIsNotRemembered() {
    // given
    lookupError = ErrorCode.COORDINATOR_NOT_AVAILABLE;

    // when
    CompletableFuture<ResponseMessage> refused = send();
    lookupError = ErrorCode.NONE;
    send();

    // then
    assertThat(refused)
        .failsWithin(Duration.ZERO)
        .withThrowableThat()
        .withMessageContaining("no coordinator of group 'group'");
    assertThat(heartbeatsAt).containsExactly(9091);
  }
}
