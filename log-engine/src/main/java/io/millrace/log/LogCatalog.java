package io.millrace.log;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import io.millrace.log.segment.Segment;
import io.millrace.log.storage.DiskFullException;
import io.millrace.log.storage.LogStorage;
import io.millrace.log.tail.LogTail;
import io.millrace.log.tail.TailCache;
import java.io.IOException;
import java.util.Collection;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The logs of a directory in service by the name of theirs: makes, adopts, sets aside and deletes
 * them, and never removes what is not ours.
 *
 * <p>Looked up by any thread. Changed by one at a time: the opener's before the service begins,
 * from then on whoever holds the lock of the node's {@link DirectoryLogManager}.
 */
final class LogCatalog {

  private static final Logger LOG = LoggerFactory.getLogger(LogCatalog.class);

  private final ConcurrentHashMap<String, SegmentedLog> logs = new ConcurrentHashMap<>();
  private final LogStorage storage;
  private final Clock clock;
  private final EventLoop appendLoop;
  private final LogHost host;
  private final FlushLoopWork disk;
  private final TailCache tails;
  private final Checkpointer checkpointer;

  LogCatalog(
      LogStorage storage,
      Clock clock,
      EventLoop appendLoop,
      LogHost host,
      FlushLoopWork disk,
      TailCache tails,
      Checkpointer checkpointer) {
    this.storage = storage;
    this.clock = clock;
    this.appendLoop = appendLoop;
    this.host = host;
    this.disk = disk;
    this.tails = tails;
    this.checkpointer = checkpointer;
  }

  @Nullable SegmentedLog log(String directoryName) {
    return logs.get(directoryName);
  }

  /** A live view. */
  Collection<SegmentedLog> logs() {
    return logs.values();
  }

  /** Takes a log that was found at start into service. */
  void adopt(TopicPartitionId id, LogConfig logConfig, LogRecovery.RecoveredLog recovered) {
    LogState state = stateOf(id, logConfig, recovered);
    logs.put(id.directoryName(), new SegmentedLog(state, appendLoop, host));
  }

  private LogState stateOf(
      TopicPartitionId id, LogConfig logConfig, LogRecovery.RecoveredLog recovered) {
    return new LogState(id, storage, clock, logConfig, recovered, new LogTail(tails));
  }

  /**
   * Makes an empty log, in place of what a log of that name left behind. Its directory and files
   * become durable with its first flush.
   *
   * @throws LogStorageException when the name is taken by what is no log, which is somebody's and
   *     stays, or by this very log, which could not be read before; or the disk fails
   */
  SegmentedLog create(TopicPartitionId id, LogConfig logConfig) {
    String name = id.directoryName();
    Occupant occupant = occupantOf(id);
    if (occupant == Occupant.UNMARKED) {
      moveAway(name, id);
    }
    try {
      if (occupant == Occupant.LOG) {
        storage.delete(name);
      }
      checkpointer.forget(name);
      storage.createDirectory(name);
      mark(id, occupant);
      Segment first = Segment.create(storage, name, 0);
      LogState state = stateOf(id, logConfig, LogRecovery.RecoveredLog.empty(first));
      state.unit.directoryNew();
      state.unit.segmentWritten(first);
      SegmentedLog log = new SegmentedLog(state, appendLoop, host);
      logs.put(name, log);
      return log;
    } catch (IOException e) {
      disk.failed(e);
      throw new LogStorageException("cannot make log " + path(name) + ": " + e.getMessage(), e);
    }
  }

  /** The first write into the directory; an empty one may be somebody's who lets nobody write. */
  private void mark(TopicPartitionId id, Occupant occupant) throws IOException {
    try {
      PartitionMetadata.write(storage, id);
    } catch (IOException e) {
      if (occupant == Occupant.EMPTY && !(e instanceof DiskFullException)) {
        throw new LogStorageException(
            "cannot make log in the empty directory that is there already: " + e.getMessage(), e);
      }
      throw e;
    }
  }

  private void moveAway(String name, TopicPartitionId inTheWayOf) {
    try {
      setAside(name, inTheWayOf);
    } catch (IOException e) { // says nothing about the disk: it may be mounted there
      throw new LogStorageException(
          "cannot make log " + path(name) + ": what is there already cannot be set aside: " + e, e);
    }
  }

  private Occupant occupantOf(TopicPartitionId id) {
    String name = id.directoryName();
    try {
      Occupant occupant = Occupant.of(storage, name);
      if (occupant == Occupant.LOG && id.equals(PartitionMetadata.read(storage, name))) {
        throw new LogStorageException(
            "log " + path(name) + " was not opened at start; start the node again");
      }
      if (occupant != Occupant.FOREIGN) {
        return occupant;
      }
    } catch (IOException e) { // says nothing about the disk: it may be somebody's secret
      throw new LogStorageException(
          "cannot make log " + path(name) + ": what is there already cannot be read: " + e, e);
    }
    throw new LogStorageException(
        "cannot make log "
            + path(name)
            + ": something that is no log is there already; move it away and start the node again");
  }

  /** Takes a log that must not be used out of the way, and keeps it; before the service begins. */
  void setAside(SegmentedLog log) throws IOException {
    logs.remove(log.directory(), log);
    log.closeFiles();
    setAside(log.directory(), log.id());
    storage.syncDirectory("");
  }

  private void setAside(String name, TopicPartitionId inTheWayOf) throws IOException {
    String aside = DirectoryOpener.strayName(storage, inTheWayOf);
    LOG.warn(
        "setting aside what is in the way of a replica's log partition={} path={} to={}",
        inTheWayOf,
        path(name),
        aside);
    storage.rename(name, aside);
  }

  /** Takes a log out of service and its name off the disk; its bytes go after the delay. */
  CompletableFuture<Void> delete(SegmentedLog log) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    logs.remove(log.directory(), log);
    log.retire("log " + log.id() + " was deleted", true);
    String aside = DirectoryOpener.deletedName(log.id());
    try {
      storage.delete(aside);
      storage.rename(log.directory(), aside);
    } catch (IOException e) {
      disk.failed(e);
      done.completeExceptionally(
          new LogStorageException(
              "cannot delete log " + path(log.directory()) + ": " + e.getMessage(), e));
      return done;
    }
    LOG.info("deleting log partition={} path={}", log.id(), path(aside));
    appendLoop.execute(
        () -> {
          log.dropTail();
          disk.runThen(() -> storage.syncDirectory(""), () -> done.complete(null));
          disk.runLater(
              () -> {
                log.closeFiles();
                storage.delete(aside);
              },
              log.config().fileDeleteDelayMs());
        });
    return done;
  }

  private String path(String name) {
    return storage.describe() + "/" + name;
  }
}
