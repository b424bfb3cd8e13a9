package io.millrace.client.consumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.ConsumerRecord;
import io.millrace.client.Processing;
import io.millrace.client.consumer.GroupHarness.Member;
import io.millrace.client.simulated.FakeBrokers;
import io.millrace.client.simulated.FakeGroup;
import io.millrace.protocol.message.FetchRequest;
import io.millrace.protocol.message.RequestMessage;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Records through a handler; the executor runs its tasks when and in the order that a test says.
 */
@Timeout(60)
class ProcessingRulesTest {

  private final GroupHarness harness = new GroupHarness(4, 11);
  private final FakeBrokers brokers = harness.brokers;
  private final FakeGroup group = brokers.group;
  private final ManualExecutor executor = new ManualExecutor();
  private final List<ConsumerRecord<String, String>> handled = new ArrayList<>();

  /** Tasks wait until they are run. */
  private static final class ManualExecutor implements Executor {
    final ArrayDeque<Runnable> tasks = new ArrayDeque<>();
    boolean refuses;

    @Override
    public void execute(Runnable task) {
      if (refuses) {
        throw new RejectedExecutionException("shut down");
      }
      tasks.add(task);
    }

    void runAll() {
      for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
        task.run();
      }
    }

    /** Some task, not always the first. */
    void runOne(SplittableRandom random) {
      for (int turn = random.nextInt(tasks.size()); turn > 0; turn--) {
        tasks.add(tasks.remove());
      }
      tasks.remove().run();
    }
  }

  private long mostFetchedOfZero;

  private long lastFetchOfZero() {
    long last = 0;
    for (RequestMessage request : brokers.seen) {
      if (request instanceof FetchRequest fetch) {
        for (FetchRequest.FetchPartition each : fetch.topics().get(0).partitions()) {
          last = each.partition() == 0 ? Math.max(last, each.fetchOffset()) : last;
        }
      }
    }
    return last;
  }

  private void runUntil(BooleanSupplier condition, int seconds) {
    long end = harness.loop.monotonicNanos() + seconds * GroupHarness.SECOND;
    while (!condition.getAsBoolean()) {
      if (handled.size() > 2_000 && handled.size() < 3_000) {
        mostFetchedOfZero = Math.max(mostFetchedOfZero, lastFetchOfZero());
      }
      assertThat(harness.loop.monotonicNanos())
          .as("comes true, handled %s, journal %s", handled.size(), harness.journal)
          .isLessThan(end);
      executor.runAll();
      harness.loop.advance(5_000_000);
    }
  }

  private long committed() {
    return group.offsets.values().stream().mapToLong(FakeGroup.Committed::offset).sum();
  }

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void recordsOfAPartition_comeInOrder_whateverTheExecutorDoes(long seed) {
    // given
    brokers.produce(200);
    Member member = harness.subscribed(builder -> builder);
    SplittableRandom random = new SplittableRandom(seed);

    // when
    Processing processing = member.consumer().process(executor, 3, handled::add);
    while (handled.size() < 200) {
      while (!executor.tasks.isEmpty()) {
        executor.runOne(random);
      }
      harness.loop.advance(5_000_000);
    }
    processing.stop();
    executor.runAll();

    // then
    assertThat(processing.ended()).isCompleted();
    long[] next = new long[4];
    handled.forEach(record -> assertThat(record.offset()).isEqualTo(next[record.partition()]++));
    member.consumer().close();
    assertThat(committed()).isEqualTo(200);
  }

  @Test
  void handlerThatLags_stopsTheFetchingOfItsPartition_andOthersGoOn() {
    // given: the handler of partition 0 does not return while the others work
    brokers.produce(4_000);
    Member member = harness.subscribed(builder -> builder.maxPartitionFetchBytes(200));
    boolean[] isStuck = new boolean[1];

    // when
    member
        .consumer()
        .process(
            executor,
            8,
            record -> {
              handled.add(record);
              if (record.partition() == 0 && !isStuck[0]) {
                isStuck[0] = true;
                runUntil(() -> handled.size() == 1 + 3_000, 60); // inside the handler
              }
            });
    runUntil(() -> handled.size() == 4_000, 120);

    // then: while it was stuck, no more was fetched of it than the bounds allow
    assertThat(mostFetchedOfZero).isLessThan(40);
  }

  @Test
  void handlerThatThrows_endsTheProcessing_andNothingFromThereOnIsCommitted() {
    // given
    brokers.produce(40);
    Member member = harness.subscribed(builder -> builder);

    // when
    Processing processing =
        member
            .consumer()
            .process(
                executor,
                5,
                record -> {
                  if (record.partition() == 2 && record.offset() == 6) {
                    throw new IllegalArgumentException("cannot do this one");
                  }
                  handled.add(record);
                });
    runUntil(() -> processing.ended().isDone(), 10);

    // then
    assertThatThrownBy(() -> processing.ended().join()).hasMessageContaining("cannot do this one");
    member.consumer().commitSync();
    assertThat(group.offsets).hasEntrySatisfying(2, last -> assertThat(last.offset()).isEqualTo(6));
    List<ConsumerRecord<String, String>> rest = new ArrayList<>();
    while (rest.size() + handled.size() < 40) {
      member.consumer().poll(Duration.ofSeconds(5)).forEach(rest::add);
    }
    assertThat(rest.stream().filter(record -> record.partition() == 2).findFirst())
        .hasValueSatisfying(record -> assertThat(record.offset()).isEqualTo(6));
  }

  @Test
  void revocation_waitsForTheRecordInHand_andDropsThoseThatWait() {
    // given: lanes are full, and their tasks have not run yet
    brokers.produce(80);
    Member one = harness.subscribed(builder -> builder);
    one.consumer().process(executor, 4, handled::add);
    harness.loop.advance(GroupHarness.SECOND);
    executor.tasks.remove().run(); // the pump joins the rounds
    harness.loop.advance(GroupHarness.SECOND);
    while (executor.tasks.size() < 4) {
      executor.tasks.remove().run();
      harness.loop.advance(100_000_000);
    }

    // when
    Member two = harness.subscribed(builder -> builder);
    harness.loop.advance(2 * GroupHarness.SECOND);
    runUntil(
        () -> {
          two.consumer().poll(Duration.ZERO).forEach(handled::add);
          return handled.size() >= 80;
        },
        30);

    // then: each record once, and what was dropped was read by the other
    assertThat(handled).hasSize(80);
    assertThat(handled.stream().map(record -> record.partition() + ":" + record.offset()))
        .doesNotHaveDuplicates();
  }

  @Test
  void close_waitsForTheRecordInHand_andCommitsIt() {
    // given
    brokers.produce(8);
    Member member = harness.subscribed(builder -> builder.autoCommitInterval(Duration.ofHours(1)));
    Processing processing = member.consumer().process(executor, 4, handled::add);
    runUntil(() -> handled.size() == 8, 10);

    // when: the executor gets its turns while close waits
    harness.loop.schedule(executor::runAll, 50_000_000);
    member.consumer().close();

    // then
    assertThat(processing.ended()).isCompleted();
    assertThat(committed()).isEqualTo(8);
  }

  @Test
  void streamThatIsServedWhileItsConsumerCloses_isCompleted() {
    // given
    brokers.produce(8);
    Member member = harness.member(builder -> builder);
    member
        .consumer()
        .subscribe(
            List.of(FakeBrokers.TOPIC),
            GroupHarness.onRevoked(executor::runAll)); // as other threads of the executor do
    List<String> signals = new ArrayList<>();
    member.consumer().publisher(executor).subscribe(subscriber(signals));
    runUntil(() -> handled.size() == 8, 10);
    brokers.produce(4);
    harness.loop.advance(GroupHarness.SECOND);

    // when
    member.consumer().close();
    executor.runAll();

    // then
    assertThat(signals).containsExactly("complete");
    assertThat(committed()).isEqualTo(handled.size());
  }

  private Flow.Subscriber<ConsumerRecord<String, String>> subscriber(List<String> signals) {
    return new Flow.Subscriber<>() {
      @Override
      public void onSubscribe(Flow.Subscription subscription) {
        subscription.request(Long.MAX_VALUE);
      }

      @Override
      public void onNext(ConsumerRecord<String, String> record) {
        handled.add(record);
      }

      @Override
      public void onError(Throwable broken) {
        signals.add("error " + broken);
      }

      @Override
      public void onComplete() {
        signals.add("complete");
      }
    };
  }

  @Test
  void executorThatIsShutDown_endsTheProcessing() {
    // given
    brokers.produce(8);
    Member member = harness.subscribed(builder -> builder);
    Processing processing = member.consumer().process(executor, 4, handled::add);
    runUntil(() -> handled.size() == 8, 10);

    // when
    executor.refuses = true;
    brokers.produce(4);
    harness.loop.advance(GroupHarness.SECOND);

    // then
    assertThat(processing.ended()).isCompletedExceptionally();
    member.consumer().close();
    assertThat(committed()).isEqualTo(8);
  }

  @Test
  void pollWhileAHandlerReads_isRefused() {
    // given
    Member member = harness.subscribed(builder -> builder);
    member.consumer().process(executor, handled::add);

    // when, then
    assertThatThrownBy(() -> member.consumer().poll(Duration.ZERO))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("handler");
  }
}
