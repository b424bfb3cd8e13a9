package io.millrace.replication.simulation;

import io.millrace.concurrent.EventLoop;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.RecordBatchBuilder;
import io.millrace.replication.ProduceResult;
import io.millrace.replication.ReplicatedPartition;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;

/**
 * A producer to one partition. Mostly idempotent with {@code acks=all}: a few batches in flight, in
 * order; on any failure it waits for all of them and sends again from the first that was not
 * acknowledged. Else risky, with {@code acks=1}: one batch at a time, each sent once.
 *
 * <p>A topic that was deleted and created again is another one to it: it begins anew there, under
 * another producer id, and forgets what it had under way.
 */
final class SimulatedProducer {

  /** How the values of risky producers begin. */
  static final String RISKY = "q";

  private static final int CLIENT = 900;

  private static final class Batch {
    final int producerId;
    final int sequence;
    final List<String> values;

    Batch(int producerId, int sequence, List<String> values) {
      this.producerId = producerId;
      this.sequence = sequence;
      this.values = values;
    }
  }

  private final SimulatedCluster cluster;
  private final EventLoop loop;
  private final SplittableRandom random;
  private final Invariants invariants;
  private final boolean risky;
  private int producerId;
  private Uuid topicId = Uuid.ZERO;
  private final Set<Uuid> formerTopics = new HashSet<>();
  private final int partition;
  private final int maxInFlight;
  private ArrayDeque<Batch> unacknowledged = new ArrayDeque<>();
  private SimulatedNetwork.Connection connection;
  private int connectedTo = -1;
  private int nextSequence;
  private int sent; // of unacknowledged, from its head
  private int inFlight;
  private boolean failed;
  private boolean acknowledgedAny;
  private boolean stopping;

  SimulatedProducer(SimulatedCluster cluster, int partition, boolean risky) {
    this.cluster = cluster;
    this.loop = cluster.clientLoop();
    this.random = cluster.split();
    this.invariants = cluster.invariants();
    this.producerId = cluster.nextProducerId();
    this.partition = partition;
    this.risky = risky;
    this.maxInFlight = risky ? 1 : 1 + random.nextInt(4);
    this.connection = cluster.network().connect(CLIENT, 0);
    tick();
  }

  /** Sends what it has, makes no more. */
  void stop() {
    stopping = true;
  }

  boolean isIdle() {
    return unacknowledged.isEmpty() && inFlight == 0;
  }

  private void tick() {
    lookUpTopic();
    if (!stopping && unacknowledged.size() < 8) {
      List<String> values = new ArrayList<>();
      int count = 1 + random.nextInt(4);
      for (int i = 0; i < count; i++) {
        values.add((risky ? RISKY : "p") + producerId + ":" + (nextSequence + i));
      }
      unacknowledged.addLast(new Batch(producerId, nextSequence, values));
      nextSequence += count;
    }
    pump();
    loop.schedule(this::tick, random.nextLong(500_000, 40_000_000));
  }

  private void pump() {
    if (failed) {
      if (inFlight > 0) {
        return;
      }
      failed = false;
      sent = 0;
    }
    while (inFlight < window() && sent < unacknowledged.size()) {
      Batch batch = new ArrayList<>(unacknowledged).get(sent);
      sent++;
      send(batch);
    }
  }

  /**
   * One batch until the first was acknowledged. A broker takes any first sequence from a producer
   * it does not know, as Kafka's does: sent together, the second could be let in before the first,
   * which then never could.
   */
  private int window() {
    return acknowledgedAny ? maxInFlight : 1;
  }

  private void send(Batch batch) {
    SimulatedCluster.Route route = cluster.route(partition);
    int leader = route == null || formerTopics.contains(route.topicId()) ? -1 : route.leader();
    if (leader != connectedTo || connection.isBroken()) {
      connection = cluster.network().connect(CLIENT, Math.max(leader, 0));
      connectedTo = leader;
    }
    inFlight++;
    Uuid to = topicId;
    connection
        .send(() -> serve(leader, to, batch))
        .whenComplete((result, failure) -> loop.execute(() -> onAnswer(to, batch, result)));
  }

  /** Looks whether the topic is another one by now. */
  private void lookUpTopic() {
    SimulatedCluster.Route route = cluster.route(partition);
    if (route == null
        || topicId.equals(route.topicId())
        || formerTopics.contains(route.topicId())) {
      return;
    }
    if (!topicId.equals(Uuid.ZERO)) {
      formerTopics.add(topicId);
      producerId = cluster.nextProducerId();
      unacknowledged = new ArrayDeque<>();
      nextSequence = 0;
      sent = 0;
      inFlight = 0;
      failed = false;
      acknowledgedAny = false;
    }
    topicId = route.topicId();
  }

  private CompletableFuture<ProduceResult> serve(int leader, Uuid to, Batch batch) {
    ReplicatedPartition replica = cluster.replica(leader, to, partition);
    if (replica == null) {
      return CompletableFuture.completedFuture(
          new ProduceResult(ErrorCode.NOT_LEADER_OR_FOLLOWER, -1, -1, -1, null));
    }
    short acks = (short) (risky ? 1 : -1);
    return replica.append(recordsOf(batch), acks, 400 + random.nextInt(1_500), -1);
  }

  private MemoryRecords recordsOf(Batch batch) {
    RecordBatchBuilder builder = new RecordBatchBuilder(1 << 16);
    if (!risky) {
      builder = builder.producerState(batch.producerId, (short) 0, batch.sequence);
    }
    for (String value : batch.values) {
      byte[] key = cluster.isCompacted() ? CompactedContent.keyOf(value) : null;
      builder.append(1_700_000_000_000L, key, value.getBytes(StandardCharsets.UTF_8));
    }
    return builder.build();
  }

  private void onAnswer(Uuid from, Batch batch, ProduceResult result) {
    boolean acknowledged = result != null && result.error() == ErrorCode.NONE;
    if (acknowledged) {
      invariants.acknowledged(
          new Invariants.Acknowledged(
              new Invariants.Place(from, partition), result.baseOffset(), batch.values, !risky));
    }
    if (!from.equals(topicId)) {
      return; // of a topic that is gone
    }
    inFlight--;
    boolean isFirst = unacknowledged.peekFirst() == batch;
    if (risky) {
      unacknowledged.removeFirst();
      sent--;
      loop.schedule(this::pump, random.nextLong(100_000_000));
      return;
    }
    if (acknowledged) {
      acknowledgedAny = true;
      if (isFirst) {
        unacknowledged.removeFirst();
        sent--;
      } else {
        // One before it failed, yet it is in: then so is that one, and a retry will say so.
        failed = true;
      }
    } else {
      if (result != null && isFirst && !failed && isSequenceError(result.error())) {
        throw Invariants.violated(
            "noAcknowledgedRecordLost",
            "producer "
                + producerId
                + " is told "
                + result
                + " for its first unacknowledged batch");
      }
      failed = true;
    }
    loop.schedule(this::pump, failed ? random.nextLong(100_000_000) : 0);
  }

  private static boolean isSequenceError(ErrorCode error) {
    return error == ErrorCode.OUT_OF_ORDER_SEQUENCE_NUMBER
        || error == ErrorCode.UNKNOWN_PRODUCER_ID
        || error == ErrorCode.INVALID_PRODUCER_EPOCH;
  }
}
