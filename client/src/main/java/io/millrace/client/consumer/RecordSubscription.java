package io.millrace.client.consumer;

import io.millrace.client.ConsumerRecord;
import io.millrace.client.MillraceException;
import java.util.concurrent.Executor;
import java.util.concurrent.Flow;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Pushes records to one subscriber, as demand allows. Signals come one after another on the
 * executor; whoever finds work (new records, new demand) only raises the count of work, and the one
 * task that runs comes round again until it is used up.
 *
 * <p>Any thread.
 */
final class RecordSubscription<K, V> implements Flow.Subscription {

  private static final int RECORDS_PER_TASK = 1024;

  private final Flow.Subscriber<? super ConsumerRecord<K, V>> subscriber;
  private final Executor executor;
  private final Source<K, V> source;
  private final Consumer<RecordSubscription<K, V>> onEnd;
  private final AtomicLong demand = new AtomicLong();
  private final AtomicInteger work = new AtomicInteger();
  private volatile boolean begun;
  private final AtomicBoolean cancelled = new AtomicBoolean();
  private volatile boolean completed;
  private volatile @Nullable Throwable failure;

  /** Where records come from. Both methods throw {@link MillraceException} when reading fails. */
  interface Source<K, V> {
    /** Looks after what must not wait for demand. */
    default void attend() {}

    /** The next record, or null. */
    @Nullable ConsumerRecord<K, V> next();
  }

  /**
   * @param source of records
   * @param onEnd runs once no more records are taken
   */
  RecordSubscription(
      Flow.Subscriber<? super ConsumerRecord<K, V>> subscriber,
      Executor executor,
      Source<K, V> source,
      Consumer<RecordSubscription<K, V>> onEnd) {
    this.subscriber = subscriber;
    this.executor = executor;
    this.source = source;
    this.onEnd = onEnd;
  }

  /** Introduces itself to the subscriber; records come after that. */
  void begin() {
    subscriber.onSubscribe(this);
    begun = true;
    somethingChanged();
  }

  /** Introduces itself and ends at once. */
  void refuse(RuntimeException reason) {
    cancelled.set(true);
    subscriber.onSubscribe(this);
    subscriber.onError(reason);
  }

  @Override
  public void request(long count) {
    if (count <= 0) {
      failure = new IllegalArgumentException("demand " + count + " is not above 0");
    } else {
      demand.accumulateAndGet(count, (now, more) -> now + more < 0 ? Long.MAX_VALUE : now + more);
    }
    somethingChanged();
  }

  @Override
  public void cancel() {
    if (cancelled.compareAndSet(false, true)) {
      onEnd.accept(this);
    }
  }

  /** No more records come; says so to the subscriber. */
  void complete() {
    completed = true;
    somethingChanged();
  }

  /** There may be records, or demand. */
  void somethingChanged() {
    if (begun && work.getAndIncrement() == 0) {
      execute();
    }
  }

  private void execute() {
    try {
      executor.execute(this::run);
    } catch (RejectedExecutionException refused) {
      cancel();
    }
  }

  private void run() {
    int seen = work.get();
    int left = RECORDS_PER_TASK;
    while (true) {
      left = deliver(left);
      if (left == 0) {
        execute(); // others get their turn; the count of work stays up
        return;
      }
      seen = work.addAndGet(-seen);
      if (seen == 0) {
        return;
      }
    }
  }

  /**
   * Hands over what demand allows.
   *
   * @return how many more this task may hand over
   */
  private int deliver(int most) {
    int left = most;
    while (!cancelled.get() && left > 0) {
      Throwable broken = failure;
      if (broken != null || completed) {
        end(broken);
        return left;
      }
      ConsumerRecord<K, V> record = null;
      try {
        if (demand.get() == 0) {
          source.attend();
          return left;
        }
        record = source.next();
      } catch (MillraceException unreadable) {
        end(unreadable);
        return left;
      }
      if (record == null) {
        return left;
      }
      demand.decrementAndGet();
      left--;
      subscriber.onNext(record);
    }
    return cancelled.get() ? Math.max(left, 1) : left;
  }

  private void end(@Nullable Throwable reason) {
    cancel();
    if (reason == null) {
      subscriber.onComplete();
    } else {
      subscriber.onError(reason);
    }
  }
}
