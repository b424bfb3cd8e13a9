package io.millrace.log;

import io.millrace.concurrent.Clock;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The logs of one node: opens and recovers them, makes and deletes them, flushes, checkpoints and
 * retains them, and takes a failed directory out of service.
 *
 * <p>Thread-safe. A directory that fails goes offline: its logs answer {@code KAFKA_STORAGE_ERROR}
 * for good, a flush that failed is never tried again, the other directories go on. One that was
 * full may be opened again ({@link #reopen}), after any other failure it takes a new start.
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
   * @param isNew whether the replica cannot have been here before. One that can is not made while a
   *     directory is missing since the start: its records may lie there
   * @throws LogStorageException when no directory is online, or the log's own failed
   */
  PartitionLog getOrCreate(TopicPartitionId id, LogConfig config, boolean isNew);

  /** {@link #getOrCreate(TopicPartitionId, LogConfig, boolean)} for a replica that may be new. */
  default PartitionLog getOrCreate(TopicPartitionId id, LogConfig config) {
    return getOrCreate(id, config, true);
  }

  /**
   * Deletes a log: it leaves {@link #logs()} and its name on disk when the future completes, its
   * bytes after {@code file.delete.delay.ms}. Does nothing when there is no log of that topic id.
   */
  CompletableFuture<Void> delete(TopicPartitionId id);

  /** Every directory with what is in it; asks the file systems. */
  List<DirectoryStatus> directories();

  /**
   * Opens a directory again that was full, as a start does: recovers its logs from what is on disk.
   * They come back as other {@link PartitionLog}s; the ones before stay offline. Completes when it
   * is in service, exceptionally when it is not: what was wrong, or still is, can be tried again
   * later. Any thread; the work is done on the first flush loop.
   */
  CompletableFuture<Void> reopen(String path);

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
   * @param unusable directories that were found unusable before, with the reason
   * @throws LogStorageException when another process holds a directory, or none could be opened
   */
  static LogManager open(
      LogManagerConfig config,
      List<LogDirectory> directories,
      Map<String, String> unusable,
      Clock clock) {
    return DirectoryLogManager.open(config, directories, unusable, clock);
  }

  /** {@link #open(LogManagerConfig, List, Map, Clock)} where none was found unusable before. */
  static LogManager open(LogManagerConfig config, List<LogDirectory> directories, Clock clock) {
    return open(config, directories, Map.of(), clock);
  }
}
