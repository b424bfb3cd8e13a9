package io.millrace.server.coordinator;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A partition in memory that commits at once, or when the test says so, or refuses. */
public final class MemoryLog implements CoordinatorLog {
  private static final int CHUNK = 7;

  /** What is committed; shared by the logs of successive leaders. */
  private final List<StoredRecord> committed;

  private final ArrayDeque<Pending> pending = new ArrayDeque<>();
  private final List<Integer> batchSizes = new ArrayList<>();
  private boolean held;
  private boolean led = true;
  private int maxBatchBytes = 1 << 20;

  private record Pending(List<StoredRecord> records, CompletableFuture<Void> done) {}

  public MemoryLog() {
    this(new ArrayList<>());
  }

  private MemoryLog(List<StoredRecord> committed) {
    this.committed = committed;
  }

  /** The same partition under its next leader. */
  public MemoryLog next() {
    return new MemoryLog(committed);
  }

  public List<StoredRecord> committed() {
    return committed;
  }

  public List<Integer> batchSizes() {
    return batchSizes;
  }

  public void maxBatchBytes(int bytes) {
    this.maxBatchBytes = bytes;
  }

  /** From now on batches wait for {@link #commitOne} or {@link #failOne}. */
  public void hold() {
    held = true;
  }

  public void release() {
    held = false;
    while (!pending.isEmpty()) {
      commitOne();
    }
  }

  public int pendingBatches() {
    return pending.size();
  }

  public void commitOne() {
    Pending batch = pending.remove();
    committed.addAll(batch.records);
    batch.done.complete(null);
  }

  /** Refuses the batch; it is in the log all the same when {@code appended}. */
  public void failOne(boolean appended) {
    Pending batch = pending.remove();
    if (appended) {
      committed.addAll(batch.records);
    }
    batch.done.completeExceptionally(new IllegalStateException("refused by the test"));
  }

  @Override
  public CompletableFuture<Void> append(List<StoredRecord> records) {
    Pending batch = new Pending(List.copyOf(records), new CompletableFuture<>());
    batchSizes.add(records.size());
    pending.add(batch);
    if (!held) {
      commitOne();
    }
    return batch.done;
  }

  /** Somebody else may lead by now, and nobody has told the shard. */
  public void loseLease() {
    led = false;
  }

  /** Whether this broker may act for the partition, for all it knows. */
  public void lead(boolean now) {
    led = now;
  }

  @Override
  public boolean isLed() {
    return led;
  }

  @Override
  public long startOffset() {
    return 0;
  }

  @Override
  public CompletableFuture<Chunk> read(long fromOffset) {
    int from = (int) fromOffset;
    int to = Math.min(committed.size(), from + CHUNK);
    return CompletableFuture.completedFuture(
        new Chunk(committed.subList(from, to), to, to == committed.size()));
  }

  @Override
  public int maxBatchBytes() {
    return maxBatchBytes;
  }
}
