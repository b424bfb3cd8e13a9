package io.millrace.client.consumer;

import static io.millrace.concurrent.Interleavings.check;

import io.millrace.client.ConsumerRecord;
import io.millrace.concurrent.Interleavings;
import io.millrace.concurrent.QueueLoop;
import java.util.List;
import java.util.concurrent.Flow;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Signals come one after another, never more records than were asked for, none forgotten while
 * there are records and demand, and one end.
 */
class RecordSubscriptionConcurrencyTest {

  private static final class Stream implements Flow.Subscriber<ConsumerRecord<String, String>> {
    final QueueLoop executor = new QueueLoop();
    final AtomicInteger available = new AtomicInteger();
    final AtomicInteger inSignal = new AtomicInteger();
    final AtomicInteger received = new AtomicInteger();
    final AtomicInteger completed = new AtomicInteger();
    final AtomicInteger released = new AtomicInteger();
    final RecordSubscription<String, String> subscription =
        new RecordSubscription<>(this, executor, this::next, former -> released.incrementAndGet());

    private @Nullable ConsumerRecord<String, String> next() {
      int left = available.get();
      if (left == 0) {
        return null;
      }
      available.decrementAndGet();
      return RECORD;
    }

    void arrive() {
      available.incrementAndGet();
      subscription.somethingChanged();
    }

    @Override
    public void onSubscribe(Flow.Subscription own) {}

    @Override
    public void onNext(ConsumerRecord<String, String> record) {
      check(inSignal.getAndIncrement() == 0, "two signals at a time");
      check(completed.get() == 0, "a record after the end");
      received.incrementAndGet();
      inSignal.decrementAndGet();
    }

    @Override
    public void onError(Throwable failure) {
      throw new AssertionError(failure);
    }

    @Override
    public void onComplete() {
      check(inSignal.get() == 0, "two signals at a time");
      completed.incrementAndGet();
    }
  }

  private static final ConsumerRecord<String, String> RECORD =
      new ConsumerRecord<>("t", 0, 0, -1, -1, false, 1, 1, "k", "v", List.of());

  @Test
  void recordsAndDemand_fromTwoThreads_meet() {
    Interleavings.explore(
        800,
        () -> {
          Stream stream = Interleavings.shared(new Stream());
          stream.subscription.begin();
          Interleavings.inParallel(
              () -> {
                stream.arrive();
                stream.arrive();
              },
              () -> {
                stream.subscription.request(1);
                stream.executor.runAll();
              },
              stream.executor::runAll);
          stream.executor.runAll();
          check(stream.received.get() == 1, "asked for 1, got " + stream.received);
        });
  }

  @Test
  void begin_whileRecordsArrive_forgetsNone() {
    Interleavings.explore(
        800,
        () -> {
          Stream stream = Interleavings.shared(new Stream());
          Interleavings.inParallel(
              stream::arrive,
              () -> {
                stream.subscription.request(2);
                stream.subscription.begin();
              },
              stream.executor::runAll);
          stream.executor.runAll();
          check(stream.received.get() == 1, "got " + stream.received + " of 1");
        });
  }

  @Test
  void complete_whileItIsCancelled_endsOnce() {
    Interleavings.explore(
        800,
        () -> {
          Stream stream = Interleavings.shared(new Stream());
          stream.subscription.request(2);
          stream.subscription.begin();
          Interleavings.inParallel(
              () -> {
                stream.subscription.complete();
                stream.executor.runAll();
              },
              stream.subscription::cancel);
          stream.executor.runAll();
          check(stream.completed.get() <= 1, "ended " + stream.completed + " times");
          check(stream.released.get() == 1, "let go " + stream.released + " times");
        });
  }
}
