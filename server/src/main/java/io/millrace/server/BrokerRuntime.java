package io.millrace.server;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import io.millrace.log.LogDirectory;
import io.millrace.log.LogManager;
import io.millrace.log.LogManagerConfig;
import io.millrace.log.LogStorageException;
import io.millrace.log.PartitionLog;
import io.millrace.log.storage.FileLogStorage;
import io.millrace.log.storage.LogStorage;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.publish.MetadataClient;
import io.millrace.protocol.network.NetworkLoops;
import io.millrace.replication.PartitionRegistry;
import io.millrace.replication.ReplicaContext;
import io.millrace.replication.ReplicatedPartition;
import io.millrace.replication.ReplicationConfig;
import io.millrace.replication.RoleSnapshot;
import io.millrace.replication.StorageKeeper;
import io.millrace.server.config.NodeConfig;
import io.millrace.server.coordinator.group.GroupCoordinator;
import io.millrace.server.handler.Handlers;
import io.millrace.server.handler.RequestDispatcher;
import io.millrace.server.handler.TopicSettings;
import io.millrace.server.metrics.ServerMetrics;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * What a broker has besides its ports and its place in the cluster: logs, replicas, handlers. Made
 * by the start's thread, after which everything inside has its own.
 */
final class BrokerRuntime {
  private static final int FETCH_NETWORK_THREADS = 2;

  private final NodeConfig config;
  private final MetadataClient metadata;
  private final LogManager logs;
  private final Clock clock;
  private final NetworkLoops fetchNetwork;
  private final PartitionRegistry registry;
  private final GroupService groups;
  private final StorageKeeper storage;
  private final RequestDispatcher dispatcher;

  private BrokerRuntime(
      NodeConfig config,
      MetadataClient metadata,
      TopicSettings settings,
      LogManager logs,
      Loops loops,
      Clock clock,
      SplittableRandom random) {
    this.config = config;
    this.metadata = metadata;
    this.logs = logs;
    this.clock = clock;
    int nodeId = config.quorum().nodeId();
    this.fetchNetwork = new NetworkLoops("fetch-network@" + nodeId, FETCH_NETWORK_THREADS);
    BrokerFetchers fetchers =
        new BrokerFetchers(
            nodeId,
            config.listeners().interBroker(),
            metadata::image,
            fetchNetwork,
            Duration.ofMillis(config.replication().requestTimeoutMs()),
            loops);
    ReplicaContext context =
        new ReplicaContext(
            nodeId,
            clock,
            replicationConfig(config),
            settings,
            metadata::image,
            metadata::brokerEpoch,
            metadata::leaseValid,
            new ControllerIsrProposer(metadata));
    this.registry = new PartitionRegistry(context, logs, loops.start("registry"), fetchers);
    EventLoop timers = loops.start("timers");
    PartitionEnds ends =
        new PartitionEnds(
            nodeId,
            config.listeners().interBroker(),
            metadata::image,
            fetchNetwork,
            Duration.ofMillis(config.replication().requestTimeoutMs()));
    this.groups =
        new GroupService(
            config.groups(),
            metadata::image,
            ends,
            loops,
            timers,
            clock,
            () -> settings.logConfig(GroupCoordinator.TOPIC).maxMessageBytes(),
            random.nextLong());
    registry.onLeadership(groups.roles());
    this.storage =
        new StorageKeeper(
            context, logs, registry, new ControllerStorageReporter(nodeId, metadata), timers);
    this.dispatcher =
        Handlers.create(
            config,
            metadata,
            registry,
            logs,
            settings,
            groups.coordinator(),
            timers,
            clock,
            random);
  }

  /**
   * Opens the logs, which recovers them after an unclean stop, and puts a broker around them.
   * Blocks on the disk.
   *
   * @throws NodeStartException when no directory can be used
   */
  static BrokerRuntime open(
      NodeConfig config,
      DataDirectories directories,
      MetadataClient metadata,
      Loops loops,
      Clock clock,
      SplittableRandom random) {
    TopicSettings settings = new TopicSettings(metadata::image, config.topicConfigDefaults());
    LogManager logs = openLogs(config, directories, settings, loops, clock);
    return new BrokerRuntime(config, metadata, settings, logs, loops, clock, random);
  }

  private static LogManager openLogs(
      NodeConfig config,
      DataDirectories dataDirectories,
      TopicSettings settings,
      Loops loops,
      Clock clock) {
    List<Path> directories = dataDirectories.paths();
    LogManagerConfig defaults = LogManagerConfig.DEFAULT;
    LogManagerConfig logConfig =
        new LogManagerConfig(
            settings.nodeLogConfig(),
            defaults.tailCacheBytes(),
            defaults.producerIdExpirationMs(),
            config.storage().retentionCheckIntervalMs(),
            defaults.checkpointIntervalMs(),
            config.storage().cleaner());
    List<EventLoop> cleaners = new ArrayList<>();
    int cleanerThreads =
        config.storage().cleanerEnabled() ? config.storage().cleaner().threads() : 0;
    for (int i = 0; i < cleanerThreads; i++) {
      cleaners.add(loops.start("cleaner-" + i));
    }
    List<LogDirectory> served = new ArrayList<>();
    for (int i = 0; i < directories.size(); i++) {
      EventLoop append = loops.start("append-" + i);
      List<EventLoop> flush = new ArrayList<>();
      for (int j = 0; j < LogDirectory.RECOMMENDED_FLUSH_LOOPS; j++) {
        flush.add(loops.start("flush-" + i + "-" + j));
      }
      served.add(new LogDirectory(storage(directories.get(i)), append, flush, cleaners));
    }
    try {
      return LogManager.open(logConfig, served, dataDirectories.unusable(), clock);
    } catch (LogStorageException e) {
      throw new NodeStartException(String.valueOf(e.getMessage()), e);
    }
  }

  private static LogStorage storage(Path directory) {
    try {
      return FileLogStorage.at(directory);
    } catch (IOException e) {
      throw new NodeStartException(
          "cannot use data directory " + directory + ": " + e.getMessage(), e);
    }
  }

  private static ReplicationConfig replicationConfig(NodeConfig config) {
    var given = config.replication();
    return new ReplicationConfig(
        given.lagTimeMaxMs(),
        given.fetchWaitMaxMs(),
        given.fetchMinBytes(),
        given.fetchMaxBytes(),
        given.fetchResponseMaxBytes(),
        given.fetchBackoffMs());
  }

  RequestDispatcher dispatcher() {
    return dispatcher;
  }

  GroupCoordinator groups() {
    return groups.coordinator();
  }

  /** Begins to take roles as the metadata gives them. */
  void follow() {
    metadata.addListener(registry);
    metadata.addListener(groups);
    groups.start();
    storage.start();
  }

  /** Lets the operator see how the replicas are. */
  void publishMetrics(ServerMetrics metrics) {
    metrics.gauge("partitions", () -> registry.partitions().size());
    metrics.gauge("partitions-led", () -> count(ReplicatedPartition::role, RoleSnapshot::isLeader));
    metrics.gauge(
        "partitions-offline-here",
        () -> count(ReplicatedPartition::role, role -> role.role() == RoleSnapshot.Role.OFFLINE));
    metrics.gauge("log-directories-offline", () -> logs.offlineDirectories().size());
    metrics.gauge("log-directories-online", () -> logs.onlineDirectories().size());
    metrics.gauge(
        "log-bytes", () -> logs.logs().stream().mapToLong(PartitionLog::sizeInBytes).sum());
    metrics.gauge(
        "under-replicated-partitions",
        () -> countLed(partition -> partition.isr().size() < partition.replicas().size()));
    metrics.gauge("log-cleaner-bytes-per-second", () -> logs.cleanerStats().lastBytesPerSecond());
    metrics.gauge(
        "log-cleaner-max-dirty-percent",
        () -> Math.round(100 * logs.cleanerStats().maxDirtyRatio()));
    metrics.gauge(
        "log-cleaner-uncleanable-partitions", () -> logs.cleanerStats().uncleanablePartitions());
    metrics.gauge("log-cleaner-bytes-read", () -> logs.cleanerStats().bytesRead());
    metrics.gauge("log-cleaner-bytes-written", () -> logs.cleanerStats().bytesWritten());
    metrics.gauge("log-cleaner-ms-since-last-run", () -> msSince(logs.cleanerStats().lastRunMs()));
    metrics.gauge("metadata-revision", () -> metadata.image().revision());
    GroupCensus.publish(groups, clock, metrics);
  }

  private long msSince(long wallMs) {
    return wallMs < 0 ? -1 : Math.max(0, clock.wallMillis() - wallMs);
  }

  private <T> long count(Function<ReplicatedPartition, T> view, Predicate<T> condition) {
    return registry.partitions().stream().map(view).filter(condition).count();
  }

  private long countLed(Predicate<PartitionImage> condition) {
    MetadataImage image = metadata.image();
    long count = 0;
    for (TopicImage topic : image.topics().byName()) {
      for (PartitionImage partition : topic.partitions()) {
        if (partition.leader() == config.quorum().nodeId() && condition.test(partition)) {
          count++;
        }
      }
    }
    return count;
  }

  /** Partitions that this broker leads in the newest image. */
  long leaderships() {
    return countLed(partition -> true);
  }

  /** Ends every role; the logs stay open until {@link #closeLogs}. */
  CompletableFuture<Void> endRoles() {
    storage.close();
    metadata.removeListener(registry);
    metadata.removeListener(groups);
    groups.stop();
    return registry.close();
  }

  /** Flushes and closes the logs; nothing may use them any more. */
  CompletableFuture<Void> closeLogs() {
    return logs.shutdown();
  }

  /** Lets go of the files as a killed process would. */
  void abandonLogs() {
    logs.abandon();
  }

  void closeNetwork() {
    fetchNetwork.close();
  }
}
