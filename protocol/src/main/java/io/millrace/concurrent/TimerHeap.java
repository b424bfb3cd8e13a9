package io.millrace.concurrent;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A binary heap of timers, soonest first; timers of one instant in the order in which they were
 * added. Each entry knows its place, so that a cancelled timer leaves at once: request timeouts are
 * nearly always cancelled, and a heap that kept them until their time would hold a second's worth
 * of finished requests.
 */
@ConfinedTo("the thread of its event loop")
final class TimerHeap {

  private static final int FIRST_CAPACITY = 16;

  private Entry[] heap = new Entry[FIRST_CAPACITY];
  private int size;
  private long nextSequence;

  boolean isEmpty() {
    return size == 0;
  }

  int size() {
    return size;
  }

  /** The soonest timer, which stays in the heap, or null. */
  @Nullable Entry peek() {
    return size == 0 ? null : heap[0];
  }

  void add(Entry entry) {
    assert entry.index == Entry.OUTSIDE : "timer added twice";
    entry.sequence = nextSequence++;
    if (size == heap.length) {
      heap = Arrays.copyOf(heap, size * 2);
    }
    siftUp(size++, entry);
  }

  /** Removes a timer; does nothing when it is not, or no longer, in the heap. */
  void remove(Entry entry) {
    int index = entry.index;
    if (index == Entry.OUTSIDE) {
      return;
    }
    entry.index = Entry.OUTSIDE;
    Entry last = heap[--size];
    clearSlot(size);
    if (last != entry) {
      siftDown(index, last);
      if (heap[index] == last) {
        siftUp(index, last);
      }
    }
  }

  void clear() {
    for (int i = 0; i < size; i++) {
      heap[i].index = Entry.OUTSIDE;
      clearSlot(i);
    }
    size = 0;
  }

  @SuppressWarnings(
      "NullAway") // slots at and above size are never read before they are written again
  private void clearSlot(int index) {
    heap[index] = null;
  }

  private void siftUp(int index, Entry entry) {
    int at = index;
    while (at > 0) {
      int parent = (at - 1) >>> 1;
      if (!entry.isBefore(heap[parent])) {
        break;
      }
      place(at, heap[parent]);
      at = parent;
    }
    place(at, entry);
  }

  private void siftDown(int index, Entry entry) {
    int at = index;
    while (true) {
      int child = 2 * at + 1;
      if (child >= size) {
        break;
      }
      if (child + 1 < size && heap[child + 1].isBefore(heap[child])) {
        child++;
      }
      if (!heap[child].isBefore(entry)) {
        break;
      }
      place(at, heap[child]);
      at = child;
    }
    place(at, entry);
  }

  private void place(int index, Entry entry) {
    heap[index] = entry;
    entry.index = index;
  }

  /** One timer. The fields belong to the heap's thread; {@code deadlineNanos} never changes. */
  static class Entry {
    static final int OUTSIDE = -1;

    final long deadlineNanos;
    private long sequence;
    private int index = OUTSIDE;

    Entry(long deadlineNanos) {
      this.deadlineNanos = deadlineNanos;
    }

    private boolean isBefore(Entry other) {
      long difference = deadlineNanos - other.deadlineNanos; // by difference: nanoTime may wrap
      return difference < 0 || (difference == 0 && sequence < other.sequence);
    }
  }
}
