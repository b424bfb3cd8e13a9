package io.millrace.client.producer;

import io.millrace.concurrent.EventLoop;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jctools.queues.MpscUnboundedArrayQueue;

/**
 * The hand-over from the sending threads to the producer's loop: a lock-free queue, and one task on
 * the loop however many records wait. Has no limit of its own: each record in it holds a
 * reservation of the {@link MemoryBudget}.
 *
 * <p>{@link #offer} from any thread, the rest on the loop. Records of one thread come out in the
 * order in which they went in.
 */
final class RecordInbox {

  private static final int RECORDS_PER_TURN = 4096;

  private final EventLoop loop;
  private final Consumer<PendingRecord> receiver;
  private final Runnable afterTurn;
  private final MpscUnboundedArrayQueue<PendingRecord> queue = new MpscUnboundedArrayQueue<>(1024);
  private final AtomicBoolean scheduled = new AtomicBoolean();

  /**
   * @param receiver gets each record, on the loop
   * @param afterTurn runs on the loop after each group of records
   */
  RecordInbox(EventLoop loop, Consumer<PendingRecord> receiver, Runnable afterTurn) {
    this.loop = loop;
    this.receiver = receiver;
    this.afterTurn = afterTurn;
  }

  /**
   * Hands a record over. hot: every record passes here.
   *
   * @throws java.util.concurrent.RejectedExecutionException when the loop has ended; the record may
   *     be left in the queue
   */
  void offer(PendingRecord record) {
    queue.offer(record);
    if (!scheduled.get() && scheduled.compareAndSet(false, true)) {
      loop.execute(this::turn);
    }
  }

  /**
   * Takes all records that are in the queue now: for a flush or a close, which must not pass
   * records before them. On the loop, or under a lock once the loop takes no more.
   */
  void takeAll(Consumer<PendingRecord> taker) {
    for (PendingRecord record = queue.poll(); record != null; record = queue.poll()) {
      taker.accept(record);
    }
  }

  /**
   * The mark is taken away before the queue is emptied: a record that is offered after the last
   * poll finds no mark and schedules another turn.
   */
  private void turn() {
    scheduled.set(false);
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
      loop.execute(this::turn); // answers and timers get their turn first
    }
  }
}
