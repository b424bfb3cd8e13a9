package io.millrace.replication.simulation;

import io.millrace.concurrent.EventLoop;
import io.millrace.log.CleanerConfig;
import io.millrace.log.LogConfig;
import io.millrace.log.LogDirectory;
import io.millrace.log.LogManager;
import io.millrace.log.LogManagerConfig;
import io.millrace.log.simulated.SimulatedStorage;
import io.millrace.metadata.simulation.SimulatedScheduler;
import io.millrace.protocol.Uuid;
import io.millrace.replication.FetcherSource;
import io.millrace.replication.ImagePartitionConfigs;
import io.millrace.replication.PartitionRegistry;
import io.millrace.replication.ReplicaContext;
import io.millrace.replication.ReplicatedPartition;
import io.millrace.replication.ReplicationConfig;
import io.millrace.replication.StorageKeeper;
import io.millrace.replication.follower.LeaderEndpoint;
import io.millrace.replication.leader.IsrProposal;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** A broker: its disk, which outlives it, and what runs in its present life. */
final class SimulatedNode {

  static final ReplicationConfig REPLICATION =
      new ReplicationConfig(1_500, 200, 1, 4_000, 12_000, 50);
  private static final long SLOW = 250_000_000;
  private static final LogConfig LOGS =
      LogConfig.DEFAULT.toBuilder()
          .set("segment.bytes", "6000")
          .set("index.interval.bytes", "500")
          .set("retention.ms", "-1")
          .build();

  private static final LogConfig COMPACTED =
      LOGS.toBuilder()
          .set("cleanup.policy", "compact")
          .set("segment.bytes", "1500")
          .set("index.interval.bytes", "200")
          .set("min.cleanable.dirty.ratio", "0.2")
          .set("file.delete.delay.ms", "200")
          .build();
  private static final CleanerConfig CLEANER = new CleanerConfig(1, 4096, 1e16, 150);

  final int id;
  private final LogConfig logConfig;
  private final Map<Integer, SimulatedNode> others;
  private final SimulatedScheduler time;
  private final SimulatedNetwork network;
  private final SimulatedQuorumSide quorum;
  private final Invariants invariants;
  private final SplittableRandom random;
  private final SimulatedStorage disk;
  private final BiConsumer<Integer, IsrProposal> proposals;
  private int lives;
  private @Nullable Running running;

  /** What a crash takes away. */
  private record Running(
      Life life, LogManager logs, SimulatedMetadata metadata, PartitionRegistry registry) {}

  SimulatedNode(
      int id,
      Map<Integer, SimulatedNode> others,
      SimulatedScheduler time,
      SimulatedNetwork network,
      SimulatedQuorumSide quorum,
      Invariants invariants,
      BiConsumer<Integer, IsrProposal> proposals,
      boolean compacted,
      SplittableRandom random) {
    this.id = id;
    this.logConfig = compacted ? COMPACTED : LOGS;
    this.others = others;
    this.time = time;
    this.network = network;
    this.quorum = quorum;
    this.invariants = invariants;
    this.proposals = proposals;
    this.random = random.split();
    this.disk = new SimulatedStorage("disk-" + id);
  }

  boolean isRunning() {
    return running != null;
  }

  SimulatedMetadata metadata() {
    return Objects.requireNonNull(running).metadata;
  }

  PartitionRegistry registry() {
    return Objects.requireNonNull(running).registry;
  }

  Collection<ReplicatedPartition> partitions() {
    return running == null ? List.of() : running.registry.partitions();
  }

  /** How a disk fails. */
  enum DiskFault {
    WRITES_FAIL,
    FLUSHES_FAIL,
    FULL
  }

  void failDisk(DiskFault fault) {
    switch (fault) {
      case WRITES_FAIL -> disk.failWrites(true);
      case FLUSHES_FAIL -> disk.failForces(true);
      case FULL -> disk.limitBytes(disk.usedBytes() + random.nextInt(4_000));
    }
  }

  /** The disk works again; what the broker took out of service may need a new start. */
  void mendDisk() {
    disk.failWrites(false);
    disk.failForces(false);
    disk.limitBytes(Long.MAX_VALUE);
  }

  /** Whether the disk is out of service and only a new start brings it back. */
  boolean needsNewStart() {
    return running != null
        && running.logs.directories().stream().anyMatch(one -> !one.isOnline() && !one.full());
  }

  void start() {
    mendDisk();
    Life life = new Life(id, ++lives);
    boolean slowDisk = random.nextInt(3) == 0;
    LongSupplier flushTime =
        () -> random.nextLong(100_000, slowDisk && random.nextInt(10) == 0 ? SLOW : 2_000_000);
    EventLoop append = loop(life, "append", () -> 0);
    EventLoop flush = loop(life, "flush", flushTime);
    EventLoop clean = loop(life, "clean", flushTime);
    // Without a tail everything is read from files, hence after compaction.
    long tailBytes = logConfig.compaction().enabled() ? 0 : 1 << 20;
    LogManager logs =
        LogManager.open(
            new LogManagerConfig(logConfig, tailBytes, 86_400_000L, 60_000L, 700L, CLEANER),
            List.of(new LogDirectory(disk, append, List.of(flush), List.of(clean))),
            time);
    Holder<SimulatedMetadata> metadata = new Holder<>();
    ReplicaContext context =
        new ReplicaContext(
            id,
            time,
            REPLICATION,
            new ImagePartitionConfigs(() -> metadata.get().image(), 2, logConfig),
            () -> metadata.get().image(),
            () -> metadata.get().brokerEpoch(),
            () -> metadata.get().leaseValid(),
            proposal -> {
              proposals.accept(id, proposal);
              return metadata.get().propose(proposal);
            });
    EventLoop fetch = loop(life, "fetch", () -> 0);
    PartitionRegistry registry =
        new PartitionRegistry(
            context,
            logs,
            loop(life, "registry", () -> 0),
            new FetcherSource() {
              @Override
              public EventLoop loopFor(int leaderId) {
                return fetch;
              }

              @Override
              public LeaderEndpoint connect(int leaderId) {
                return new SimulatedEndpoint(
                    network, id, Objects.requireNonNull(others.get(leaderId)));
              }
            });
    metadata.value =
        new SimulatedMetadata(
            life, quorum, loop(life, "metadata", () -> 0), time, Uuid.random(random), registry);
    new StorageKeeper(context, logs, registry, metadata.value, loop(life, "storage", () -> 0))
        .start();
    running = new Running(life, logs, metadata.value, registry);
  }

  private EventLoop loop(Life life, String name, LongSupplier slowness) {
    return new NodeLoop(
        time.loop(name + "-" + id + "." + life.number),
        time,
        life,
        slowness,
        () -> invariants.observe(life, partitions()));
  }

  /**
   * Ends this life at once.
   *
   * @param powerLoss whether the disk forgets what was not flushed
   */
  void crash(boolean powerLoss) {
    Running ended = running;
    if (ended == null) {
      return;
    }
    ended.life.alive = false;
    running = null;
    ended.metadata.close();
    if (powerLoss) {
      disk.crash(random);
    } else {
      disk.kill();
    }
    network.crash(id);
    if (random.nextBoolean()) {
      quorum.connectionLost(id);
    }
  }

  private static final class Holder<T> {
    @Nullable T value;

    T get() {
      return Objects.requireNonNull(value);
    }
  }
}
