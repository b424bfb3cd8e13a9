package io.millrace.log;

import io.millrace.concurrent.Clock;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The logs of a node, spread over its directories. Thread-safe: making and deleting logs takes a
 * lock, looking up does not.
 */
final class DirectoryLogManager implements LogManager {

  private static final Logger LOG = LoggerFactory.getLogger(DirectoryLogManager.class);

  private record Served(
      LogDirectory directory, DirectoryRuntime runtime, DirectoryOpener.Hold hold) {}

  private final LogManagerConfig config;
  private final Clock clock;
  private final CleanerBudget cleanerBudget;
  private final List<Served> directories = new CopyOnWriteArrayList<>();
  private final Map<String, String> failedAtStart = new HashMap<>();
  private final Map<TopicPartitionId, String> damagedLogs = new HashMap<>();

  /** Names that nobody could look behind when their directories were opened. */
  private final Set<String> unreadable = new HashSet<>();

  private final List<BiConsumer<String, String>> offlineListeners = new CopyOnWriteArrayList<>();
  private boolean closed;

  private DirectoryLogManager(LogManagerConfig config, Clock clock) {
    this.config = config;
    this.clock = clock;
    this.cleanerBudget = new CleanerBudget(config.cleaner(), clock);
  }

  static LogManager open(
      LogManagerConfig config,
      List<LogDirectory> directories,
      Map<String, String> unusable,
      Clock clock) {
    DirectoryLogManager manager = new DirectoryLogManager(config, clock);
    manager.failedAtStart.putAll(unusable);
    try {
      for (LogDirectory directory : directories) {
        manager.openDirectory(directory);
      }
      if (manager.directories.isEmpty()) {
        throw new LogStorageException("no log directory could be opened: " + manager.failedAtStart);
      }
    } catch (LogStorageException e) {
      manager.directories.forEach(served -> release(served.hold()));
      throw e;
    }
    manager.directories.forEach(served -> served.runtime().start());
    return manager;
  }

  private void openDirectory(LogDirectory directory) {
    DirectoryOpener.Hold hold;
    try {
      Closeable lock = directory.storage().lock();
      hold = lock::close;
    } catch (IOException e) {
      throw new LogStorageException(
          e.getMessage() == null ? "cannot lock a log directory" : e.getMessage(), e);
    }
    DirectoryRuntime runtime =
        new DirectoryRuntime(directory, config, clock, cleanerBudget, this::directoryFailed);
    try {
      DirectoryOpener opener = new DirectoryOpener(directory.storage(), config, clock);
      opener.open(runtime);
      keepTheFurther(runtime);
      damagedLogs.putAll(opener.damaged());
      unreadable.addAll(opener.unreadable());
      directories.add(new Served(directory, runtime, hold));
    } catch (IOException e) {
      LOG.error("cannot open log directory path={}", runtime.root(), e);
      failedAtStart.put(runtime.root(), String.valueOf(e.getMessage()));
      release(hold);
    }
  }

  /**
   * A replica that was made elsewhere while its directory was out of service is here twice now.
   * What reaches further, by epoch first, has all that the other was ever relied upon for.
   */
  private void keepTheFurther(DirectoryRuntime runtime) throws IOException {
    for (SegmentedLog log : List.copyOf(runtime.logs())) {
      Served other = inOtherDirectory(log);
      SegmentedLog twin = other == null ? null : other.runtime().catalog().log(log.directory());
      if (other == null || twin == null) {
        continue;
      }
      boolean further =
          log.latestEpoch() != twin.latestEpoch()
              ? log.latestEpoch() > twin.latestEpoch()
              : log.logEndOffset() > twin.logEndOffset();
      if (further) {
        other.runtime().catalog().setAside(twin);
      } else {
        runtime.catalog().setAside(log);
      }
    }
  }

  /** The directory in service that has a log of the same replica. */
  private @Nullable Served inOtherDirectory(SegmentedLog log) {
    for (Served served : directories) {
      SegmentedLog twin = served.runtime().catalog().log(log.directory());
      if (twin != null && twin != log && twin.id().equals(log.id()) && !twin.isOffline()) {
        return served;
      }
    }
    return null;
  }

  private static void release(Closeable hold) {
    try {
      hold.close();
    } catch (IOException e) {
      LOG.warn("cannot release the lock of a log directory", e);
    }
  }

  private void directoryFailed(String root, String reason) {
    offlineListeners.forEach(listener -> listener.accept(root, reason));
  }

  @Override
  public @Nullable PartitionLog log(String topic, int partition) {
    return find(topic + "-" + partition);
  }

  private @Nullable SegmentedLog find(String name) {
    for (Served served : directories) {
      SegmentedLog log = served.runtime().catalog().log(name);
      if (log != null) {
        return log;
      }
    }
    return null;
  }

  @Override
  public Collection<PartitionLog> logs() {
    List<PartitionLog> all = new ArrayList<>();
    directories.forEach(served -> all.addAll(served.runtime().logs()));
    return Collections.unmodifiableList(all);
  }

  @Override
  public synchronized PartitionLog getOrCreate(
      TopicPartitionId id, LogConfig config, boolean isNew) {
    SegmentedLog existing = find(id.directoryName());
    if (existing != null && existing.id().equals(id)) {
      if (existing.isOffline()) {
        throw new LogStorageException("log " + id + " is offline with its directory");
      }
      existing.configure(config);
      return existing;
    }
    String damage = damagedLogs.get(id);
    if (damage != null) {
      throw new LogStorageException(damage);
    }
    if (!isNew && existing == null && !failedAtStart.isEmpty()) {
      throw new LogStorageException(
          "log " + id + " is in no directory in service and may lie in " + failedAtStart.keySet());
    }
    if (!isNew && existing == null && unreadable.contains(id.directoryName())) {
      throw new LogStorageException(
          "log "
              + id
              + " may lie where nothing could be read at start; restart the node when it can");
    }
    if (existing != null) {
      LOG.info("setting aside the log of an earlier topic old={} new={}", existing.id(), id);
      deleteFrom(existing);
    }
    return directories.stream()
        .map(Served::runtime)
        .filter(DirectoryRuntime::isOnline)
        .min(Comparator.comparingInt(runtime -> runtime.logs().size()))
        .orElseThrow(() -> new LogStorageException("no log directory is online for " + id))
        .catalog()
        .create(id, config);
  }

  @Override
  public synchronized CompletableFuture<Void> delete(TopicPartitionId id) {
    SegmentedLog log = find(id.directoryName());
    return log == null || !log.id().equals(id)
        ? CompletableFuture.completedFuture(null)
        : deleteFrom(log);
  }

  private CompletableFuture<Void> deleteFrom(SegmentedLog log) {
    for (Served served : directories) {
      if (served.runtime().catalog().log(log.directory()) == log) {
        return served.runtime().catalog().delete(log);
      }
    }
    throw new IllegalStateException("log " + log.id() + " is in no directory");
  }

  @Override
  public List<DirectoryStatus> directories() {
    List<DirectoryStatus> all = new ArrayList<>();
    directories.forEach(served -> all.add(served.runtime().status()));
    failedAtStart.forEach(
        (path, reason) -> all.add(new DirectoryStatus(path, reason, false, -1, -1, List.of())));
    return all;
  }

  @Override
  public CompletableFuture<Void> reopen(String path) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    for (Served served : directories) {
      if (served.runtime().root().equals(path)) {
        served.directory().flushLoops().get(0).execute(() -> reopen(served, done));
        return done;
      }
    }
    done.completeExceptionally(new LogStorageException("there is no log directory " + path));
    return done;
  }

  /** On the flush loop on which all else that the old life had queued for this disk has run. */
  private void reopen(Served before, CompletableFuture<Void> done) {
    DirectoryRuntime old = before.runtime();
    if (!old.isQuiet() || !old.isFull()) {
      done.completeExceptionally(
          new LogStorageException(
              old.isFull()
                  ? "a flush or cleaning of " + old.root() + " is still under way"
                  : old.root() + " is not offline for want of room"));
      return;
    }
    DirectoryRuntime fresh =
        new DirectoryRuntime(
            before.directory(), config, clock, cleanerBudget, this::directoryFailed);
    DirectoryOpener opener = new DirectoryOpener(before.directory().storage(), config, clock);
    synchronized (this) { // held meanwhile: nothing may be made or deleted where it looks
      if (closed) {
        done.completeExceptionally(new LogStorageException("the logs are closed"));
        return;
      }
      try {
        opener.open(fresh);
        if (!opener.damaged().isEmpty()) {
          // Sound a moment ago, so it is the disk: it must not go on without them.
          throw new IOException(String.join("; ", opener.damaged().values()));
        }
        unreadable.addAll(opener.unreadable());
        for (SegmentedLog log : List.copyOf(fresh.logs())) {
          if (inOtherDirectory(log) != null) {
            fresh.catalog().setAside(log);
          }
        }
      } catch (IOException e) {
        fresh.closeLater();
        done.completeExceptionally(
            new LogStorageException("cannot open " + old.root() + " again: " + e.getMessage(), e));
        return;
      }
      directories.set(
          directories.indexOf(before), new Served(before.directory(), fresh, before.hold()));
    }
    fresh.start();
    old.closeLater();
    LOG.info("log directory is back in service path={}", old.root());
    done.complete(null);
  }

  @Override
  public List<String> onlineDirectories() {
    return directories.stream()
        .map(Served::runtime)
        .filter(DirectoryRuntime::isOnline)
        .map(DirectoryRuntime::root)
        .toList();
  }

  @Override
  public List<String> offlineDirectories() {
    List<String> offline = new ArrayList<>(failedAtStart.keySet());
    directories.stream()
        .map(Served::runtime)
        .filter(runtime -> !runtime.isOnline())
        .map(DirectoryRuntime::root)
        .forEach(offline::add);
    return offline;
  }

  @Override
  public void onDirectoryOffline(BiConsumer<String, String> listener) {
    offlineListeners.add(listener);
  }

  @Override
  public CompletableFuture<Void> retain() {
    return CompletableFuture.allOf(
        directories.stream()
            .map(Served::runtime)
            .map(runtime -> runtime.onAppendLoop(runtime::retain))
            .toArray(CompletableFuture<?>[]::new));
  }

  @Override
  public CleanerStats cleanerStats() {
    return directories.stream()
        .map(served -> served.runtime().cleanerStats())
        .reduce(CleanerStats.NONE, CleanerStats::with);
  }

  @Override
  public synchronized void abandon() {
    closed = true;
    for (Served served : directories) {
      served.runtime().abandon();
      release(served.hold());
    }
  }

  @Override
  public synchronized CompletableFuture<Void> shutdown() {
    closed = true;
    return CompletableFuture.allOf(
        directories.stream()
            .map(served -> served.runtime().shutdown(served.hold()))
            .toArray(CompletableFuture<?>[]::new));
  }
}
