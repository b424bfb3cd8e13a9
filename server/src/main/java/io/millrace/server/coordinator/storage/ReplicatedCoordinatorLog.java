package io.millrace.server.coordinator.storage;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.record.Compression;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.Record;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.replication.ProduceResult;
import io.millrace.replication.ReadIsolation;
import io.millrace.replication.ReadRequest;
import io.millrace.replication.ReadResult;
import io.millrace.replication.ReplicatedPartition;
import io.millrace.replication.delayed.DelayedFetch;
import io.millrace.server.coordinator.CoordinatorException;
import io.millrace.server.coordinator.CoordinatorLog;
import io.millrace.server.coordinator.StoredRecord;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.IntSupplier;

/**
 * A partition of an internal topic that this broker leads, in one leader epoch.
 *
 * <p>An append waits for its commit as long as the leadership lasts. When too few replicas are in
 * sync nothing was appended, and it is tried again; the shard need not be thrown away for that. A
 * read waits for the append before it, so that nothing lands in the log behind a reader that has
 * seen its end.
 *
 * <p>{@link #append} and {@link #read} belong to the shard's loop; the reading itself runs on the
 * reader's, because it may wait for the disk.
 */
public final class ReplicatedCoordinatorLog implements CoordinatorLog {
  private static final short COMMITTED_BY_ALL = -1;
  private static final int NO_TIMEOUT_MS = Integer.MAX_VALUE;
  private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(50);
  private static final long LOOK_AGAIN_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final int MAX_DECOMPRESSED = Compression.DEFAULT_MAX_DECOMPRESSED_BYTES;

  /**
   * What all logs of a coordinator have in common.
   *
   * @param reader reads the logs, and may wait for the disk
   * @param maxMessageBytes the internal topic's {@code max.message.bytes} now
   * @param chunkBytes how much is read at a time
   */
  public record Setup(EventLoop reader, Clock clock, IntSupplier maxMessageBytes, int chunkBytes) {}

  private final ReplicatedPartition partition;
  private final int leaderEpoch;
  private final long epochStart;
  private final Setup setup;

  /** The newest append; whatever came of it. */
  private Attempt lastAppend = new Attempt(MemoryRecords.EMPTY);

  /**
   * @param epochStart where the log ended when the epoch began
   */
  public ReplicatedCoordinatorLog(
      ReplicatedPartition partition, int leaderEpoch, long epochStart, Setup setup) {
    this.partition = partition;
    this.leaderEpoch = leaderEpoch;
    this.epochStart = epochStart;
    this.setup = setup;
    lastAppend.done.complete(null);
  }

  // ---- append

  @Override
  public CompletableFuture<Void> append(List<StoredRecord> records) {
    RecordBatchBuilder batch = new RecordBatchBuilder(Integer.MAX_VALUE);
    long now = setup.clock().wallMillis();
    for (StoredRecord record : records) {
      batch.append(now, record.key(), record.value(), List.of());
    }
    lastAppend = new Attempt(batch.build());
    lastAppend.start();
    return lastAppend.done;
  }

  /** One batch on its way into the log, tried until it is in or never will be. */
  private final class Attempt {
    final CompletableFuture<Void> done = new CompletableFuture<>();
    private final MemoryRecords batch;
    private volatile boolean abandoned;

    Attempt(MemoryRecords batch) {
      this.batch = batch;
    }

    void start() {
      partition
          .append(batch.retain(), COMMITTED_BY_ALL, NO_TIMEOUT_MS, leaderEpoch)
          .whenComplete(
              (result, failure) -> {
                if (failure != null) {
                  done.completeExceptionally(failure);
                } else {
                  onResult(result);
                }
              });
    }

    private void onResult(ProduceResult result) {
      if (result.error() == ErrorCode.NONE) {
        done.complete(null);
      } else if (result.error() == ErrorCode.NOT_ENOUGH_REPLICAS) {
        retryLater(result);
      } else {
        fail(result);
      }
    }

    private void retryLater(ProduceResult result) {
      try {
        setup
            .reader()
            .schedule(
                () -> {
                  if (abandoned) {
                    fail(result);
                  } else {
                    start();
                  }
                },
                RETRY_NANOS);
      } catch (RejectedExecutionException stopping) {
        fail(result);
      }
    }

    private void fail(ProduceResult result) {
      done.completeExceptionally(
          new CoordinatorException(result.error(), Objects.toString(result.reason())));
    }
  }

  // ---- read

  @Override
  public boolean isLed() {
    return partition.leads(leaderEpoch);
  }

  @Override
  public long startOffset() {
    return partition.log().logStartOffset();
  }

  @Override
  public CompletableFuture<Chunk> read(long fromOffset) {
    lastAppend.abandoned = true;
    CompletableFuture<Chunk> done = new CompletableFuture<>();
    lastAppend.done.whenComplete((ok, failure) -> readOnLoop(fromOffset, done));
    return done;
  }

  private void readOnLoop(long fromOffset, CompletableFuture<Chunk> done) {
    try {
      setup
          .reader()
          .execute(
              () -> {
                try {
                  readNow(fromOffset, done);
                } catch (RuntimeException e) {
                  done.completeExceptionally(e);
                }
              });
    } catch (RejectedExecutionException stopping) {
      done.completeExceptionally(stopping);
    }
  }

  private void readNow(long fromOffset, CompletableFuture<Chunk> done) {
    // Before the read: what is appended meanwhile is nobody's, because the shard appends nothing
    // while it reads.
    long logEnd = Math.max(epochStart, partition.log().logEndOffset());
    ReadResult result =
        partition.read(
            ReadRequest.ofConsumer(
                leaderEpoch, fromOffset, -1, setup.chunkBytes(), true, ReadIsolation.UNCOMMITTED));
    MemoryRecords records;
    try {
      if (result.error() != ErrorCode.NONE) {
        throw new CoordinatorException(
            result.error(), partition.id() + " cannot be read, offset=" + fromOffset);
      }
      records = result.records().toHeap();
    } finally {
      result.records().release();
    }
    if (records.sizeInBytes() > 0) {
      done.complete(chunk(fromOffset, records, logEnd));
    } else if (fromOffset >= logEnd) {
      done.complete(new Chunk(List.of(), fromOffset, true));
    } else {
      awaitCommit(fromOffset, result.readableEnd(), done);
    }
  }

  private void awaitCommit(long fromOffset, long seenEnd, CompletableFuture<Chunk> done) {
    DelayedFetch wait = new DelayedFetch(1, () -> readOnLoop(fromOffset, done));
    partition.awaitData(wait, ReadIsolation.UNCOMMITTED, seenEnd);
    wait.startTimer(setup.reader(), LOOK_AGAIN_NANOS);
  }

  private static Chunk chunk(long fromOffset, MemoryRecords records, long logEnd) {
    List<StoredRecord> stored = new ArrayList<>();
    long next = fromOffset;
    for (RecordBatch batch : records.batches()) {
      if (!batch.isControl()) {
        for (Record record : batch.records(MAX_DECOMPRESSED)) {
          ByteBuffer key = record.key();
          if (record.offset() >= fromOffset && key != null) {
            stored.add(new StoredRecord(key, record.value()));
          }
        }
      }
      next = Math.max(next, batch.nextOffset());
    }
    return new Chunk(stored, next, next >= logEnd);
  }

  @Override
  public int maxBatchBytes() {
    return setup.maxMessageBytes().getAsInt() - RecordBatch.HEADER_SIZE;
  }
}
