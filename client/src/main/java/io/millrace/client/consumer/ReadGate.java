package io.millrace.client.consumer;

import io.millrace.client.MillraceException;
import io.millrace.client.WakeupException;
import io.millrace.client.network.Failures;
import io.millrace.concurrent.Clock;
import io.millrace.protocol.ErrorCode;
import java.util.ConcurrentModificationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Lets one caller at a time at the reading side, and makes it wait where it must. The lock guards
 * the reading side; a call that waits, or that runs the application's code, does not hold it, but
 * is still the one call that is allowed.
 */
final class ReadGate {

  private final EventQueue events;
  private final Clock clock;
  private final ReentrantLock lock = new ReentrantLock();
  private final AtomicBoolean wakeup = new AtomicBoolean();
  private @Nullable Thread caller; // guarded by lock
  private int calls; // guarded by lock
  private volatile boolean closed;

  ReadGate(EventQueue events, Clock clock) {
    this.events = events;
    this.clock = clock;
  }

  /** Begins a call: the only one, but for records of a stream, which come one by one. */
  void enter() {
    lock.lock();
    if (closed || (caller != null && caller != Thread.currentThread())) {
      boolean isBusy = !closed;
      lock.unlock();
      if (isBusy) {
        throw busy();
      }
      requireOpen();
    }
    caller = Thread.currentThread();
    calls++;
  }

  void leave() {
    calls--;
    if (calls == 0) {
      caller = null;
    }
    lock.unlock();
  }

  /** For a stream's next record: takes the lock, not the place of the one caller. */
  void lock() {
    lock.lock();
  }

  void unlock() {
    lock.unlock();
  }

  boolean holdsLock() {
    return lock.isHeldByCurrentThread();
  }

  /** Whether somebody is in a call. Under the lock. */
  boolean isBusy() {
    return caller != null;
  }

  boolean isClosed() {
    return closed;
  }

  void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the consumer is closed");
    }
  }

  /** No call gets in any more; those that wait end. */
  void close() {
    closed = true;
    events.wake();
  }

  /** Ends the wait under way, or the next one. Any thread. */
  void wakeup() {
    wakeup.set(true);
    events.wake();
  }

  /**
   * @throws WakeupException after {@link #wakeup}, once
   */
  void throwIfWoken() {
    if (wakeup.getAndSet(false)) {
      throw new WakeupException();
    }
  }

  /** Waits for an event or a nudge; lets go of the lock meanwhile. */
  void awaitEvents(long nanos) {
    throwIfWoken();
    waitWithoutLock(nanos);
    throwIfWoken();
    requireOpen();
  }

  /**
   * Waits until the future is done or the time over; lets go of the lock meanwhile.
   *
   * @param meanwhile runs between waits, under the lock: takes the events that end a wait
   * @param interruptible whether {@link #wakeup} ends it
   * @return whether it is done
   */
  boolean await(
      CompletableFuture<?> future, long nanos, Runnable meanwhile, boolean interruptible) {
    long deadline = clock.monotonicNanos() + nanos;
    future.whenComplete((value, failure) -> events.nudge()); // done before it is told
    while (!future.isDone()) {
      long left = deadline - clock.monotonicNanos();
      if (left <= 0) {
        return false;
      }
      meanwhile.run();
      if (interruptible) {
        throwIfWoken();
      }
      waitWithoutLock(left);
    }
    return true;
  }

  /** What a future that is done says; throws its failure. */
  static <T> T resultOf(CompletableFuture<T> done) {
    try {
      return done.join();
    } catch (RuntimeException failure) {
      throw Failures.of(failure);
    }
  }

  private void waitWithoutLock(long nanos) {
    lock.unlock();
    try {
      events.await(nanos);
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new MillraceException(
          ErrorCode.NETWORK_EXCEPTION, "interrupted while waiting for records", interrupted);
    } finally {
      lock.lock();
    }
  }

  /** Runs the application's code without the lock. */
  void runWithoutLock(Runnable code) {
    lock.unlock();
    try {
      code.run();
    } finally {
      lock.lock();
    }
  }

  ConcurrentModificationException busy() {
    return new ConcurrentModificationException(
        "a consumer is for one thread at a time; another is in a call now: " + caller);
  }

  /** Whether the one caller is another thread. Under the lock. */
  boolean isTakenByAnother() {
    return caller != null && caller != Thread.currentThread();
  }
}
