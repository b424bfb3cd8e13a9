package io.millrace.log;

import io.millrace.concurrent.Clock;
import io.millrace.log.storage.AtomicFile;
import io.millrace.log.storage.DiskFullException;
import io.millrace.log.storage.LogStorage;
import java.io.Closeable;
import java.io.IOException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Opens a directory at start: takes its lock, reads whether the last stop was clean, removes
 * leftovers, recovers each log. A log that cannot be recovered is left out with its reason; it does
 * not keep the others from service.
 */
final class DirectoryOpener {

  private static final Logger LOG = LoggerFactory.getLogger(DirectoryOpener.class);

  private static final String CLEAN_FILE = ".clean-shutdown";
  private static final String DELETED_PREFIX = "deleted.";
  private static final String DELETED_SUFFIX = "-delete";

  /** The directory's lock, held while it is in service. */
  interface Hold extends Closeable {}

  private final LogStorage storage;
  private final LogManagerConfig config;
  private final Clock clock;
  private final Map<TopicPartitionId, String> damaged = new HashMap<>();
  private final Set<String> unreadable = new HashSet<>();

  DirectoryOpener(LogStorage storage, LogManagerConfig config, Clock clock) {
    this.storage = storage;
    this.config = config;
    this.clock = clock;
  }

  /** The name under which a deleted log waits; no partition's directory is named so. */
  static String deletedName(TopicPartitionId id) {
    return DELETED_PREFIX + id.topicId() + "." + id.partition() + DELETED_SUFFIX;
  }

  /**
   * A free name under which what is in the way of a replica's log is kept; no partition's directory
   * is named so.
   */
  static String strayName(LogStorage storage, TopicPartitionId id) throws IOException {
    String base = "stray." + id.topicId() + "." + id.partition();
    String name = base + "-stray";
    for (int i = 2; storage.exists(name); i++) {
      name = base + "." + i + "-stray";
    }
    return name;
  }

  static void markClean(LogStorage storage) throws IOException {
    AtomicFile.write(storage, "", CLEAN_FILE, new byte[0]);
  }

  /** Logs that could not be recovered, with the reason. */
  Map<TopicPartitionId, String> damaged() {
    return damaged;
  }

  /**
   * Names of directories that could not be looked into, and are not known to be a log's. A log of
   * that name may lie there.
   */
  Set<String> unreadable() {
    return unreadable;
  }

  void open(DirectoryRuntime runtime) throws IOException {
    long startNanos = clock.monotonicNanos();
    boolean clean = storage.exists(CLEAN_FILE);
    Map<String, OffsetsCheckpoint.Entry> checkpoint = new OffsetsCheckpoint(storage).read();
    if (clean) {
      // Gone before the first append: a crash from now on must not find it.
      storage.delete(CLEAN_FILE);
      storage.syncDirectory("");
    }
    int count = 0;
    for (String name : storage.list("")) {
      if (isLeftover(name)) {
        storage.delete(name);
      } else if (looksLikePartition(name) && open(runtime, name, clean, checkpoint)) {
        count++;
      }
    }
    if (!clean) {
      storage.syncDirectory("");
      // Logs may end below what the last checkpoint calls flushed, if a truncation was cut short.
      // What is appended from here on is not.
      runtime.checkpointNow();
    }
    LOG.info(
        "opened log directory path={} logs={} damaged={} clean={} ms={}",
        storage.describe(),
        count - damaged.size(),
        damaged.size(),
        clean,
        (clock.monotonicNanos() - startNanos) / 1_000_000);
  }

  private static boolean looksLikePartition(String name) {
    int dash = name.lastIndexOf('-');
    return dash > 0
        && dash < name.length() - 1
        && name.substring(dash + 1).chars().allMatch(c -> c >= '0' && c <= '9');
  }

  private static boolean isLeftover(String name) {
    return (name.startsWith(DELETED_PREFIX) && name.endsWith(DELETED_SUFFIX))
        || name.equals(OffsetsCheckpoint.FILE + AtomicFile.TEMPORARY_SUFFIX)
        || name.equals(CLEAN_FILE + AtomicFile.TEMPORARY_SUFFIX);
  }

  /** Whether it is a log of this directory, be it damaged. */
  private boolean open(
      DirectoryRuntime runtime,
      String name,
      boolean clean,
      Map<String, OffsetsCheckpoint.Entry> checkpoint)
      throws IOException {
    OffsetsCheckpoint.Entry known = checkpoint.get(name);
    OffsetsCheckpoint.Entry flushed =
        known != null && known.recoveryPoint() > 0 ? known : null; // so it cannot be given up
    TopicPartitionId id = null;
    Occupant occupant = Occupant.FOREIGN;
    try {
      if (storage.isDirectory(name)) {
        id = PartitionMetadata.read(storage, name);
        occupant = id == null ? Occupant.of(storage, name) : Occupant.LOG;
      }
    } catch (IOException e) {
      if (flushed == null) {
        LOG.warn("leaving alone what cannot be read path={}/{}", storage.describe(), name, e);
        unreadable.add(name);
        return false;
      }
      LOG.error("cannot read log path={}/{}", storage.describe(), name, e);
      refuse(runtime, flushed.id(), flushed, e.toString());
      return true;
    }
    if (id == null && flushed != null) {
      String why = PartitionMetadata.FILE + " is missing or damaged";
      LOG.error("cannot recover log path={}/{}: {}", storage.describe(), name, why);
      refuse(runtime, flushed.id(), flushed, why);
      return true;
    }
    if (id == null) {
      if (occupant == Occupant.LOG) {
        LOG.warn("removing a log that was never durable path={}/{}", storage.describe(), name);
        storage.delete(name);
      } else {
        LOG.warn(
            "leaving alone what is no partition's log path={}/{} found={}",
            storage.describe(),
            name,
            occupant);
      }
      return false;
    }
    try {
      LogRecovery recovery =
          new LogRecovery(storage, id, config.defaults(), clean, known, clock.wallMillis());
      runtime.catalog().adopt(id, config.defaults(), recovery.recover());
    } catch (DiskFullException e) {
      throw e; // nothing is wrong with the log
    } catch (IOException | IllegalArgumentException e) {
      LOG.error("cannot recover log path={}/{}", storage.describe(), name, e);
      refuse(runtime, id, known, String.valueOf(e.getMessage()));
    }
    return true;
  }

  private void refuse(
      DirectoryRuntime runtime,
      TopicPartitionId id,
      OffsetsCheckpoint.@Nullable Entry known,
      String why) {
    damaged.put(
        id,
        "log " + storage.describe() + "/" + id.directoryName() + " cannot be recovered: " + why);
    if (known != null) {
      runtime.remember(known);
    }
  }
}
