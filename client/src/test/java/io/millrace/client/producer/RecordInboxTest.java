package io.millrace.client.producer;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.ThreadEventLoop;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class RecordInboxTest {

  /**
   * The hand-over under stress: nothing lost, nothing twice, each thread's records in its order,
   * and the loop wakes for the last one.
   */
  @RepeatedTest(5)
  void everyRecord_arrivesOnceInTheOrderOfItsThread() throws Exception {
    // given
    int threads = 4;
    int each = 20_000;
    CountDownLatch arrived = new CountDownLatch(threads * each);
    Map<String, Long> lastByThread = new HashMap<>();
    List<String> disorder = new ArrayList<>();
    try (ThreadEventLoop loop =
        new ThreadEventLoop(
            "inbox-test", Clock.system(), (failed, failure) -> failure.printStackTrace())) {
      RecordInbox inbox =
          new RecordInbox(
              loop,
              record -> {
                long last = lastByThread.getOrDefault(record.topic, -1L);
                if (record.timestamp != last + 1) {
                  disorder.add(record.topic + ": " + record.timestamp + " after " + last);
                }
                lastByThread.put(record.topic, record.timestamp);
                arrived.countDown();
              },
              () -> {},
              late -> disorder.add(late.topic + ": refused"));

      // when
      for (int thread = 0; thread < threads; thread++) {
        String name = "thread-" + thread;
        new Thread(
                () -> {
                  for (int i = 0; i < each; i++) {
                    inbox.offer(new PendingRecord(name, 0, i, null, null, List.of(), 1, 0, null));
                  }
                },
                name)
            .start();
      }

      // then
      assertThat(arrived.await(20, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(disorder).isEmpty();
    assertThat(lastByThread).hasSize(threads).containsValue(each - 1L);
  }
}
