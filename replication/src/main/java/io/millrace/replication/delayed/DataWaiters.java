package io.millrace.replication.delayed;

import io.millrace.concurrent.EventLoop;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Those who wait for one end of one partition to move: its log end, its high watermark or its last
 * stable offset. Any thread registers; only the append loop of the partition's log takes waiters
 * out, so registering costs one compare-and-set, and growth without waiters costs a fence and one
 * read.
 *
 * <p>Fetches that ended otherwise (their time, another partition) stay until the next growth or
 * sweep. A sweep follows after as many registrations as were alive after the last one, so that a
 * partition where nothing happens holds at most about twice as many waiters as are alive.
 */
public final class DataWaiters {

  private static final int SWEEP_AT_LEAST = 64;

  private static final class Node {
    final DelayedFetch fetch;
    final long seenEnd;
    @Nullable Node next;

    Node(DelayedFetch fetch, long seenEnd) {
      this.fetch = fetch;
      this.seenEnd = seenEnd;
    }
  }

  private final EventLoop appendLoop;
  private final LongSupplier publishedEnd;
  private final AtomicReference<@Nullable Node> head = new AtomicReference<>();
  private final AtomicInteger registeredSinceSweep = new AtomicInteger();
  private volatile int sweepAfter = SWEEP_AT_LEAST;

  /**
   * @param appendLoop the loop that calls {@link #grew} and {@link #wakeAll}
   * @param publishedEnd the end that is waited for; any thread
   */
  public DataWaiters(EventLoop appendLoop, LongSupplier publishedEnd) {
    this.appendLoop = appendLoop;
    this.publishedEnd = publishedEnd;
  }

  /**
   * Waits for the end to move beyond what the fetch has seen. Any thread.
   *
   * @param seenEnd the end as it was when the fetch read
   */
  public void register(DelayedFetch fetch, long seenEnd) {
    push(new Node(fetch, seenEnd));
    // Pushed first, looked second; the loop publishes first and takes second. One of the two sees
    // the other.
    if (publishedEnd.getAsLong() > seenEnd) {
      fetch.complete();
    }
    if (registeredSinceSweep.incrementAndGet() == sweepAfter
        && !appendLoop.tryExecute(this::sweep)) {
      registeredSinceSweep.set(0); // the loop is full: sweep after as many more
    }
  }

  /** Tells the waiters that the end moved, after it was published. Append loop. */
  public void grew(long end, long bytes) {
    // The end was stored with release only; without the fence the processor may look for waiters
    // before that store is seen, and miss one that looked at the end before.
    VarHandle.fullFence();
    if (head.get() == null) {
      return;
    }
    Node node = head.getAndSet(null);
    while (node != null) {
      Node next = node.next;
      if (end > node.seenEnd) {
        node.fetch.grew(bytes);
      }
      if (!node.fetch.isDone()) {
        push(node);
      }
      node = next;
    }
  }

  /** Lets everybody look again, because of something else than growth. Append loop. */
  public void wakeAll() {
    Node node = head.getAndSet(null);
    while (node != null) {
      Node next = node.next;
      node.fetch.complete();
      node = next;
    }
  }

  private void sweep() {
    int alive = 0;
    Node node = head.getAndSet(null);
    while (node != null) {
      Node next = node.next;
      if (!node.fetch.isDone()) {
        push(node);
        alive++;
      }
      node = next;
    }
    sweepAfter = Math.max(SWEEP_AT_LEAST, alive);
    registeredSinceSweep.set(0);
  }

  /** How many are registered, done or not. For tests; any thread, an estimate. */
  int size() {
    int size = 0;
    for (Node node = head.get(); node != null; node = node.next) {
      size++;
    }
    return size;
  }

  private void push(Node node) {
    Node first;
    do {
      first = head.get();
      node.next = first;
    } while (!head.compareAndSet(first, node));
  }
}
