package io.millrace.log;

import io.millrace.concurrent.Clock;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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

  private record Served(DirectoryRuntime runtime, DirectoryOpener.Hold hold) {}

  private final List<Served> directories = new ArrayList<>();
  private final Map<String, String> failedAtStart = new HashMap<>();
  private final Map<String, String> damagedLogs = new HashMap<>();
  private final List<BiConsumer<String, String>> offlineListeners = new CopyOnWriteArrayList<>();

  private DirectoryLogManager() {}

  static LogManager open(LogManagerConfig config, List<LogDirectory> directories, Clock clock) {
    DirectoryLogManager manager = new DirectoryLogManager();
    CleanerBudget cleanerBudget = new CleanerBudget(config.cleaner(), clock);
    try {
      for (LogDirectory directory : directories) {
        manager.openDirectory(config, directory, clock, cleanerBudget);
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

  private void openDirectory(
      LogManagerConfig config, LogDirectory directory, Clock clock, CleanerBudget cleanerBudget) {
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
      damagedLogs.putAll(opener.damaged());
      directories.add(new Served(runtime, hold));
    } catch (IOException e) {
      LOG.error("cannot open log directory path={}", runtime.root(), e);
      failedAtStart.put(runtime.root(), String.valueOf(e.getMessage()));
      release(hold);
    }
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
      SegmentedLog log = served.runtime().log(name);
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
  public synchronized PartitionLog getOrCreate(TopicPartitionId id, LogConfig config) {
    SegmentedLog existing = find(id.directoryName());
    if (existing != null && existing.id().equals(id)) {
      if (existing.isOffline()) {
        throw new LogStorageException("log " + id + " is offline with its directory");
      }
      existing.configure(config);
      return existing;
    }
    String damage = damagedLogs.get(id.directoryName());
    if (damage != null) {
      throw new LogStorageException(damage);
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
      if (served.runtime().log(log.directory()) == log) {
        return served.runtime().delete(log);
      }
    }
    throw new IllegalStateException("log " + log.id() + " is in no directory");
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
  public void abandon() {
    for (Served served : directories) {
      served.runtime().abandon();
      release(served.hold());
    }
  }

  @Override
  public CompletableFuture<Void> shutdown() {
    return CompletableFuture.allOf(
        directories.stream()
            .map(served -> served.runtime().shutdown(served.hold()))
            .toArray(CompletableFuture<?>[]::new));
  }
}
