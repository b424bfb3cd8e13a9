package io.millrace.server.network;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The bytes of requests that one node holds at a time. At the limit connections stop reading; they
 * go on when a quarter is free again, so that they do not wake for each request that ends. Any
 * thread.
 */
final class MemoryBudget {
  private final long limit;
  private final AtomicLong used = new AtomicLong();
  private final Queue<Runnable> waiting = new ConcurrentLinkedQueue<>();

  MemoryBudget(long limit) {
    this.limit = limit;
  }

  /** Takes bytes that have already arrived; may go over the limit by a request per connection. */
  void take(long bytes) {
    used.addAndGet(bytes);
  }

  boolean isExhausted() {
    return used.get() >= limit;
  }

  long used() {
    return used.get();
  }

  void giveBack(long bytes) {
    if (used.addAndGet(-bytes) <= limit - limit / 4 && !waiting.isEmpty()) {
      wakeAll();
    }
  }

  /** Runs the task once there is room; at once, on this thread, if there is room by now. */
  void whenRoom(Runnable task) {
    waiting.add(task);
    if (!isExhausted()) {
      wakeAll();
    }
  }

  private void wakeAll() {
    Runnable task = waiting.poll();
    while (task != null) {
      task.run();
      task = waiting.poll();
    }
  }
}
