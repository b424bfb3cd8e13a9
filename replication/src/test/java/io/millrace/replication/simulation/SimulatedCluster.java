package io.millrace.replication.simulation;

import io.millrace.concurrent.EventLoop;
import io.millrace.log.PartitionLog;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.request.CreateTopics;
import io.millrace.metadata.request.DeleteTopics;
import io.millrace.metadata.request.TopicRef;
import io.millrace.metadata.simulation.SimulatedScheduler;
import io.millrace.protocol.Uuid;
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
  private static final Life ADMINISTRATOR = new Life(0, 1);
  private static final long MILLI = 1_000_000L;
  private static final long SECOND = 1_000 * MILLI;

  /** How long a replica may take to hold all there is once nothing fails and nobody writes. */
  private static final long CATCH_UP = 5 * SECOND;

  private final SplittableRandom random;
  private final SimulatedScheduler time;
  private final SimulatedNetwork network;
  private final SimulatedQuorumSide quorum;
  private final boolean compacted;
  private final Invariants invariants;
  private final Map<Integer, SimulatedNode> nodes = new TreeMap<>();
  private final EventLoop clientLoop;
  private final int brokers;
  private final int partitions;
  private final int replicas;
  private final List<SimulatedProducer> producers = new ArrayList<>();
  private final List<String> history = new ArrayList<>();
  private final Fate fate;
  private int producerIds;

  /**
   * @param compacted whether the topic is, with keys that are written again and again
   */
  SimulatedCluster(long seed, boolean compacted) {
    random = new SplittableRandom(seed);
    this.compacted = compacted;
    invariants = new Invariants(compacted);
    brokers = 3 + random.nextInt(3);
    partitions = 1 + random.nextInt(3);
    replicas = 2 + random.nextInt(2);
    time = new SimulatedScheduler(random);
    network = new SimulatedNetwork(time.loop("network"), time, random);
    quorum = new SimulatedQuorumSide(time, random);
    clientLoop = time.loop("clients");
    fate = new Fate(this, time.loop("fate"), random);
    for (int id = 1; id <= brokers; id++) {
      nodes.put(
          id,
          new SimulatedNode(
              id, nodes, time, network, quorum, invariants, fate::onProposal, compacted, random));
    }
  }

  EventLoop clientLoop() {
    return clientLoop;
  }

  boolean isCompacted() {
    return compacted;
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
      producers.add(new SimulatedProducer(this, i, false));
      if (random.nextBoolean()) {
        producers.add(new SimulatedProducer(this, i, false));
      }
      if (random.nextInt(3) == 0) {
        producers.add(new SimulatedProducer(this, i, true));
      }
      new SimulatedConsumer(this, i);
      new SimulatedConsumer(this, i);
    }
    fate.start();
    time.runFor((6 + random.nextInt(8)) * SECOND);
    makePeace();
    time.runUntil(
        "producers idle",
        () -> producers.stream().allMatch(SimulatedProducer::isIdle),
        60 * SECOND);
    try {
      time.runUntil("all replicas in sync", this::allInSync, CATCH_UP);
    } catch (AssertionError e) {
      noteReplicas();
      throw e;
    }
    TopicImage topic = Objects.requireNonNull(currentTopic());
    for (int i = 0; i < partitions; i++) {
      Map<Integer, PartitionLog> logs = new HashMap<>();
      for (int id : Objects.requireNonNull(currentState(i)).replicas()) {
        ReplicatedPartition replica = replica(id, topic.id(), i);
        if (replica != null) {
          logs.put(id, replica.log());
        }
      }
      invariants.checkFinalState(new Invariants.Place(topic.id(), i), logs);
    }
  }

  private void createTopic() {
    time.runUntil(
        "brokers active", () -> nodes.values().stream().allMatch(n -> isActive(n.id)), 30 * SECOND);
    int[] turn = new int[1];
    time.runUntil(
        "topic created",
        () -> {
          if (turn[0]++ % 2_000 == 0) {
            askForTopic();
          }
          return nodes.values().stream().allMatch(n -> topic(n) != null);
        },
        60 * SECOND);
  }

  /** Asks for the topic once; the question may get lost, or the answer. */
  void askForTopic() {
    quorum.ask(
        ADMINISTRATOR,
        new CreateTopics(List.of(new CreateTopics.NewTopic(TOPIC, partitions, replicas)), false));
  }

  /** Asks once to delete the topic of an id. */
  void askForDeletion(Uuid topicId) {
    quorum.ask(ADMINISTRATOR, new DeleteTopics(List.of(new TopicRef(topicId, null))));
  }

  SimulatedNode node(int id) {
    return Objects.requireNonNull(nodes.get(id));
  }

  private boolean isActive(int id) {
    return node(id).metadata().image().cluster().isActive(id);
  }

  private void makePeace() {
    note("peace");
    fate.end();
    network.healAll();
    quorum.foul = false;
    nodes.values().forEach(SimulatedNode::mendDisk);
    nodes.values().forEach(fate::restartIfNeeded);
    keepATopic();
    time.runUntil(
        "there is a topic",
        () -> nodes.values().stream().allMatch(n -> n.isRunning() && topic(n) != null),
        60 * SECOND);
    producers.forEach(SimulatedProducer::stop);
  }

  /** A deletion that was asked for before the peace may take effect in it. */
  private void keepATopic() {
    if (currentTopic() == null) {
      askForTopic();
    }
    clientLoop.schedule(this::keepATopic, SECOND / 2);
  }

  void note(String event) {
    history.add(time.monotonicNanos() / MILLI + " ms " + event);
  }

  // ---- what others look up

  /** The topic and a partition's leader, -1 when there is none, as one broker's image has it. */
  record Route(Uuid topicId, int leader) {}

  @Nullable Route route(int partition) {
    SimulatedNode node = node(1 + random.nextInt(brokers));
    TopicImage topic = node.isRunning() ? topic(node) : null;
    PartitionImage state = topic == null ? null : topic.partition(partition);
    return topic == null || state == null ? null : new Route(topic.id(), state.leader());
  }

  @Nullable ReplicatedPartition replica(int nodeId, Uuid topicId, int partition) {
    SimulatedNode node = nodes.get(nodeId);
    if (node == null || !node.isRunning()) {
      return null;
    }
    return node.registry().partition(topicId, partition);
  }

  int nextProducerId() {
    return ++producerIds;
  }

  int brokers() {
    return brokers;
  }

  int partitions() {
    return partitions;
  }

  SimulatedQuorumSide quorum() {
    return quorum;
  }

  private static @Nullable TopicImage topic(SimulatedNode node) {
    return node.metadata().image().topics().topic(TOPIC);
  }

  /** The topic in the newest image of all. */
  @Nullable TopicImage currentTopic() {
    MetadataImage newest = null;
    for (SimulatedNode node : nodes.values()) {
      if (node.isRunning()) {
        MetadataImage image = node.metadata().image();
        newest = newest == null || image.revision() > newest.revision() ? image : newest;
      }
    }
    return newest == null ? null : newest.topics().topic(TOPIC);
  }

  @Nullable PartitionImage currentState(int partition) {
    TopicImage topic = currentTopic();
    return topic == null ? null : topic.partition(partition);
  }

  private void noteReplicas() {
    TopicImage topic = Objects.requireNonNull(currentTopic());
    for (PartitionImage state : topic.partitions()) {
      for (int id : state.replicas()) {
        ReplicatedPartition replica = replica(id, topic.id(), state.partition());
        note(
            state
                + " on "
                + id
                + ": "
                + (replica == null
                    ? "no replica"
                    : replica.role()
                        + " "
                        + replica.log()
                        + " highWatermark="
                        + replica.log().highWatermark()
                        + " offline="
                        + replica.log().isOffline()));
      }
    }
  }

  private boolean allInSync() {
    TopicImage topic = currentTopic();
    if (topic == null) {
      return false;
    }
    for (int i = 0; i < partitions; i++) {
      PartitionImage state = topic.partition(i);
      if (state == null || state.isr().size() < state.replicas().size() || !state.hasLeader()) {
        return false;
      }
      long end = -1;
      for (int id : state.replicas()) {
        ReplicatedPartition replica = replica(id, topic.id(), i);
        if (replica == null
            || replica.log().isOffline()
            || replica.log().highWatermark() < replica.log().logEndOffset()) {
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
