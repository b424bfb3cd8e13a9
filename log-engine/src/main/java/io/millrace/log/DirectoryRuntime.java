package io.millrace.log;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import io.millrace.log.segment.Segment;
import io.millrace.log.storage.DiskFullException;
import io.millrace.log.storage.LogStorage;
import io.millrace.log.tail.TailCache;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One directory in service: its logs, and what they share: the write at the end of a turn, the
 * flush, the memory for tails, the checkpoint, and the fate of being offline together.
 *
 * <p>The {@link LogCatalog} is looked up by any thread; all else belongs to the append loop.
 */
final class DirectoryRuntime implements LogHost {

  private static final Logger LOG = LoggerFactory.getLogger(DirectoryRuntime.class);

  private final LogStorage storage;
  private final EventLoop appendLoop;
  private final EventLoop flushLoop;
  private final FlushLoopWork disk;
  private final LogManagerConfig config;
  private final Clock clock;
  private final BiConsumer<String, String> offlineListener;
  private final TailCache tails;
  private final FlushStage flush;
  private final Checkpointer checkpointer;
  private final LogCatalog catalog;
  private final LogCleaner cleaner;
  private final ArrayDeque<SegmentedLog> toWrite = new ArrayDeque<>();
  private boolean writeScheduled;
  private boolean stopped;

  /** Ends a shutdown whose last flush failed. */
  private Runnable whenFailed = () -> {};

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
    this.disk = new FlushLoopWork(appendLoop, flushLoop, this);
    this.checkpointer = new Checkpointer(storage);
    this.catalog = new LogCatalog(storage, clock, appendLoop, this, disk, tails, checkpointer);
    this.cleaner =
        new LogCleaner(
            directory.cleanerLoops(),
            appendLoop,
            config.cleaner(),
            cleanerBudget,
            clock,
            this,
            catalog::logs);
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
    return new DirectoryStatus(root(), offlineReason, full, total, usable, List.copyOf(logs()));
  }

  /** Whether nothing of it touches the disk any more, so that another may take its place. */
  boolean isQuiet() {
    return !isOnline() && flush.isQuiet() && cleanerIsQuiet;
  }

  boolean isFull() {
    return full;
  }

  /** Its logs, found and made and deleted by name. */
  LogCatalog catalog() {
    return catalog;
  }

  Collection<SegmentedLog> logs() {
    return catalog.logs();
  }

  /** Keeps in the checkpoint what it says of a log that could not be opened. Any thread. */
  void remember(OffsetsCheckpoint.Entry unopened) {
    checkpointer.remember(unopened);
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
          logs().size(),
          cause.getMessage());
    } else {
      LOG.error("taking log directory offline path={} logs={}", root(), logs().size(), cause);
    }
    offlineReason = reason;
    flush.stop();
    cleaner.stopThen(() -> cleanerIsQuiet = true);
    toWrite.clear();
    logs().forEach(log -> log.goOffline(reason));
    offlineListener.accept(root(), reason);
    whenFailed.run();
  }

  @Override
  public void checkpointNow() throws IOException {
    checkpointer.write(checkpointer.gather(logs()));
  }

  @Override
  public void removeLater(Segment segment, long delayMs) {
    disk.runLater(segment::removeDeleted, delayMs);
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
    for (SegmentedLog log : logs()) {
      if (!log.config().flushBeforeAck() && log.waitsForFlush()) {
        flush.add(log);
      }
    }
    flush.start();
    Checkpointer.Checkpoint next = checkpointer.gatherIfChanged(logs());
    if (next != null) {
      disk.run(() -> checkpointer.write(next));
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
      for (SegmentedLog log : logs()) {
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
    for (SegmentedLog log : logs()) {
      log.retire("log directory " + root() + " is closed", false);
      log.dropTail();
    }
  }

  /** Gives back the memory of an offline directory, and closes its files once readers had time. */
  void closeLater() {
    appendLoop.schedule(() -> logs().forEach(SegmentedLog::dropTail), 0);
    disk.runLater(this::closeFiles, config.defaults().fileDeleteDelayMs());
  }

  private void closeFiles() throws IOException {
    for (SegmentedLog log : logs()) {
      log.closeFiles();
    }
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
        for (SegmentedLog log : logs()) {
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
    Checkpointer.Checkpoint last = checkpointer.gather(logs());
    abandon();
    flushLoop.execute(
        () -> {
          try (hold) {
            if (clean) {
              checkpointer.write(last);
              // With unopened logs the next start must look at them as after a crash.
              if (!checkpointer.hasUnopened()) {
                DirectoryOpener.markClean(storage);
              }
            }
            closeFiles();
            LOG.info("closed log directory path={} logs={} clean={}", root(), logs().size(), clean);
            done.complete(null);
          } catch (IOException e) {
            done.completeExceptionally(
                new LogStorageException(
                    "closing log directory " + root() + " failed: " + e.getMessage(), e));
          }
        });
  }
}
