package io.millrace.server.coordinator;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.server.coordinator.CoordinatorResult.Delivery;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Records of turns that wait to be appended, in batches that the log takes, with the answers that
 * wait for them.
 */
@ConfinedTo("the shard's loop")
final class BatchQueue {

  /** Records that are appended together, and what is answered when they are committed. */
  static final class Batch {
    final List<StoredRecord> records = new ArrayList<>();
    final List<Delivery<?>> deliveries = new ArrayList<>();
    private int bytes;

    private void fill(StoredRecord record) {
      records.add(record);
      bytes += record.sizeInBytes();
    }
  }

  private final IntSupplier maxBatchBytes;
  private final ArrayDeque<Batch> batches = new ArrayDeque<>();
  private long bytes;

  BatchQueue(IntSupplier maxBatchBytes) {
    this.maxBatchBytes = maxBatchBytes;
  }

  /** Of all that waits. */
  long bytes() {
    return bytes;
  }

  boolean isEmpty() {
    return batches.isEmpty();
  }

  Batch last() {
    return batches.getLast();
  }

  void forEach(Consumer<Batch> action) {
    batches.forEach(action);
  }

  /**
   * Takes what a turn decided. A turn that fits goes into one batch; the answers of one that does
   * not leave with its last.
   *
   * @throws IllegalStateException if a record fits no batch; nothing is taken then
   */
  void add(List<StoredRecord> records, List<Delivery<?>> deliveries) {
    int most = maxBatchBytes.getAsInt();
    int added = 0;
    for (StoredRecord record : records) {
      int size = record.sizeInBytes();
      if (size > most) {
        throw new IllegalStateException(
            "a record has " + size + " bytes, at most " + most + " fit");
      }
      added += size;
    }
    Batch batch = batches.peekLast();
    if (batch == null || batch.bytes + added > most) {
      batch = next();
    }
    for (StoredRecord record : records) {
      if (batch.bytes + record.sizeInBytes() > most) {
        batch = next();
      }
      batch.fill(record);
    }
    batch.deliveries.addAll(deliveries);
    bytes += added;
  }

  private Batch next() {
    Batch batch = new Batch();
    batches.add(batch);
    return batch;
  }

  /** Takes out the batch that is to be appended next, or null. */
  @Nullable Batch poll() {
    Batch batch = batches.poll();
    if (batch != null) {
      bytes -= batch.bytes;
    }
    return batch;
  }

  void clear() {
    batches.clear();
    bytes = 0;
  }
}
