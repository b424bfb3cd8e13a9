package io.millrace.log;

import io.millrace.concurrent.Clock;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The logs of one node: opens and recovers them, makes and deletes them, flushes, checkpoints and
 * retains them, and takes a failed directory out of service.
 *
 * <p>Thread-safe. A directory that fails stays offline until the next start: its logs answer {@code
 * KAFKA_STORAGE_ERROR}, a flush that failed is never tried again, the other directories go on.
 */
public interface LogManager {

  /** The log of a partition, whatever its topic id; null when there is none here. */
  @Nullable PartitionLog log(String topic, int partition);

  /** All logs, offline ones too; a snapshot. */
  Collection<PartitionLog> logs();

  /**
   * The log of a partition, made when it is missing in the online directory that has the fewest. A
   * log that belongs to an earlier incarnation of the topic (another topic id) is set aside for
   * deletion first. Touches the disk briefly; any thread.
   *
   * @throws LogStorageException when no directory is online, or the log's own failed
   */
  PartitionLog getOrCreate(TopicPartitionId id, LogConfig config);

  /**
   * Deletes a log: it leaves {@link #logs()} and its name on disk when the future completes, its
   * bytes after {@code file.delete.delay.ms}. Does nothing when there is no log of that topic id.
   */
  CompletableFuture<Void> delete(TopicPartitionId id);

  /** Roots of the directories in service. */
  List<String> onlineDirectories();

  /** Roots of the directories that failed. */
  List<String> offlineDirectories();

  /**
   * Adds a listener that gets root and reason when a directory goes offline; called on the
   * directory's append loop.
   */
  void onDirectoryOffline(BiConsumer<String, String> listener);

  /** How compaction is doing. */
  CleanerStats cleanerStats();

  /** Applies retention to every log now, beside the schedule. */
  CompletableFuture<Void> retain();

  /**
   * Flushes everything, writes the marks that make the next start quick, closes all files. The
   * loops stay the caller's.
   */
  CompletableFuture<Void> shutdown();

  /**
   * Drops everything as a killed process does: nothing is flushed or marked, memory is given back.
   * For simulations, on the thread that runs the loops.
   */
  void abandon();

  /**
   * Opens and, after an unclean stop, recovers all logs. Blocks on the disk; the loops need not run
   * yet in the simulation.
   *
   * @param directories one or more; one that cannot be opened is offline from the start
   * @throws LogStorageException when another process holds a directory, or none could be opened
   */
  static LogManager open(LogManagerConfig config, List<LogDirectory> directories, Clock clock) {
    return DirectoryLogManager.open(config, directories, clock);
  }
}
