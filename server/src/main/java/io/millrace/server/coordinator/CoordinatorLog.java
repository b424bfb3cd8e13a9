package io.millrace.server.coordinator;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * The partition that keeps a shard's records, as its leader sees it in one leader epoch. The
 * futures may complete on any thread. The runtime has one append under way at a time, and never
 * reads while it appends.
 */
public interface CoordinatorLog {

  /**
   * Appends the records as one batch, all or nothing, under the leader epoch that this log was made
   * for. Completes when they are committed. A failure may leave open whether they will be; then a
   * later {@link #read} tells.
   */
  CompletableFuture<Void> append(List<StoredRecord> records);

  /**
   * Whether this broker may still act for the partition in this log's leader epoch, for all it
   * knows. While it may, no other broker does.
   */
  boolean isLed();

  /** Where the log starts now. */
  long startOffset();

  /**
   * Reads committed records. Where none is at the offset but the log goes on (a former leader
   * appended what is not committed yet), waits until it is.
   */
  CompletableFuture<Chunk> read(long fromOffset);

  /** The most that one append may carry. */
  int maxBatchBytes();

  /**
   * A piece of the log.
   *
   * @param nextOffset where to read on
   * @param end whether this was all: there is nothing in the log after it, committed or not
   */
  record Chunk(List<StoredRecord> records, long nextOffset, boolean end) {
    public Chunk {
      records = List.copyOf(records);
    }
  }
}
