package io.millrace.client.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.simulated.ManualLoop;
import io.millrace.client.simulated.ScriptedLinks;
import io.millrace.client.simulated.SimulatedClient;
import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import io.millrace.concurrent.ThreadEventLoop;
import io.millrace.protocol.message.DescribeClusterRequest;
import io.millrace.protocol.message.DescribeClusterResponse;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.protocol.message.ResponseMessage;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The client's way to its loop and to a broker. */
@Timeout(60)
class ClusterClientTest {

  private static final long SECOND = 1_000_000_000L;

  private final ManualLoop loop = new ManualLoop();
  private final Set<Integer> hanging = new HashSet<>();

  /** What those are to say who are asked next; the others answer, or hang. */
  private final Deque<CompletableFuture<ResponseMessage>> said = new ArrayDeque<>();

  private final ScriptedLinks links = new ScriptedLinks(loop, this::handle);
  private final ClusterClient cluster = client(loop, loop);

  private CompletableFuture<ResponseMessage> handle(
      int port, RequestMessage request, short maxVersion) {
    if (!said.isEmpty()) {
      return said.remove();
    }
    return hanging.contains(port)
        ? new CompletableFuture<>()
        : CompletableFuture.completedFuture(
            DescribeClusterResponse.builder().controllerId(port).build());
  }

  private ClusterClient client(EventLoop onLoop, Clock clock) {
    return SimulatedClient.cluster(
        onLoop, clock, links, "localhost:9090", "localhost:9091", "localhost:9092");
  }

  private CompletableFuture<ResponseMessage> ask() {
    return ask(30 * SECOND);
  }

  private CompletableFuture<ResponseMessage> ask(long timeoutNanos) {
    AtomicReference<CompletableFuture<ResponseMessage>> answer = new AtomicReference<>();
    DescribeClusterRequest question = DescribeClusterRequest.builder().build();
    loop.run(() -> answer.set(cluster.askAny(question, timeoutNanos)));
    return Objects.requireNonNull(answer.get());
  }

  @Test
  void brokersThatHang_costASecondEach_andOnlyOnce() {
    // given
    hanging.addAll(List.of(9090, 9092));

    // when
    long begin = loop.monotonicNanos();
    CompletableFuture<ResponseMessage> first = ask();
    loop.advanceUntil(first::isDone, 10);
    long afterFirst = loop.monotonicNanos();
    CompletableFuture<ResponseMessage> second = ask();
    CompletableFuture<ResponseMessage> third = ask();
    loop.advanceUntil(() -> second.isDone() && third.isDone(), 10);

    // then
    assertThat(first.join())
        .isInstanceOfSatisfying(
            DescribeClusterResponse.class,
            answer -> assertThat(answer.controllerId()).isEqualTo(9091));
    assertThat(afterFirst - begin).isLessThan(2 * SECOND + SECOND / 10);
    assertThat(loop.monotonicNanos() - afterFirst).isLessThan(SECOND + SECOND / 10);
  }

  @Test
  void brokerThatBreaksOff_whileAnotherOneHangs_isNotTheLastToBeAsked() {
    // given: who is asked first hangs, who is asked next breaks off
    said.add(new CompletableFuture<>());
    said.add(CompletableFuture.failedFuture(new IllegalStateException("cut")));
    long begin = loop.monotonicNanos();

    // when
    CompletableFuture<ResponseMessage> answer = ask();
    loop.advanceUntil(answer::isDone, 10);

    // then
    assertThat(answer).isCompleted();
    assertThat(loop.monotonicNanos() - begin).isLessThan(SECOND + SECOND / 10);
  }

  @Test
  void questionWithoutTime_endsAllTheSame() {
    // given
    hanging.addAll(List.of(9090, 9091, 9092));

    // when
    CompletableFuture<ResponseMessage> answer = ask(0);
    loop.advance(SECOND);

    // then
    assertThat(answer).isCompletedExceptionally();
  }

  @Test
  void brokersThatAllHang_haveTheWholeTime() {
    // given
    hanging.addAll(List.of(9090, 9091, 9092));
    CompletableFuture<ResponseMessage> answer = ask();

    // when
    loop.advance(30 * SECOND - 1);
    boolean doneBefore = answer.isDone();
    loop.advance(SECOND);

    // then
    assertThat(doneBefore).isFalse();
    assertThat(answer).isCompletedExceptionally();
  }

  @Test
  void floodOfTasks_waitsOutside_andLeavesRoomForAnswers() throws Exception {
    // given: a loop that is busy
    try (ThreadEventLoop busy =
        new ThreadEventLoop("busy", Clock.system(), (failed, failure) -> {}, 16)) {
      ClusterClient flooded = client(busy, Clock.system());
      CountDownLatch free = new CountDownLatch(1);
      busy.execute(
          () -> {
            try {
              free.await();
            } catch (InterruptedException interrupted) {
              Thread.currentThread().interrupt();
            }
          });
      AtomicInteger done = new AtomicInteger();
      AtomicInteger refused = new AtomicInteger();

      // when
      CompletableFuture<Void> flood =
          CompletableFuture.runAsync(
              () -> {
                for (int i = 0; i < 100; i++) {
                  if (!flooded.runOnLoop(done::incrementAndGet)) {
                    refused.incrementAndGet();
                  }
                }
              });
      while (busy.queuedTasks() < 12) {
        Thread.onSpinWait();
      }
      CompletableFuture<String> answer = new CompletableFuture<>();
      busy.execute(() -> answer.complete("in time")); // would be refused by a full queue
      boolean floodWaits = !flood.isDone();
      free.countDown();

      // then
      flood.get(30, TimeUnit.SECONDS);
      assertThat(answer.get(30, TimeUnit.SECONDS)).isEqualTo("in time");
      assertThat(floodWaits).isTrue();
      CompletableFuture<Integer> last = new CompletableFuture<>();
      assertThat(flooded.runOnLoop(() -> last.complete(done.get()))).isTrue();
      assertThat(last.get(30, TimeUnit.SECONDS)).isEqualTo(100);
      assertThat(refused).hasValue(0);
    }
  }

  @Test
  void taskOfTheLoopItself_isTakenWhenTheQueueIsFull() throws Exception {
    try (ThreadEventLoop full =
        new ThreadEventLoop("full", Clock.system(), (failed, failure) -> {}, 16)) {
      ClusterClient client = client(full, Clock.system());
      CompletableFuture<Boolean> taken = new CompletableFuture<>();
      CompletableFuture<String> run = new CompletableFuture<>();

      full.execute(
          () -> {
            boolean room = true;
            while (room) {
              room = full.tryExecute(() -> {});
            }
            taken.complete(
                client.runOnLoop(() -> run.complete("once"))); // must not wait for itself
          });

      assertThat(taken.get(10, TimeUnit.SECONDS)).isTrue();
      assertThat(run.get(10, TimeUnit.SECONDS)).isEqualTo("once");
    }
  }
}
