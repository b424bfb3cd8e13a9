package io.millrace.log;

import io.millrace.concurrent.EventLoop;
import io.millrace.protocol.record.MemoryRecords;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The log of one partition.
 *
 * <p>Changes happen on {@link #appendLoop()} alone, and are asserted to. Everything else is
 * wait-free from any thread; a read may touch files, so it may wait for the disk, never for another
 * thread.
 *
 * <p>Always: logStart &lt;= highWatermark &lt;= logEnd and durableEnd &lt;= logEnd. The bytes below
 * a published log end are readable. The bytes below a published durable end survive a loss of
 * power, unless the topic chose {@code flush.before.ack=false}.
 */
public interface PartitionLog {

  /** Asks {@link #offsetForTimestamp} for the log end. */
  long LATEST_TIMESTAMP = -1;

  /** Asks {@link #offsetForTimestamp} for the log start. */
  long EARLIEST_TIMESTAMP = -2;

  /** Asks {@link #offsetForTimestamp} for the record with the largest timestamp. */
  long MAX_TIMESTAMP = -3;

  TopicPartitionId id();

  /** The loop that owns this log; shared by all logs of a directory. */
  EventLoop appendLoop();

  LogConfig config();

  // ---- on the append loop

  /** Takes new topic settings; they count from the next append on. */
  void reconfigure(LogConfig config);

  /**
   * Appends what clients sent: checks producer sequences, assigns offsets, stamps the epoch. The
   * batches must have passed {@code RecordBatchValidator}. The bytes are copied: the caller keeps
   * its reference and may release it on return.
   *
   * @param leaderEpoch the caller's epoch, not below {@link #latestEpoch()}
   */
  AppendResult appendAsLeader(MemoryRecords batches, int leaderEpoch);

  /**
   * Appends what a leader sent, offsets and epochs as they are. The caller keeps its reference.
   *
   * @return never {@code Duplicate}; {@code Rejected} when the batches do not continue this log
   */
  AppendResult appendAsFollower(MemoryRecords batches);

  /** Notes that a leader's epoch begins at the log end. Does nothing when the epoch is known. */
  void startEpoch(int leaderEpoch);

  /**
   * Removes every batch that reaches to {@code offset} or beyond. At or above the log end it only
   * forgets a leader epoch that has no records.
   */
  void truncateTo(long offset);

  /** Empties the log and lets it go on at an offset that a leader named. */
  void truncateFullyAndStartAt(long offset);

  /**
   * Hides records below an offset (DeleteRecords, or a leader's log start); at most the high
   * watermark.
   */
  void advanceLogStart(long offset);

  /** Publishes the high watermark; only forward, and at most the log end. */
  void setHighWatermark(long offset);

  /**
   * Adds a listener that is called on the append loop with the new durable end whenever it moved.
   */
  void onDurable(LongConsumer listener);

  /**
   * Adds a listener, called on the append loop with the reason when the log's directory goes
   * offline, at once if it is.
   */
  void onOffline(Consumer<String> listener);

  // ---- any thread

  long logStartOffset();

  long highWatermark();

  /** One past the last record that is on stable storage. */
  long durableEndOffset();

  /** One past the last record that can be read here. */
  long logEndOffset();

  /** One past the last record whose transaction is decided; at most the high watermark. */
  long lastStableOffset();

  /**
   * Whether the directory failed; then every append and read answers {@code KAFKA_STORAGE_ERROR}.
   */
  boolean isOffline();

  /** Bytes of all segments. */
  long sizeInBytes();

  /**
   * Reads whole batches, beginning with the one that holds {@code fromOffset}.
   *
   * @param maxBytes how much the caller wants at most
   * @param upToOffset no record at or above it is returned
   * @param minOneBatch whether a first batch larger than {@code maxBytes} is returned nevertheless
   */
  LogRead read(long fromOffset, int maxBytes, long upToOffset, boolean minOneBatch);

  /**
   * Finds the first record whose timestamp is at least the given one; or, for one of the constants
   * above, an end of the log.
   *
   * @return null when there is none
   */
  @Nullable TimestampOffset offsetForTimestamp(long timestamp);

  /** Where a leader epoch ended in this log, as OffsetForLeaderEpoch answers it. */
  EpochEnd endOffsetForEpoch(int epoch);

  /** The newest leader epoch in this log, or -1. */
  int latestEpoch();
}
