package io.millrace.replication.follower;

import io.millrace.concurrent.EventLoop;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jctools.queues.MpscUnboundedArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * What other threads tell a fetcher: partitions come and go, append loops say where to read on,
 * leaders answer. None of it may be lost, or a partition is never asked for again; so it waits here
 * and not in the loop's queue, where it takes one place however much there is. And the fetcher
 * looks once for all of it at what to do next.
 *
 * <p>Has no limit of its own: for each partition at most a coming, a going and one position are
 * under way, and two answers of the leader.
 *
 * <pre>
 *   OPEN (turns on the loop take messages) --end--> ENDED (whoever comes drops them)
 * </pre>
 *
 * <p>{@link #offer} and {@link #end} from any thread. Messages of one thread are taken in their
 * order; each is taken once or dropped once.
 */
final class FetcherInbox {

  interface Message {
    /** On the loop. */
    void take();

    /** Instead of {@link #take} when the fetcher has ended. Any thread. */
    default void drop() {}
  }

  private static final int CHUNK = 256;

  private final EventLoop loop;
  private final Runnable afterTurn;
  private final MpscUnboundedArrayQueue<Message> queue = new MpscUnboundedArrayQueue<>(CHUNK);
  private final AtomicBoolean scheduled = new AtomicBoolean();
  private volatile boolean ended;

  /**
   * @param loop others may hand it next to nothing: it must have room for one task
   * @param afterTurn runs on the loop after each group of messages
   */
  FetcherInbox(EventLoop loop, Runnable afterTurn) {
    this.loop = loop;
    this.afterTurn = afterTurn;
  }

  /** False when the loop is closed: the message waits in vain until {@link #end}. */
  boolean offer(Message message) {
    queue.offer(message);
    // Handed over first, looked second; the end is marked first and drains second. One of the two
    // sees the other.
    if (ended) {
      dropAll();
      return true;
    }
    return scheduled.get() || !scheduled.compareAndSet(false, true) || schedule();
  }

  private boolean schedule() {
    try {
      loop.execute(this::turn);
      return true;
    } catch (RejectedExecutionException closed) {
      scheduled.set(false);
      return false;
    }
  }

  /** Nothing is taken any more: what waits is dropped, and what still comes. */
  void end() {
    ended = true;
    dropAll();
  }

  private void dropAll() {
    for (Message message = next(); message != null; message = next()) {
      message.drop();
    }
  }

  /** The loop's turn and whoever drops may meet: the queue knows one consumer. */
  private synchronized @Nullable Message next() {
    return queue.poll();
  }

  /**
   * The mark is taken away before the queue is emptied: a message that is offered after the last
   * look finds no mark and schedules another turn.
   */
  private void turn() {
    scheduled.set(false);
    Throwable failure = null;
    for (Message message = next(); message != null; message = next()) {
      try {
        message.take();
      } catch (RuntimeException | Error e) {
        failure = e; // of one message; the others must not be lost with it
      }
    }
    if (!ended) {
      afterTurn.run();
    }
    if (failure instanceof Error error) {
      throw error;
    } else if (failure instanceof RuntimeException exception) {
      throw exception;
    }
  }
}
