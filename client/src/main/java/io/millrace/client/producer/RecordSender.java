package io.millrace.client.producer;

import io.millrace.client.Acks;
import io.millrace.client.BrokerInfo;
import io.millrace.client.MillraceException;
import io.millrace.client.ProducerConfig;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.cluster.ClusterView;
import io.millrace.client.network.Failures;
import io.millrace.client.network.LinkUse;
import io.millrace.client.producer.PartitionLane.BatchRules;
import io.millrace.client.producer.ProduceMessages.Answer;
import io.millrace.client.producer.ProducerIdentity.Identity;
import io.millrace.concurrent.ConfinedTo;
import io.millrace.concurrent.EventLoop;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.ProduceRequest;
import io.millrace.protocol.message.ProduceResponse;
import io.millrace.protocol.record.Compression;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Gathers records in lanes and sends what is ready, at most one batch of a lane per request and all
 * lanes of a leader together. Works in {@link #pump}, which runs after whatever may have changed
 * something: records, answers, metadata, a timer.
 */
@ConfinedTo("the producer's loop")
final class RecordSender {

  private final ProducerConfig config;
  private final ClusterClient cluster;
  private final EventLoop loop;
  private final MemoryBudget budget;
  private final SplittableRandom random;
  private final BatchRules rules;
  private final ProducerIdentity identity;
  private final Map<String, TopicRouter> routers = new HashMap<>();
  private final Map<TopicPartition, PartitionLane> lanes = new HashMap<>();
  private final Set<PartitionLane> busy = new LinkedHashSet<>();
  private final Map<Integer, Integer> requestsInFlight = new HashMap<>();
  private final RoutedRecords routed = new RoutedRecords();
  private int flushes;
  private boolean pumping;
  private boolean pumpAgain;
  private EventLoop.@Nullable Timer timer;
  private long timerNanos = Long.MAX_VALUE;

  RecordSender(
      ProducerConfig config, ClusterClient cluster, MemoryBudget budget, SplittableRandom random) {
    this.config = config;
    this.cluster = cluster;
    this.loop = cluster.loop();
    this.budget = budget;
    this.random = random;
    this.rules =
        new BatchRules(
            config.idempotence(),
            Compression.valueOf(config.compression().name()),
            config.batchSize(),
            config.linger().toNanos(),
            config.deliveryTimeout().toNanos(),
            config.maxInFlight());
    this.identity = new ProducerIdentity(cluster, this::pump, this::failAll);
  }

  /** Begins to listen for changes of the cluster. */
  void start() {
    cluster.addListener(view -> viewChanged());
  }

  /** A record was handed over. {@link #pump} follows. hot: every record passes here. */
  void accept(PendingRecord record) {
    TopicRouter router = routers.get(record.topic);
    if (router == null) {
      long maxWait = Math.min(config.maxBlock().toNanos(), rules.deliveryNanos());
      router = new TopicRouter(record.topic, config.partitioner(), random.split(), maxWait);
      routers.put(record.topic, router);
      cluster.track(record.topic);
    }
    router.route(record, cluster.view(), routed, cluster.clock().monotonicNanos());
  }

  /**
   * Sends without lingering all that is here now; completes on the loop when each record has ended.
   */
  CompletableFuture<Void> flush() {
    assert loop.owns("flush");
    List<CompletableFuture<?>> ends = new ArrayList<>();
    for (PartitionLane lane : busy) {
      lane.unfinished().forEach(batch -> ends.add(batch.done()));
    }
    for (TopicRouter router : routers.values()) {
      router.waiting().forEach(record -> ends.add(record.handle((metadata, failure) -> null)));
    }
    flushes++;
    CompletableFuture<Void> flushed = new CompletableFuture<>();
    CompletableFuture.allOf(ends.toArray(CompletableFuture<?>[]::new))
        .whenComplete((done, failure) -> onLoop(() -> flushed(flushed)));
    pump();
    return flushed;
  }

  private void flushed(CompletableFuture<Void> flush) {
    flushes--;
    flush.complete(null);
  }

  /**
   * The last end may come from elsewhere: a sender who gives up ends its record's future itself.
   */
  private void onLoop(Runnable task) {
    if (loop.inEventLoop() || !cluster.runOnLoop(task)) {
      task.run();
    }
  }

  /** Fails all that has not ended. */
  void failAll(MillraceException reason) {
    assert loop.owns("failAll");
    for (TopicRouter router : routers.values()) {
      router.failAll(routed, reason);
    }
    for (PartitionLane lane : List.copyOf(busy)) {
      lane.failAll(reason);
    }
    busy.clear();
  }

  /**
   * Looks at everything that has work and sends what is ready. Calls from inside are noted and done
   * after.
   */
  void pump() {
    assert loop.owns("pump");
    if (pumping) {
      pumpAgain = true;
      return;
    }
    pumping = true;
    try {
      do {
        pumpAgain = false;
        while (sendOneRound()) {
          // until every lane waits for time, for an answer, or for its broker
        }
      } while (pumpAgain);
    } finally {
      pumping = false;
      scheduleNext(); // also when a round has thrown: records must end in time
    }
  }

  private boolean hurry() {
    return flushes > 0 || budget.isContended();
  }

  private boolean sendOneRound() {
    long now = cluster.clock().monotonicNanos();
    ClusterView view = cluster.view();
    boolean hurry = hurry();
    Map<Integer, List<PartitionLane>> byLeader = new LinkedHashMap<>();
    boolean isLeaderMissing = false;
    for (PartitionLane lane : List.copyOf(busy)) {
      if (lane.expiresAtNanos() <= now) {
        lane.expire(now);
      }
      if (lane.isIdle()) {
        busy.remove(lane);
      } else if (lane.readyAtNanos(hurry) <= now && mayNumber(lane)) {
        BrokerInfo leader = view.leaderOf(lane.partition());
        if (leader == null) {
          isLeaderMissing = true;
        } else if (requestsInFlight.getOrDefault(leader.id(), 0) < config.maxInFlight()) {
          byLeader.computeIfAbsent(leader.id(), id -> new ArrayList<>()).add(lane);
        }
      }
    }
    if (isLeaderMissing) {
      cluster.refresh();
    }
    if (byLeader.isEmpty()) {
      return false;
    }
    addCompany(byLeader, view, now);
    byLeader.forEach((leader, ready) -> send(leader, ready, view));
    return true;
  }

  private boolean mayNumber(PartitionLane lane) {
    if (lane.needsIdentity()) {
      Identity known = identity.current();
      if (known == null) {
        return false;
      }
      lane.begin(known);
    }
    return true;
  }

  /** A request goes anyway: what still lingers for the same broker goes with it. */
  private void addCompany(Map<Integer, List<PartitionLane>> byLeader, ClusterView view, long now) {
    for (PartitionLane lane : busy) {
      BrokerInfo leader = view.leaderOf(lane.partition());
      List<PartitionLane> ready = leader == null ? null : byLeader.get(leader.id());
      if (ready != null
          && !ready.contains(lane)
          && lane.readyAtNanos(true) <= now
          && mayNumber(lane)) {
        ready.add(lane);
      }
    }
  }

  private void send(int leader, List<PartitionLane> ready, ClusterView view) {
    Map<TopicPartition, ProducerBatch> batches = new LinkedHashMap<>();
    long bytes = 0;
    for (PartitionLane lane : ready) {
      if (bytes >= config.maxRequestSize()) {
        break;
      }
      ProducerBatch batch = lane.take();
      if (batch != null) {
        batches.put(lane.partition(), batch);
        bytes += batch.bytes().sizeInBytes();
        TopicRouter router = routers.get(lane.partition().topic());
        if (router != null) {
          router.batchLeft(lane.partition().partition());
        }
        busy.remove(lane); // to the end: the next request begins with the others
        busy.add(lane);
      }
    }
    if (batches.isEmpty()) {
      return;
    }
    requestsInFlight.merge(leader, 1, Integer::sum);
    long timeout = config.client().requestTimeout().toNanos();
    ProduceRequest request =
        ProduceMessages.request(
            batches.values(), view, config.acks().code(), (int) (timeout / 1_000_000));
    Map<Uuid, String> names = view.namesById();
    cluster
        .send(leader, LinkUse.REQUESTS, request, timeout)
        .whenComplete(
            (answer, failure) -> {
              requestEnded(leader);
              if (config.acks() == Acks.NONE && failure == null) {
                batches.forEach((partition, batch) -> lane(partition).succeeded(batch, -1, -1));
              } else if (answer instanceof ProduceResponse response) {
                answered(batches, ProduceMessages.answers(response, names));
              } else {
                failed(batches, failure == null ? Failures.closed() : Failures.of(failure));
              }
              pump();
            });
  }

  private void requestEnded(int leader) {
    requestsInFlight.merge(leader, -1, Integer::sum);
  }

  private void answered(
      Map<TopicPartition, ProducerBatch> batches, Map<TopicPartition, Answer> answers) {
    batches.forEach(
        (partition, batch) -> {
          Answer answer = answers.get(partition);
          if (answer == null) {
            failed(
                batch,
                ErrorCode.UNKNOWN_SERVER_ERROR,
                true,
                "the broker's answer leaves the partition out");
          } else if (answer.error() == ErrorCode.NONE) {
            lane(partition).succeeded(batch, answer.baseOffset(), answer.logAppendTime());
          } else {
            boolean isUnknown = SendVerdict.leavesOutcomeUnknown(answer.error());
            failed(batch, answer.error(), isUnknown, answer.reason());
          }
        });
  }

  private void failed(Map<TopicPartition, ProducerBatch> batches, MillraceException reason) {
    boolean isUnknown = !Failures.nothingWasSent(reason);
    batches
        .values()
        .forEach(
            batch -> failed(batch, reason.error(), isUnknown, String.valueOf(reason.getMessage())));
  }

  private void failed(ProducerBatch batch, ErrorCode error, boolean mayBeWritten, String reason) {
    if (mayBeWritten) {
      batch.noteUnknownOutcome();
    }
    if (error.isRetriable()) {
      cluster.refresh();
    }
    Identity useless =
        lane(batch.partition())
            .failed(
                batch,
                error,
                reason,
                cluster.clock().monotonicNanos(),
                cluster.backoffNanos(batch.attempts()));
    if (useless != null) {
      identity.discard(useless);
    }
  }

  private PartitionLane lane(TopicPartition partition) {
    return lanes.computeIfAbsent(partition, key -> new PartitionLane(key, rules, budget));
  }

  private void viewChanged() {
    long now = cluster.clock().monotonicNanos();
    boolean isWaiting = false;
    for (TopicRouter router : routers.values()) {
      if (router.hasWaiting()) {
        router.routeWaiting(cluster.view(), routed, now);
        isWaiting |= router.hasWaiting();
      }
    }
    if (isWaiting) {
      cluster.refresh();
    }
    pump();
  }

  private void scheduleNext() {
    boolean hurry = hurry();
    long next = Long.MAX_VALUE;
    long now = cluster.clock().monotonicNanos();
    for (PartitionLane lane : busy) {
      long ready = lane.readyAtNanos(hurry);
      next = Math.min(next, ready > now ? ready : Long.MAX_VALUE);
      next = Math.min(next, lane.expiresAtNanos());
    }
    for (TopicRouter router : routers.values()) {
      next = Math.min(next, router.expiresAtNanos());
    }
    if (timer != null && timerNanos <= next) {
      return; // fires early enough, and then looks again
    }
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
    if (next < Long.MAX_VALUE && !cluster.isClosed()) {
      timerNanos = next;
      timer = loop.schedule(this::timeCame, Math.max(0, next - now));
    }
  }

  private void timeCame() {
    timer = null;
    long now = cluster.clock().monotonicNanos();
    for (TopicRouter router : routers.values()) {
      if (router.expiresAtNanos() <= now) {
        router.expire(cluster.view(), routed, now);
      }
    }
    pump();
  }

  /** Where routers put their records. */
  private final class RoutedRecords implements TopicRouter.Target {
    @Override
    public boolean accept(PendingRecord record, int partition) {
      PartitionLane lane = lane(new TopicPartition(record.topic, partition));
      busy.add(lane);
      return lane.append(record);
    }

    @Override
    public void refuse(PendingRecord record, MillraceException reason) {
      budget.release(record.reservedBytes);
      Ends.fail(record, reason);
    }
  }
}
