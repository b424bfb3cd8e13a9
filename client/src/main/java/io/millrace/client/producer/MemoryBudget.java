package io.millrace.client.producer;

import java.util.ArrayDeque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * The bytes that records may hold until they end; what bounds the producer. A reservation is one
 * compare-and-set while there is room. Only who finds none takes the lock and queues; the queue is
 * served in order, and newcomers do not overtake it.
 *
 * <p>Any thread. Invariant: {@code 0 <= free <= capacity}, and all that was reserved and not
 * released is {@code capacity - free}.
 */
final class MemoryBudget {

  private final long capacity;
  private final Runnable onContention;
  private final AtomicLong free;
  private final AtomicLong waiting =
      new AtomicLong(); // waiters in either form; read without the lock
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Waiter> queue = new ArrayDeque<>(); // guarded by lock

  /**
   * @param onContention runs when somebody begins to wait, under the lock: hand over and return
   */
  MemoryBudget(long capacity, Runnable onContention) {
    this.capacity = capacity;
    this.onContention = onContention;
    this.free = new AtomicLong(capacity);
  }

  long free() {
    return free.get();
  }

  /** Whether somebody waits: then batches shall leave without lingering. */
  boolean isContended() {
    return waiting.get() > 0;
  }

  /** Reserves at once or not at all; refuses while others wait. */
  boolean tryReserve(long bytes) {
    return waiting.get() == 0 && take(bytes);
  }

  /**
   * Reserves, waiting for its turn.
   *
   * @return whether the bytes are reserved; false after the timeout, or at once for more than the
   *     capacity
   */
  boolean reserve(long bytes, long timeoutNanos) throws InterruptedException {
    if (bytes > capacity) {
      return false;
    }
    if (tryReserve(bytes)) {
      return true;
    }
    lock.lockInterruptibly();
    try {
      BlockedThread waiter = new BlockedThread(bytes, lock.newCondition());
      enqueue(waiter);
      try {
        long left = timeoutNanos;
        while (!waiter.served) {
          if (left <= 0) {
            return false;
          }
          left = waiter.turn.awaitNanos(left);
        }
        return true;
      } catch (InterruptedException interrupted) {
        if (!waiter.served) {
          throw interrupted;
        }
        Thread.currentThread().interrupt(); // served at the same moment: the bytes are the caller's
        return true;
      } finally {
        if (!waiter.served) {
          queue.remove(waiter);
          waiting.decrementAndGet();
          serveQueue(); // those behind it may need less
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Completes, without reserving anything, when so many bytes are free and nobody waits before. */
  CompletableFuture<Void> whenFree(long bytes) {
    CompletableFuture<Void> ready = new CompletableFuture<>();
    long wanted = Math.min(bytes, capacity);
    if (waiting.get() == 0 && free.get() >= wanted) {
      ready.complete(null);
      return ready;
    }
    lock.lock();
    try {
      enqueue(new Watcher(wanted, ready));
    } finally {
      lock.unlock();
    }
    return ready;
  }

  /** Gives bytes back that were reserved. */
  void release(long bytes) {
    long now = free.addAndGet(bytes);
    assert now <= capacity
        : "released more than was reserved: free=" + now + " capacity=" + capacity;
    if (waiting.get() > 0) {
      lock.lock();
      try {
        serveQueue();
      } finally {
        lock.unlock();
      }
    }
  }

  private boolean take(long bytes) {
    long before = free.get();
    while (before >= bytes) {
      if (free.compareAndSet(before, before - bytes)) {
        return true;
      }
      before = free.get();
    }
    return false;
  }

  /**
   * The count goes up before the queue is served, so that a release that comes in between either is
   * seen here or sees the count: no waiter sleeps beside free memory.
   */
  private void enqueue(Waiter waiter) {
    queue.add(waiter);
    waiting.incrementAndGet();
    serveQueue();
    if (!queue.isEmpty()) {
      onContention.run();
    }
  }

  private void serveQueue() {
    for (Waiter first = queue.peek(); first != null && first.serve(this); first = queue.peek()) {
      queue.remove();
      waiting.decrementAndGet();
    }
  }

  /** Somebody in the queue; under the lock. */
  private interface Waiter {

    /** Whether it got what it wants and leaves the queue. */
    boolean serve(MemoryBudget budget);
  }

  /** A thread in {@link #reserve}. */
  private static final class BlockedThread implements Waiter {
    private final long bytes;
    private final Condition turn;
    private boolean served;

    BlockedThread(long bytes, Condition turn) {
      this.bytes = bytes;
      this.turn = turn;
    }

    @Override
    public boolean serve(MemoryBudget budget) {
      served = budget.take(bytes);
      if (served) {
        turn.signal();
      }
      return served;
    }
  }

  /** A caller of {@link #whenFree}. */
  private record Watcher(long bytes, CompletableFuture<Void> ready) implements Waiter {
    @Override
    public boolean serve(MemoryBudget budget) {
      if (budget.free.get() < bytes) {
        return false;
      }
      ready.completeAsync(() -> null); // what hangs on it shall not run under the lock
      return true;
    }
  }
}
