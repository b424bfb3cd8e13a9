package io.millrace.replication.simulation;

import io.millrace.concurrent.EventLoop;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.RecordBatch;
import io.millrace.replication.ReadIsolation;
import io.millrace.replication.ReadRequest;
import io.millrace.replication.ReadResult;
import io.millrace.replication.ReplicatedPartition;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Reads one partition from its start, again and again from whoever it believes to lead, sometimes
 * all over again.
 */
final class SimulatedConsumer {

  private static final int CLIENT = 901;

  private record Answer(ErrorCode error, MemoryRecords records) {}

  private final SimulatedCluster cluster;
  private final EventLoop loop;
  private final SplittableRandom random;
  private final int partition;
  private Uuid topicId = Uuid.ZERO;
  private long position;

  SimulatedConsumer(SimulatedCluster cluster, int partition) {
    this.cluster = cluster;
    this.loop = cluster.clientLoop();
    this.random = cluster.split();
    this.partition = partition;
    poll();
  }

  private void poll() {
    SimulatedCluster.Route route = cluster.route(partition);
    if (route == null) {
      loop.schedule(this::poll, random.nextLong(1_000_000, 30_000_000));
      return;
    }
    if (!route.topicId().equals(topicId)) {
      topicId = route.topicId(); // deleted and created again
      position = 0;
    }
    cluster
        .network()
        .connect(CLIENT, Math.max(route.leader(), 0))
        .send(() -> serve(route))
        .whenComplete(
            (answer, failure) ->
                loop.execute(
                    () -> {
                      take(route.topicId(), answer);
                      loop.schedule(this::poll, random.nextLong(1_000_000, 30_000_000));
                    }));
  }

  private CompletableFuture<Answer> serve(SimulatedCluster.Route route) {
    ReplicatedPartition replica = cluster.replica(route.leader(), route.topicId(), partition);
    if (replica == null) {
      return CompletableFuture.completedFuture(
          new Answer(ErrorCode.NOT_LEADER_OR_FOLLOWER, MemoryRecords.EMPTY));
    }
    ReadResult result =
        replica.read(
            ReadRequest.ofConsumer(
                -1, position, -1, 1 + random.nextInt(5_000), true, ReadIsolation.UNCOMMITTED));
    return CompletableFuture.completedFuture(
        new Answer(result.error(), Invariants.inMemory(result.records())));
  }

  private void take(Uuid readFrom, @Nullable Answer answer) {
    if (answer == null) {
      return;
    }
    if (answer.error == ErrorCode.OFFSET_OUT_OF_RANGE) {
      throw Invariants.violated(
          "committedRecordNeverUnread",
          "partition " + partition + " has no offset " + position + " any more");
    }
    for (RecordBatch batch : answer.records.batches()) {
      cluster.invariants().read(new Invariants.Place(readFrom, partition), batch);
      position = batch.nextOffset();
    }
    if (random.nextInt(100) == 0) {
      position = 0;
    }
  }
}
