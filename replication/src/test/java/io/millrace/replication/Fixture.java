package io.millrace.replication;

import io.millrace.log.LogConfig;
import io.millrace.log.LogDirectory;
import io.millrace.log.LogManager;
import io.millrace.log.LogManagerConfig;
import io.millrace.log.PartitionLog;
import io.millrace.log.TopicPartitionId;
import io.millrace.log.simulated.Batches;
import io.millrace.log.simulated.ManualClock;
import io.millrace.log.simulated.ManualLoop;
import io.millrace.log.simulated.SimulatedStorage;
import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.BrokerStorage;
import io.millrace.metadata.image.ClusterImage;
import io.millrace.metadata.image.ConfigsImage;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.PersistentMap;
import io.millrace.metadata.image.TopicsImage;
import io.millrace.protocol.Uuid;
import io.millrace.replication.follower.FetchTarget;
import io.millrace.replication.leader.IsrAnswer;
import io.millrace.replication.leader.IsrProposal;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Broker 1 with one replica on a disk in memory; the test moves the loops and the clock. */
final class Fixture {

  static final TopicPartitionId ID = new TopicPartitionId(new Uuid(1, 2), "orders", 0);
  static final long EPOCH_OF_2 = 22;
  static final long EPOCH_OF_3 = 33;

  record Proposed(IsrProposal proposal, CompletableFuture<IsrAnswer> answer) {}

  final ManualClock clock = new ManualClock(1_700_000_000_000L);
  final ManualLoop append = new ManualLoop("append", clock);
  final ManualLoop flush = new ManualLoop("flush", clock);
  final List<Proposed> proposals = new ArrayList<>();
  final PartitionLog log;
  final ReplicatedPartition partition;
  boolean leaseValid = true;
  int minInSync = 2;
  @Nullable FetchTarget following;

  Fixture() {
    LogManager logs =
        LogManager.open(
            LogManagerConfig.DEFAULT,
            List.of(new LogDirectory(new SimulatedStorage("disk"), append, flush)),
            clock);
    MetadataImage image =
        new MetadataImage(
            1,
            1,
            new ClusterImage(
                "c",
                PersistentMap.<Integer, BrokerImage>empty()
                    .with(2, broker(2, EPOCH_OF_2))
                    .with(3, broker(3, EPOCH_OF_3))),
            TopicsImage.EMPTY,
            ConfigsImage.EMPTY,
            0);
    PartitionConfigSource configs =
        new PartitionConfigSource() {
          @Override
          public int minInSyncReplicas(String topic) {
            return minInSync;
          }

          @Override
          public LogConfig logConfig(String topic) {
            return LogConfig.DEFAULT;
          }
        };
    ReplicaContext context =
        new ReplicaContext(
            1,
            clock,
            ReplicationConfig.DEFAULT,
            configs,
            () -> image,
            () -> 11,
            () -> leaseValid,
            proposal -> {
              CompletableFuture<IsrAnswer> answer = new CompletableFuture<>();
              proposals.add(new Proposed(proposal, answer));
              return answer;
            });
    log = logs.getOrCreate(ID, LogConfig.DEFAULT);
    partition = new ReplicatedPartition(log, context);
    partition.attach(LeadershipListener.NONE);
    runAll();
  }

  private static BrokerImage broker(int id, long epoch) {
    return new BrokerImage(
        id,
        epoch,
        new Uuid(5, id),
        new Uuid(6, id),
        null,
        List.of(),
        false,
        false,
        BrokerStorage.WELL);
  }

  void runAll() {
    ManualLoop.runAll(append, flush);
  }

  /** Runs the append loop alone: written, not flushed. */
  void runAppends() {
    ManualLoop.runAll(append);
  }

  void state(int leader, int leaderEpoch, int partitionEpoch, Integer... isr) {
    partition.apply(
        new PartitionImage(0, List.of(1, 2, 3), List.of(isr), leader, leaderEpoch, partitionEpoch),
        target -> following = target);
    runAppends();
  }

  CompletableFuture<ProduceResult> produce(int acks, String... values) {
    return partition.append(Batches.of(1_700_000_000_000L, values), (short) acks, 1_000, -1);
  }

  ReadResult fetch(int replica, long offset, int leaderEpoch, int lastEpoch) {
    ReadResult result =
        partition.read(
            ReadRequest.ofFollower(
                replica,
                replica == 2 ? EPOCH_OF_2 : EPOCH_OF_3,
                leaderEpoch,
                offset,
                lastEpoch,
                1 << 20,
                true));
    result.records().release();
    runAppends();
    return result;
  }

  ReadResult consume(long offset) {
    return partition.read(
        ReadRequest.ofConsumer(-1, offset, -1, 1 << 20, true, ReadIsolation.UNCOMMITTED));
  }
}
