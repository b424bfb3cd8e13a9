package io.millrace.client.consumer;

import java.util.ArrayDeque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * From the fetching loop to whoever reads: one event per partition and answer, so a lock is cheap.
 * Bounded by what the loop fetches ahead. Any thread.
 */
class EventQueue {

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final ArrayDeque<FetchEvent> events = new ArrayDeque<>();
  private @Nullable Runnable listener;
  private boolean woken;

  /** Adds an event and wakes the reader. */
  void put(FetchEvent event) {
    Runnable told;
    lock.lock();
    try {
      events.add(event);
      changed.signalAll();
      told = listener;
    } finally {
      lock.unlock();
    }
    if (told != null) {
      told.run();
    }
  }

  @Nullable FetchEvent poll() {
    lock.lock();
    try {
      return events.poll();
    } finally {
      lock.unlock();
    }
  }

  /** Whether a wait would end at once. */
  boolean hasNews() {
    lock.lock();
    try {
      return woken || !events.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** Waits until there is an event, or {@link #wake} was called, which each waits sees once. */
  void await(long nanos) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      long left = nanos;
      while (events.isEmpty() && !woken && left > 0) {
        left = changed.awaitNanos(Math.min(left, TimeUnit.DAYS.toNanos(1)));
      }
      woken = false;
    } finally {
      lock.unlock();
    }
  }

  /** There is something else to look after: as an event, but without one. */
  void nudge() {
    wake();
    Runnable told;
    lock.lock();
    try {
      told = listener;
    } finally {
      lock.unlock();
    }
    if (told != null) {
      told.run();
    }
  }

  /** Ends the wait under way, or the next one. */
  void wake() {
    lock.lock();
    try {
      woken = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Runs, on the loop, after each event; null for none. */
  void listen(@Nullable Runnable whenChanged) {
    lock.lock();
    try {
      listener = whenChanged;
    } finally {
      lock.unlock();
    }
  }
}
