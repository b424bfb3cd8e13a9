package io.millrace.replication.delayed;

import io.millrace.concurrent.EventLoop;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One fetch that found too little and waits: for a number of bytes over all the partitions it asked
 * for, for its time to end, or for a reason to look again at once, such as a change of leader.
 * Whatever comes first runs the callback, once.
 *
 * <p>Use: read the partitions; when there is too little, register this with each ({@link
 * DataWaiters#register}), then {@link #startTimer}. In the callback read again and answer; the
 * callback runs on the thread that noticed, so it must hand over and return. Data that arrives
 * between the read and the registration is noticed by the registration.
 *
 * <p>Thread-safe, without locks. It stays registered after it is done and is swept later.
 */
public final class DelayedFetch {

  private static final EventLoop.Timer NO_TIMER = () -> {};
  private static final EventLoop.Timer DONE = () -> {};

  private final AtomicLong missingBytes;
  private final Runnable onReady;
  private final AtomicReference<EventLoop.Timer> timer = new AtomicReference<>(NO_TIMER);

  /**
   * @param missingBytes how many more bytes make the answer worth sending; at most 0 counts as 1
   * @param onReady run once, on any thread; must not block
   */
  public DelayedFetch(long missingBytes, Runnable onReady) {
    this.missingBytes = new AtomicLong(Math.max(1, missingBytes));
    this.onReady = onReady;
  }

  /** Ends the wait after a time. Call once, after the registrations. */
  public void startTimer(EventLoop loop, long waitNanos) {
    if (isDone()) {
      return;
    }
    EventLoop.Timer started = loop.schedule(this::complete, Math.max(0, waitNanos));
    if (!timer.compareAndSet(NO_TIMER, started)) {
      started.cancel();
    }
  }

  /** Whether the callback was run, or is being run. */
  public boolean isDone() {
    return timer.get() == DONE;
  }

  /** Takes note of bytes that became readable in one of the partitions. */
  void grew(long bytes) {
    if (missingBytes.addAndGet(-bytes) <= 0) {
      complete();
    }
  }

  /** Ends the wait now; does nothing when it has ended. */
  public void complete() {
    EventLoop.@Nullable Timer before = timer.getAndSet(DONE);
    if (before != DONE) {
      before.cancel();
      onReady.run();
    }
  }
}
