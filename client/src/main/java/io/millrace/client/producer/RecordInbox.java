package io.millrace.client.producer;

import io.millrace.concurrent.EventLoop;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jctools.queues.MpscUnboundedArrayQueue;

/**
 * The hand-over from the sending threads to the producer's loop: a lock-free queue, and one task on
 * the loop however many records wait. Has no limit of its own: each record in it holds a
 * reservation of the {@link MemoryBudget}.
 *
 * <pre>
 *   OPEN (the loop alone takes records out) --end--> ENDED (whoever comes takes out, under a lock, and refuses)
 * </pre>
 *
 * <p>{@link #offer} from any thread, the rest on the loop. Records of one thread come out in the
 * order in which they went in; each comes out once, at the receiver or refused.
 */
final class RecordInbox {

  private static final int RECORDS_PER_TURN = 4096;
  private static final long FULL_PAUSE_NANOS = 100_000;
  private static final int FULL_PAUSES = 100_000;

  private final EventLoop loop;
  private final Consumer<PendingRecord> receiver;
  private final Runnable afterTurn;
  private final Consumer<PendingRecord> refuse;
  private final MpscUnboundedArrayQueue<PendingRecord> queue = new MpscUnboundedArrayQueue<>(1024);
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private final Object lastDrain = new Object();
  private volatile boolean ended;

  /**
   * @param receiver gets each record, on the loop
   * @param afterTurn runs on the loop after each group of records
   * @param refuse gets each record that came too late for the receiver, on any thread
   */
  RecordInbox(
      EventLoop loop,
      Consumer<PendingRecord> receiver,
      Runnable afterTurn,
      Consumer<PendingRecord> refuse) {
    this.loop = loop;
    this.receiver = receiver;
    this.afterTurn = afterTurn;
    this.refuse = refuse;
  }

  /**
   * Hands a record over. hot: every record passes here.
   *
   * @throws RejectedExecutionException when the loop is full for ten seconds; the record may come
   *     out later all the same
   */
  void offer(PendingRecord record) {
    queue.offer(record);
    // Handed over first, looked second; the end is marked first and drains second. One of the two
    // sees the other.
    if (ended) {
      refuseLate();
    } else if (!scheduled.get() && scheduled.compareAndSet(false, true)) {
      schedule();
    }
  }

  private void schedule() {
    for (int pauses = 0; !ended; pauses++) {
      try {
        loop.execute(this::turn);
        return;
      } catch (RejectedExecutionException fullOrEnded) {
        if (loop.inEventLoop()) {
          loop.schedule(this::turn, 0); // takes no place in the queue
          return;
        }
        if (pauses == FULL_PAUSES) {
          scheduled.set(false);
          throw fullOrEnded;
        }
        LockSupport.parkNanos(FULL_PAUSE_NANOS);
      }
    }
    refuseLate();
  }

  /**
   * Takes all records that are in the queue now: for a flush or a close, which must not pass
   * records before them. On the loop.
   */
  void takeAll() {
    if (ended) {
      refuseLate();
      return;
    }
    for (PendingRecord record = queue.poll(); record != null; record = queue.poll()) {
      receiver.accept(record);
    }
  }

  /**
   * The receiver gets nothing any more: what waits is refused, and what still comes. On the loop.
   */
  void end() {
    ended = true;
    refuseLate();
  }

  /** Any thread. */
  boolean isEnded() {
    return ended;
  }

  /** Only when ended: until then the loop takes out without a lock. */
  private void refuseLate() {
    List<PendingRecord> late = new ArrayList<>();
    synchronized (lastDrain) {
      for (PendingRecord record = queue.poll(); record != null; record = queue.poll()) {
        late.add(record);
      }
    }
    late.forEach(refuse); // runs callbacks of the user, hence without the lock
  }

  /**
   * The mark is taken away before the queue is emptied: a record that is offered after the last
   * poll finds no mark and schedules another turn.
   */
  private void turn() {
    scheduled.set(false);
    if (ended) {
      refuseLate();
      return;
    }
    int taken = 0;
    while (taken < RECORDS_PER_TURN) {
      PendingRecord record = queue.poll();
      if (record == null) {
        break;
      }
      receiver.accept(record);
      taken++;
    }
    afterTurn.run();
    if (taken == RECORDS_PER_TURN && !queue.isEmpty() && scheduled.compareAndSet(false, true)) {
      schedule(); // answers and timers get their turn first
    }
  }
}
