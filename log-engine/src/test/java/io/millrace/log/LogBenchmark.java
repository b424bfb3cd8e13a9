package io.millrace.log;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import io.millrace.concurrent.ThreadEventLoop;
import io.millrace.log.storage.FileLogStorage;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.RecordBatchBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * Appends batches of 1 KiB records to six partitions, each acknowledged when it is durable, a
 * bounded number in flight; prints throughput. Run by hand: {@code LogBenchmark DIRECTORY
 * [megabytes] [batchBytes] [batchesInFlight] [flushBeforeAck] [flushLoops]}.
 */
public final class LogBenchmark {

  private static final int PARTITIONS = 6;

  private LogBenchmark() {}

  public static void main(String[] args) throws Exception {
    Path root = Path.of(args[0]);
    long bytes = (args.length > 1 ? Long.parseLong(args[1]) : 512) << 20;
    int batchBytes = args.length > 2 ? Integer.parseInt(args[2]) : 16 << 10;
    int inFlight = args.length > 3 ? Integer.parseInt(args[3]) : 64;
    boolean flush = args.length <= 4 || Boolean.parseBoolean(args[4]);
    Clock clock = Clock.system();
    for (int round = 1; round <= 3; round++) {
      Path directory = Files.createTempDirectory(root, "log-benchmark");
      ThreadEventLoop append =
          new ThreadEventLoop("append", clock, (loop, cause) -> cause.printStackTrace());
      List<EventLoop> flushers = new ArrayList<>();
      int loops =
          args.length > 5 ? Integer.parseInt(args[5]) : LogDirectory.RECOMMENDED_FLUSH_LOOPS;
      for (int i = 0; i < loops; i++) {
        flushers.add(
            new ThreadEventLoop("flush-" + i, clock, (loop, cause) -> cause.printStackTrace()));
      }
      FileLogStorage storage = FileLogStorage.at(directory);
      LogManager manager =
          LogManager.open(
              LogManagerConfig.DEFAULT,
              List.of(new LogDirectory(storage, append, flushers, List.of())),
              clock);
      run(manager, clock, bytes, batchBytes, inFlight, flush, round);
      manager.shutdown().get(30, TimeUnit.SECONDS);
      append.close();
      flushers.forEach(loop -> ((ThreadEventLoop) loop).close());
      for (int p = 0; p < PARTITIONS; p++) {
        storage.delete("bench-" + p);
      }
    }
  }

  private static void run(
      LogManager manager,
      Clock clock,
      long bytes,
      int batchBytes,
      int inFlight,
      boolean flush,
      int round)
      throws InterruptedException {
    MemoryRecords batch = batch(batchBytes);
    long perPartition = bytes / batch.sizeInBytes() / PARTITIONS;
    CountDownLatch done = new CountDownLatch(PARTITIONS);
    Semaphore[] windows = new Semaphore[PARTITIONS];
    PartitionLog[] logs = new PartitionLog[PARTITIONS];
    long records = batch.batches().iterator().next().recordCount();
    LogConfig config = LogConfig.DEFAULT.toBuilder().set("flush.before.ack", "" + flush).build();
    for (int p = 0; p < PARTITIONS; p++) {
      Semaphore window = new Semaphore(Math.max(1, inFlight / PARTITIONS));
      windows[p] = window;
      PartitionLog log =
          manager.getOrCreate(new TopicPartitionId(new Uuid(1, 1), "bench", p), config);
      logs[p] = log;
      long[] last = {0};
      log.appendLoop()
          .execute(
              () ->
                  log.onDurable(
                      end -> {
                        window.release((int) ((end - last[0]) / records));
                        last[0] = end;
                        if (end == perPartition * records) {
                          done.countDown();
                        }
                      }));
    }
    long start = clock.monotonicNanos();
    for (long i = 0; i < perPartition; i++) {
      for (int p = 0; p < PARTITIONS; p++) {
        PartitionLog log = logs[p];
        windows[p].acquire();
        log.appendLoop().execute(() -> log.appendAsLeader(batch, 1));
      }
    }
    done.await();
    double seconds = (clock.monotonicNanos() - start) / 1e9;
    double megabytes = (double) perPartition * PARTITIONS * batch.sizeInBytes() / (1 << 20);
    System.out.printf(
        Locale.ROOT,
        "round=%d batchBytes=%d inFlight=%d flush=%b MB=%.0f seconds=%.2f MB/s=%.1f"
            + " batches/s=%.0f%n",
        round,
        batch.sizeInBytes(),
        inFlight,
        flush,
        megabytes,
        seconds,
        megabytes / seconds,
        perPartition * PARTITIONS / seconds);
  }

  private static MemoryRecords batch(int bytes) {
    RecordBatchBuilder builder = new RecordBatchBuilder(bytes);
    byte[] value = new byte[Math.min(1024, bytes - 100)];
    while (builder.tryAppend(1, null, java.nio.ByteBuffer.wrap(value), List.of())) {
      // until it is full
    }
    return builder.build();
  }
}
