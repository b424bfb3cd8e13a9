package io.millrace.server.coordinator;

import java.util.HashMap;
import java.util.Map;
import java.util.PriorityQueue;
import org.jspecify.annotations.Nullable;

/**
 * A shard's timers, as data: keys and when they are due. Nothing here runs by itself; the runtime
 * asks for what is due. Confined to the shard's loop.
 *
 * <p>Moving a timer to later, which every heartbeat does, touches the map alone; the heap learns of
 * it when the old time comes.
 */
public final class CoordinatorTimer {
  private final Map<Object, Entry> entries = new HashMap<>();
  private final PriorityQueue<Entry> heap = new PriorityQueue<>();
  private long sequence;

  private static final class Entry implements Comparable<Entry> {
    final Object key;
    final long order;

    /** The time by which the heap has it; never later than {@link #dueMillis}. */
    long heapMillis;

    long dueMillis;

    Entry(Object key, long order, long dueMillis) {
      this.key = key;
      this.order = order;
      this.heapMillis = dueMillis;
      this.dueMillis = dueMillis;
    }

    @Override
    public int compareTo(Entry other) {
      int byTime = Long.compare(heapMillis, other.heapMillis);
      return byTime != 0 ? byTime : Long.compare(order, other.order);
    }
  }

  /** Sets or moves a timer. The key needs {@code equals}. */
  public void set(Object key, long dueMillis) {
    Entry entry = entries.get(key);
    if (entry != null && entry.heapMillis <= dueMillis) {
      entry.dueMillis = dueMillis;
      return;
    }
    Entry fresh = new Entry(key, sequence++, dueMillis); // an old one in the heap is passed over
    entries.put(key, fresh);
    heap.add(fresh);
  }

  public void cancel(Object key) {
    entries.remove(key);
    if (heap.size() > 64 && heap.size() > 4 * entries.size()) {
      heap.removeIf(entry -> entries.get(entry.key) != entry);
    }
  }

  public boolean isSet(Object key) {
    return entries.containsKey(key);
  }

  public int size() {
    return entries.size();
  }

  /** When the next timer is due, or {@link Long#MAX_VALUE}. */
  public long nextDueMillis() {
    Entry head = settle();
    return head == null ? Long.MAX_VALUE : head.dueMillis;
  }

  /** Takes out the next timer that is due, or null. */
  public @Nullable Object pollDue(long nowMillis) {
    Entry head = settle();
    if (head == null || head.dueMillis > nowMillis) {
      return null;
    }
    heap.poll();
    entries.remove(head.key);
    return head.key;
  }

  void clear() {
    entries.clear();
    heap.clear();
  }

  private @Nullable Entry settle() {
    while (true) {
      Entry head = heap.peek();
      if (head == null) {
        return null;
      }
      boolean current = entries.get(head.key) == head;
      if (current && head.heapMillis == head.dueMillis) {
        return head;
      }
      heap.poll();
      if (current) {
        head.heapMillis = head.dueMillis;
        heap.add(head);
      }
    }
  }
}
