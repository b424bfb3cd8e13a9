package io.millrace.client.consumer;

import io.millrace.client.ConsumerRecord;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.RecordHandler;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.jctools.queues.SpscArrayQueue;
import org.jspecify.annotations.Nullable;

/**
 * The records of one partition on their way through the handler: a bounded queue, filled by the one
 * pump and emptied by one task at a time on the executor, so the order stays. Whoever finds work
 * only raises the count of work; the task that runs comes round until it is used up.
 *
 * <p>Stopped, it begins no more records, and {@link #quiet} completes when none is being handled.
 */
final class ProcessingLane<K, V> {

  private static final int RECORDS_PER_TASK = 64;

  final PartitionCursor cursor;
  private final OffsetAndMetadata begin;
  private final SpscArrayQueue<ConsumerRecord<K, V>> queue;
  private final int capacity;
  private final RecordHandler<K, V> handler;
  private final Executor executor;
  private final Runnable roomAgain;
  private final Consumer<Throwable> failed;
  private final AtomicInteger work = new AtomicInteger();
  private final CompletableFuture<Void> quiet = new CompletableFuture<>();
  private volatile @Nullable OffsetAndMetadata done; // the task writes, any thread reads
  private volatile boolean stopped;
  private long handedOver; // the pump's

  /**
   * @param begin where the partition stands before the first record
   * @param roomAgain there is room for more; any thread
   * @param failed the handler threw; the lane has stopped itself
   */
  ProcessingLane(
      PartitionCursor cursor,
      OffsetAndMetadata begin,
      int capacity,
      RecordHandler<K, V> handler,
      Executor executor,
      Runnable roomAgain,
      Consumer<Throwable> failed) {
    this.cursor = cursor;
    this.begin = begin;
    this.capacity = capacity;
    this.queue = new SpscArrayQueue<>(Math.max(2, capacity));
    this.handler = handler;
    this.executor = executor;
    this.roomAgain = roomAgain;
    this.failed = failed;
    this.handedOver = begin.offset();
  }

  /** Whether one more record may be offered. The pump. */
  boolean hasRoom() {
    return !stopped && queue.size() < capacity;
  }

  /** Takes a record, for which there was room; {@link #start} follows. The pump. */
  void offer(ConsumerRecord<K, V> record) {
    if (!queue.offer(record)) {
      throw new IllegalStateException("no room in the lane of " + cursor.partition);
    }
    handedOver = record.offset() + 1;
  }

  /** There is work. Any thread. */
  void start() {
    if (work.getAndIncrement() == 0) {
      try {
        executor.execute(this::run);
      } catch (RejectedExecutionException refused) {
        stopped = true;
        failed.accept(refused);
        quiet.complete(null);
      }
    }
  }

  /** Begins no more records. Any thread. */
  void stop() {
    stopped = true;
    start();
  }

  boolean isStopped() {
    return stopped;
  }

  /** Completes once it is stopped and nothing is being handled. */
  CompletableFuture<Void> quiet() {
    return quiet;
  }

  /** Behind the last record that was handled; the leader epoch is that record's. Any thread. */
  OffsetAndMetadata processed() {
    OffsetAndMetadata last = done;
    return last == null ? begin : last;
  }

  /** Whether all that was handed over has been handled. The pump, or under the lock. */
  boolean isIdle() {
    return processed().offset() >= handedOver;
  }

  private void run() {
    int left = RECORDS_PER_TASK;
    while (true) {
      int seen = work.get();
      while (!stopped && left > 0) {
        ConsumerRecord<K, V> record = queue.poll();
        if (record == null) {
          break;
        }
        left--;
        handle(record);
      }
      if (stopped) {
        queue.clear();
        quiet.complete(null);
      } else if (left == 0) {
        again();
        return; // others get their turn; the count of work stays up
      }
      if (work.addAndGet(-seen) == 0) {
        return;
      }
    }
  }

  private void again() {
    try {
      executor.execute(this::run);
    } catch (RejectedExecutionException refused) {
      stopped = true;
      failed.accept(refused);
      quiet.complete(null);
    }
  }

  private void handle(ConsumerRecord<K, V> record) {
    try {
      handler.handle(record);
    } catch (Throwable broken) { // whatever it is, the record is not done
      stopped = true;
      failed.accept(broken);
      if (broken instanceof InterruptedException) {
        Thread.currentThread().interrupt();
      }
      return;
    }
    done = new OffsetAndMetadata(record.offset() + 1, record.leaderEpoch(), "");
    int waiting = queue.size();
    if (waiting == 0 || waiting == capacity / 2) {
      roomAgain.run();
    }
  }
}
