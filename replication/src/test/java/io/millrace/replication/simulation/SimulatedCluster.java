package io.millrace.replication.simulation;

import io.millrace.concurrent.EventLoop;
import io.millrace.log.PartitionLog;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.request.CreateTopics;
import io.millrace.metadata.simulation.SimulatedScheduler;
import io.millrace.replication.ReplicatedPartition;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Brokers, controllers, clients and what goes wrong between them, from one seed. */
final class SimulatedCluster {

  private static final String TOPIC = "orders";
  private static final long MILLI = 1_000_000L;
  private static final long SECOND = 1_000 * MILLI;

  private final SplittableRandom random;
  private final SimulatedScheduler time;
  private final SimulatedNetwork network;
  private final SimulatedQuorumSide quorum;
  private final Invariants invariants = new Invariants();
  private final Map<Integer, SimulatedNode> nodes = new TreeMap<>();
  private final EventLoop clientLoop;
  private final EventLoop fateLoop;
  private final int brokers;
  private final int partitions;
  private final int replicas;
  private final List<SimulatedProducer> producers = new ArrayList<>();
  private final Map<Integer, List<Integer>> lastIsr = new HashMap<>();
  private final List<String> history = new ArrayList<>();
  private boolean calm;

  SimulatedCluster(long seed) {
    random = new SplittableRandom(seed);
    brokers = 3 + random.nextInt(3);
    partitions = 1 + random.nextInt(3);
    replicas = 2 + random.nextInt(2);
    time = new SimulatedScheduler(random);
    network = new SimulatedNetwork(time.loop("network"), time, random);
    quorum = new SimulatedQuorumSide(time, random);
    clientLoop = time.loop("clients");
    fateLoop = time.loop("fate");
    for (int id = 1; id <= brokers; id++) {
      nodes.put(id, new SimulatedNode(id, nodes, time, network, quorum, invariants, random));
    }
  }

  EventLoop clientLoop() {
    return clientLoop;
  }

  SimulatedNetwork network() {
    return network;
  }

  Invariants invariants() {
    return invariants;
  }

  SplittableRandom split() {
    return random.split();
  }

  List<String> history() {
    return history;
  }

  /** Runs it all: load under faults for some seconds, then peace, then the final checks. */
  void run() {
    nodes.values().forEach(SimulatedNode::start);
    createTopic();
    for (int i = 0; i < partitions; i++) {
      producers.add(new SimulatedProducer(this, producers.size() + 1, i));
      if (random.nextBoolean()) {
        producers.add(new SimulatedProducer(this, producers.size() + 1, i));
      }
      new SimulatedConsumer(this, i);
      new SimulatedConsumer(this, i);
    }
    fateLoop.schedule(this::strike, SECOND);
    lookForNewMembers();
    time.runFor((6 + random.nextInt(8)) * SECOND);
    makePeace();
    time.runUntil(
        "producers idle",
        () -> producers.stream().allMatch(SimulatedProducer::isIdle),
        60 * SECOND);
    time.runUntil("all replicas in sync", this::allInSync, 60 * SECOND);
    for (int i = 0; i < partitions; i++) {
      Map<Integer, PartitionLog> logs = new HashMap<>();
      for (int id : Objects.requireNonNull(currentState(i)).replicas()) {
        ReplicatedPartition replica = replica(id, i);
        if (replica != null) {
          logs.put(id, replica.log());
        }
      }
      invariants.checkFinalState(i, logs);
    }
  }

  private void createTopic() {
    time.runUntil(
        "brokers active", () -> nodes.values().stream().allMatch(n -> isActive(n.id)), 30 * SECOND);
    Life administrator = new Life(0, 1);
    CreateTopics request =
        new CreateTopics(List.of(new CreateTopics.NewTopic(TOPIC, partitions, replicas)), false);
    int[] turn = new int[1];
    time.runUntil(
        "topic created",
        () -> {
          if (turn[0]++ % 2_000 == 0) {
            quorum.ask(administrator, request);
          }
          return nodes.values().stream().allMatch(n -> topic(n) != null);
        },
        60 * SECOND);
  }

  private SimulatedNode node(int id) {
    return Objects.requireNonNull(nodes.get(id));
  }

  private boolean isActive(int id) {
    return node(id).metadata().image().cluster().isActive(id);
  }

  // ---- fate

  private void strike() {
    if (calm) {
      return;
    }
    switch (random.nextInt(10)) {
      case 0, 1, 2 -> crash(1 + random.nextInt(brokers), random.nextBoolean());
      case 3 -> {
        boolean powerLoss = random.nextBoolean();
        nodes.keySet().forEach(id -> crash(id, powerLoss || random.nextBoolean()));
      }
      case 4 -> {
        crash(1 + random.nextInt(brokers), true);
        crash(1 + random.nextInt(brokers), true);
      }
      case 5, 6 -> cutSomething();
      case 7 -> {
        note("reset connections");
        network.breakSome();
      }
      default -> {
        note("elect controller");
        quorum.elect();
      }
    }
    fateLoop.schedule(this::strike, random.nextLong(20 * MILLI, 1_500 * MILLI));
  }

  /**
   * The worst moment: a replica has just been let into the in-sync set, and all the others of the
   * set die. Whatever was acknowledged without it is lost then.
   */
  private void lookForNewMembers() {
    if (calm) {
      return;
    }
    for (int i = 0; i < partitions; i++) {
      PartitionImage state = currentState(i);
      List<Integer> before = lastIsr.put(i, state == null ? List.of() : state.isr());
      if (state != null && before != null) {
        for (int member : state.isr()) {
          if (!before.contains(member) && random.nextInt(2) == 0) {
            leaveAlone(member, state.isr());
          }
        }
      }
    }
    fateLoop.schedule(this::lookForNewMembers, MILLI);
  }

  private void leaveAlone(int member, List<Integer> isr) {
    note("others of " + isr + " leave " + member + " alone");
    for (int other : isr) {
      if (other != member) {
        fateLoop.schedule(() -> crash(other, random.nextBoolean()), random.nextLong(15 * MILLI));
      }
    }
  }

  private void crash(int id, boolean powerLoss) {
    SimulatedNode node = node(id);
    if (!node.isRunning()) {
      return;
    }
    note((powerLoss ? "power loss of " : "kill of ") + id);
    node.crash(powerLoss);
    long downtime =
        random.nextInt(3) == 0 ? random.nextLong(3 * SECOND) : random.nextLong(300 * MILLI);
    fateLoop.schedule(() -> restart(node), 1 + downtime);
  }

  private void restart(SimulatedNode node) {
    if (!node.isRunning()) {
      note("start of " + node.id);
      node.start();
    }
  }

  private void cutSomething() {
    int a = 1 + random.nextInt(brokers);
    if (random.nextBoolean()) {
      note("cut " + a + " from all");
      nodes.keySet().forEach(b -> network.cut(a, b));
    } else {
      int b = 1 + random.nextInt(brokers);
      note("cut " + a + " from " + b);
      network.cut(a, b);
    }
    fateLoop.schedule(
        () -> {
          note("heal");
          network.healAll();
        },
        random.nextLong(3 * SECOND));
  }

  private void makePeace() {
    note("peace");
    calm = true;
    network.healAll();
    quorum.foul = false;
    nodes.values().forEach(this::restart);
    producers.forEach(SimulatedProducer::stop);
  }

  private void note(String event) {
    history.add(time.monotonicNanos() / MILLI + " ms " + event);
  }

  // ---- what others look up

  /** The leader as some broker's image has it, -1 when it knows none. */
  int believedLeader(int partition) {
    SimulatedNode node = node(1 + random.nextInt(brokers));
    TopicImage topic = node.isRunning() ? topic(node) : null;
    PartitionImage state = topic == null ? null : topic.partition(partition);
    return state == null ? -1 : state.leader();
  }

  @Nullable ReplicatedPartition replica(int nodeId, int partition) {
    SimulatedNode node = nodes.get(nodeId);
    if (node == null || !node.isRunning()) {
      return null;
    }
    return node.registry().partition(TOPIC, partition);
  }

  private static @Nullable TopicImage topic(SimulatedNode node) {
    return node.metadata().image().topics().topic(TOPIC);
  }

  private @Nullable PartitionImage currentState(int partition) {
    PartitionImage newest = null;
    for (SimulatedNode node : nodes.values()) {
      TopicImage topic = node.isRunning() ? topic(node) : null;
      PartitionImage state = topic == null ? null : topic.partition(partition);
      if (state != null && (newest == null || state.partitionEpoch() > newest.partitionEpoch())) {
        newest = state;
      }
    }
    return newest;
  }

  private boolean allInSync() {
    for (int i = 0; i < partitions; i++) {
      PartitionImage state = currentState(i);
      if (state == null || state.isr().size() < state.replicas().size() || !state.hasLeader()) {
        return false;
      }
      long end = -1;
      for (int id : state.replicas()) {
        ReplicatedPartition replica = replica(id, i);
        if (replica == null || replica.log().highWatermark() < replica.log().logEndOffset()) {
          return false;
        }
        long itsEnd = replica.log().logEndOffset();
        if (end >= 0 && itsEnd != end) {
          return false;
        }
        end = itsEnd;
      }
    }
    return true;
  }
}
