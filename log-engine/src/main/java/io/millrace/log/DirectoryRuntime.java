package io.millrace.log;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import io.millrace.log.segment.Segment;
import io.millrace.log.storage.DiskFullException;
import io.millrace.log.storage.LogStorage;
import io.millrace.log.tail.LogTail;
import io.millrace.log.tail.TailCache;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One directory in service: its logs, and what they share: the write at the end of a turn, the
 * flush, the memory for tails, the checkpoint, and the fate of being offline together.
 *
 * <p>The map of logs is read by any thread; all else belongs to the append loop.
 */
final class DirectoryRuntime implements LogHost {

  private static final Logger LOG = LoggerFactory.getLogger(DirectoryRuntime.class);

  private final LogStorage storage;
  private final EventLoop appendLoop;
  private final EventLoop flushLoop;
  private final LogManagerConfig config;
  private final Clock clock;
  private final BiConsumer<String, String> offlineListener;
  private final ConcurrentHashMap<String, SegmentedLog> logs = new ConcurrentHashMap<>();
  private final TailCache tails;
  private final FlushStage flush;
  private final OffsetsCheckpoint checkpoint;
  private final LogCleaner cleaner;
  private final ArrayDeque<SegmentedLog> toWrite = new ArrayDeque<>();
  private boolean writeScheduled;
  private boolean stopped;

  /** Ends a shutdown whose last flush failed. */
  private Runnable whenFailed = () -> {};

  private long checkpointSequence;
  private List<OffsetsCheckpoint.Entry> lastCheckpoint = List.of();

  /** What the checkpoint says of logs that could not be opened, by directory name; any thread. */
  private final Map<String, OffsetsCheckpoint.Entry> ofUnopened = new ConcurrentHashMap<>();

  private volatile String offlineReason = "";
  private volatile boolean full;
  private volatile boolean cleanerIsQuiet;

  DirectoryRuntime(
      LogDirectory directory,
      LogManagerConfig config,
      Clock clock,
      CleanerBudget cleanerBudget,
      BiConsumer<String, String> offlineListener) {
    this.storage = directory.storage();
    this.appendLoop = directory.appendLoop();
    this.flushLoop = directory.flushLoops().get(0);
    this.config = config;
    this.clock = clock;
    this.offlineListener = offlineListener;
    this.tails = new TailCache(config.tailCacheBytes());
    this.flush = new FlushStage(storage, appendLoop, directory.flushLoops(), this::failed);
    this.checkpoint = new OffsetsCheckpoint(storage);
    this.cleaner =
        new LogCleaner(
            directory.cleanerLoops(),
            appendLoop,
            config.cleaner(),
            cleanerBudget,
            clock,
            this,
            logs::values);
  }

  String root() {
    return storage.describe();
  }

  boolean isOnline() {
    return offlineReason.isEmpty();
  }

  /** How it is now; asks the file system. Any thread. */
  DirectoryStatus status() {
    long total = -1;
    long usable = -1;
    try {
      total = storage.totalBytes();
      usable = storage.usableBytes();
    } catch (IOException e) {
      LOG.debug("the file system does not tell its size path={}", root(), e);
    }
    return new DirectoryStatus(
        root(), offlineReason, full, total, usable, List.copyOf(logs.values()));
  }

  /** Whether nothing of it touches the disk any more, so that another may take its place. */
  boolean isQuiet() {
    return !isOnline() && flush.isQuiet() && cleanerIsQuiet;
  }

  boolean isFull() {
    return full;
  }

  // ---- any thread

  @Nullable SegmentedLog log(String directoryName) {
    return logs.get(directoryName);
  }

  Collection<SegmentedLog> logs() {
    return logs.values();
  }

  /** Takes a log that was found at start into service. */
  void adopt(TopicPartitionId id, LogConfig logConfig, LogRecovery.RecoveredLog recovered) {
    logs.put(id.directoryName(), assemble(id, logConfig, recovered));
  }

  /**
   * Goes on saying in the checkpoint what it says of a log that could not be opened: forgotten, the
   * next start would take its damage for the torn end of a log of which nothing was flushed.
   */
  void remember(OffsetsCheckpoint.Entry unopened) {
    ofUnopened.put(unopened.id().directoryName(), unopened);
  }

  private SegmentedLog assemble(
      TopicPartitionId id, LogConfig logConfig, LogRecovery.RecoveredLog recovered) {
    LogState state = new LogState(id, storage, clock, logConfig, recovered, new LogTail(tails));
    return new SegmentedLog(state, appendLoop, this);
  }

  /**
   * Makes an empty log, in place of what a log of that name left behind. Its directory and files
   * become durable with its first flush.
   *
   * @throws LogStorageException when the name is taken by what is no log, which is somebody's and
   *     stays, or the disk fails
   */
  SegmentedLog create(TopicPartitionId id, LogConfig logConfig) {
    String name = id.directoryName();
    Occupant occupant = occupantOf(name);
    try {
      if (occupant == Occupant.LOG) {
        storage.delete(name);
      } else if (occupant == Occupant.UNMARKED) {
        setAside(name, id);
      }
      ofUnopened.remove(name);
      storage.createDirectory(name);
      mark(id, occupant);
      Segment first = Segment.create(storage, name, 0);
      LogState state =
          new LogState(
              id,
              storage,
              clock,
              logConfig,
              LogRecovery.RecoveredLog.empty(first),
              new LogTail(tails));
      state.unit.directoryNew();
      state.unit.segmentWritten(first);
      SegmentedLog log = new SegmentedLog(state, appendLoop, this);
      logs.put(name, log);
      return log;
    } catch (IOException e) {
      appendLoop.execute(() -> failed(e));
      throw new LogStorageException(
          "cannot make log " + root() + "/" + name + ": " + e.getMessage(), e);
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

  private Occupant occupantOf(String name) {
    String path = root() + "/" + name;
    try {
      Occupant occupant = Occupant.of(storage, name);
      if (occupant != Occupant.FOREIGN) {
        return occupant;
      }
    } catch (IOException e) { // says nothing about the disk: it may be somebody's secret
      throw new LogStorageException(
          "cannot make log " + path + ": what is there already cannot be read: " + e, e);
    }
    throw new LogStorageException(
        "cannot make log "
            + path
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
        "setting aside what is in the way of a replica's log partition={} path={}/{} to={}",
        inTheWayOf,
        root(),
        name,
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
      appendLoop.execute(() -> failed(e));
      done.completeExceptionally(
          new LogStorageException(
              "cannot delete log " + root() + "/" + log.directory() + ": " + e.getMessage(), e));
      return done;
    }
    LOG.info("deleting log partition={} path={}/{}", log.id(), root(), aside);
    appendLoop.execute(
        () -> {
          log.dropTail();
          onFlushLoop(() -> storage.syncDirectory(""), () -> done.complete(null));
          appendLoop.schedule(
              () ->
                  onFlushLoop(
                      () -> {
                        log.closeFiles();
                        storage.delete(aside);
                      },
                      () -> {}),
              TimeUnit.MILLISECONDS.toNanos(log.config().fileDeleteDelayMs()));
        });
    return done;
  }

  private interface DiskWork {
    void run() throws IOException;
  }

  private void onFlushLoop(DiskWork work, Runnable then) {
    flushLoop.execute(
        () -> {
          try {
            work.run();
            then.run();
          } catch (IOException e) {
            appendLoop.execute(() -> failed(e));
          }
        });
  }

  // ---- append loop

  @Override
  public void writeSoon(SegmentedLog log) {
    toWrite.add(log);
    if (!writeScheduled) {
      // Runs behind the appends that wait in the loop's queue by now, so they share one write and
      // one flush.
      writeScheduled = true;
      try {
        appendLoop.execute(this::writeAll);
      } catch (RejectedExecutionException full) {
        appendLoop.schedule(this::writeAll, 0); // takes no place in the queue
      }
    }
  }

  private void writeAll() {
    writeScheduled = false;
    try {
      for (SegmentedLog log = toWrite.poll(); log != null; log = toWrite.poll()) {
        if (!log.isOffline()) {
          log.writeStaged();
          if (log.config().flushBeforeAck()) {
            flush.add(log);
          }
        }
      }
      tails.trim();
      flush.start();
    } catch (IOException e) {
      failed(e);
    }
  }

  @Override
  public void flushSoon(SegmentedLog log) {
    flush.add(log);
    flush.start();
  }

  @Override
  public void failed(IOException cause) {
    if (!isOnline() || stopped) {
      return;
    }
    String reason = "log directory " + root() + " is offline: " + cause.getMessage();
    full = cause instanceof DiskFullException;
    if (full) {
      LOG.error(
          "log directory is full and out of service until there is room again path={} logs={}"
              + " because={}",
          root(),
          logs.size(),
          cause.getMessage());
    } else {
      LOG.error("taking log directory offline path={} logs={}", root(), logs.size(), cause);
    }
    offlineReason = reason;
    flush.stop();
    cleaner.stopThen(() -> cleanerIsQuiet = true);
    toWrite.clear();
    logs.values().forEach(log -> log.goOffline(reason));
    offlineListener.accept(root(), reason);
    whenFailed.run();
  }

  @Override
  public void checkpointNow() throws IOException {
    checkpoint.write(++checkpointSequence, gatherCheckpoint());
  }

  private List<OffsetsCheckpoint.Entry> gatherCheckpoint() {
    List<OffsetsCheckpoint.Entry> entries = new ArrayList<>(logs.size());
    logs.values().forEach(log -> entries.add(log.checkpointEntry()));
    entries.addAll(ofUnopened.values());
    lastCheckpoint = entries;
    return entries;
  }

  @Override
  public void removeLater(Segment segment, long delayMs) {
    appendLoop.schedule(
        () -> onFlushLoop(segment::removeDeleted, () -> {}),
        TimeUnit.MILLISECONDS.toNanos(delayMs));
  }

  /** Begins the schedules. */
  void start() {
    scheduleCheckpoint();
    scheduleRetention();
    cleaner.start();
  }

  CleanerStats cleanerStats() {
    return cleaner.stats();
  }

  private void scheduleCheckpoint() {
    appendLoop.schedule(
        () -> {
          if (isOnline() && !stopped) {
            try {
              writeCheckpoint();
            } finally {
              scheduleCheckpoint(); // whatever becomes of this one
            }
          }
        },
        TimeUnit.MILLISECONDS.toNanos(config.checkpointIntervalMs()));
  }

  /**
   * Flushes what topics did not want flushed before the answer, and writes down how far everything
   * is.
   */
  private void writeCheckpoint() {
    for (SegmentedLog log : logs.values()) {
      if (!log.config().flushBeforeAck() && log.waitsForFlush()) {
        flush.add(log);
      }
    }
    flush.start();
    List<OffsetsCheckpoint.Entry> before = lastCheckpoint;
    List<OffsetsCheckpoint.Entry> now = gatherCheckpoint();
    if (!now.equals(before)) {
      long sequence = ++checkpointSequence;
      onFlushLoop(() -> checkpoint.write(sequence, now), () -> {});
    }
  }

  private void scheduleRetention() {
    appendLoop.schedule(
        () -> {
          if (isOnline() && !stopped) {
            try {
              retain();
            } finally {
              scheduleRetention(); // whatever becomes of this one
            }
          }
        },
        TimeUnit.MILLISECONDS.toNanos(config.retentionCheckIntervalMs()));
  }

  void retain() {
    long now = clock.wallMillis();
    try {
      for (SegmentedLog log : logs.values()) {
        if (!log.isOffline()) {
          log.retain(now, config.producerIdExpirationMs());
        }
      }
    } catch (IOException e) {
      failed(e);
    }
  }

  CompletableFuture<Void> onAppendLoop(Runnable task) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    appendLoop.execute(
        () -> {
          try {
            task.run();
            done.complete(null);
          } catch (RuntimeException | Error e) {
            done.completeExceptionally(e);
          }
        });
    return done;
  }

  /** Ends the service without a word on the disk. */
  void abandon() {
    stopped = true;
    flush.stop();
    cleaner.stop();
    for (SegmentedLog log : logs.values()) {
      log.retire("log directory " + root() + " is closed", false);
      log.dropTail();
    }
  }

  /** Closes the files of an offline directory once readers had their time. */
  void closeLater() {
    appendLoop.schedule(
        () ->
            onFlushLoop(
                () -> {
                  for (SegmentedLog log : logs.values()) {
                    log.closeFiles();
                  }
                },
                () -> {}),
        TimeUnit.MILLISECONDS.toNanos(config.defaults().fileDeleteDelayMs()));
  }

  /** Flushes, writes the clean mark, closes; an offline directory is only closed. */
  CompletableFuture<Void> shutdown(DirectoryOpener.Hold hold) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    appendLoop.execute(() -> cleaner.stopThen(() -> beginShutdown(hold, done)));
    return done;
  }

  private void beginShutdown(DirectoryOpener.Hold hold, CompletableFuture<Void> done) {
    try {
      if (isOnline()) {
        for (SegmentedLog log : logs.values()) {
          log.prepareClose();
          flush.add(log);
        }
        whenFailed = () -> finishShutdown(hold, done, false);
        flush.whenIdle(() -> finishShutdown(hold, done, true));
        return;
      }
    } catch (IOException e) {
      failed(e);
    }
    finishShutdown(hold, done, false);
  }

  private void finishShutdown(
      DirectoryOpener.Hold hold, CompletableFuture<Void> done, boolean clean) {
    List<OffsetsCheckpoint.Entry> entries = gatherCheckpoint();
    long sequence = ++checkpointSequence;
    abandon();
    flushLoop.execute(
        () -> {
          try (hold) {
            if (clean) {
              checkpoint.write(sequence, entries);
              if (ofUnopened.isEmpty()) { // else the next start must look at them as after a crash
                DirectoryOpener.markClean(storage);
              }
            }
            for (SegmentedLog log : logs.values()) {
              log.closeFiles();
            }
            LOG.info("closed log directory path={} logs={} clean={}", root(), logs.size(), clean);
            done.complete(null);
          } catch (IOException e) {
            done.completeExceptionally(
                new LogStorageException(
                    "closing log directory " + root() + " failed: " + e.getMessage(), e));
          }
        });
  }
}
