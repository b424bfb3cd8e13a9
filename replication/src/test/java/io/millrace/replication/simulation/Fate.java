package io.millrace.replication.simulation;

import io.millrace.concurrent.EventLoop;
import io.millrace.log.PartitionLog;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.protocol.Uuid;
import io.millrace.replication.ReplicatedPartition;
import io.millrace.replication.leader.IsrProposal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * What goes wrong, and when: by chance, and at the moments that are the worst. Chance alone hardly
 * ever meets those, since they last a few milliseconds.
 */
final class Fate {

  private static final long MILLI = 1_000_000L;
  private static final long SECOND = 1_000 * MILLI;

  /** How often a leader dies because a replica outside the in-sync set is close behind. */
  private static final int CLOSE_CALLS = 6;

  private final SimulatedCluster cluster;
  private final EventLoop loop;
  private final SplittableRandom random;
  private final Map<Integer, List<Integer>> lastIsr = new HashMap<>();
  private int closeCallsLeft = CLOSE_CALLS;
  private boolean calm;

  Fate(SimulatedCluster cluster, EventLoop loop, SplittableRandom random) {
    this.cluster = cluster;
    this.loop = loop;
    this.random = random.split();
  }

  void start() {
    loop.schedule(this::strike, SECOND);
    watch();
  }

  void end() {
    calm = true;
  }

  private void strike() {
    if (calm) {
      return;
    }
    switch (random.nextInt(14)) {
      case 0, 1, 2 -> crash(anyNode(), random.nextBoolean());
      case 3 -> {
        boolean powerLoss = random.nextBoolean();
        for (int id = 1; id <= cluster.brokers(); id++) {
          crash(id, powerLoss || random.nextBoolean());
        }
      }
      case 4 -> {
        crash(anyNode(), true);
        crash(anyNode(), true);
      }
      case 5, 6 -> cutSomething();
      case 7 -> {
        cluster.note("reset connections");
        cluster.network().breakSome();
      }
      case 8, 9, 10 -> failDisk(anyNode());
      case 11 -> recreateTopic();
      default -> {
        cluster.note("elect controller");
        cluster.quorum().elect();
      }
    }
    loop.schedule(this::strike, random.nextLong(20 * MILLI, 1_500 * MILLI));
  }

  private int anyNode() {
    return 1 + random.nextInt(cluster.brokers());
  }

  // ---- the worst moments

  private void watch() {
    if (calm) {
      return;
    }
    TopicImage topic = cluster.currentTopic();
    for (int i = 0; topic != null && i < cluster.partitions(); i++) {
      PartitionImage state = topic.partition(i);
      if (state != null) {
        lookForNewMembers(state);
        lookForCloseFollowers(topic.id(), state);
      }
    }
    loop.schedule(this::watch, MILLI);
  }

  /**
   * A replica has just been let into the in-sync set, and all the others of the set die. Whatever
   * was acknowledged without it is lost then.
   */
  private void lookForNewMembers(PartitionImage state) {
    List<Integer> before = lastIsr.put(state.partition(), state.isr());
    for (int member : state.isr()) {
      if (before != null && !before.contains(member) && random.nextInt(2) == 0) {
        leaveAlone(member, state.isr());
      }
    }
  }

  private void leaveAlone(int member, List<Integer> isr) {
    cluster.note("others of " + isr + " leave " + member + " alone");
    for (int other : isr) {
      if (other != member) {
        loop.schedule(() -> crash(other, random.nextBoolean()), random.nextLong(15 * MILLI));
      }
    }
  }

  /**
   * A replica outside the in-sync set has what the in-sync followers know to be committed, but not
   * all that is: the leader dies. Its successor's high watermark lies behind, so nothing but the
   * start of its epoch tells it that the replica is not to be let in yet.
   */
  private void lookForCloseFollowers(Uuid topicId, PartitionImage state) {
    PartitionLog leader = logOf(state.leader(), topicId, state.partition());
    if (closeCallsLeft == 0 || leader == null || state.isr().size() < 2) {
      return;
    }
    long known = Long.MAX_VALUE;
    for (int member : state.isr()) {
      PartitionLog log = logOf(member, topicId, state.partition());
      if (member != state.leader() && log != null) {
        known = Math.min(known, log.highWatermark());
      }
    }
    for (int replica : state.replicas()) {
      PartitionLog log = logOf(replica, topicId, state.partition());
      if (!state.isr().contains(replica)
          && log != null
          && log.durableEndOffset() >= known
          && log.durableEndOffset() < leader.highWatermark()
          && random.nextInt(3) == 0) {
        closeCallsLeft--;
        cluster.note(
            "replica " + replica + " is close behind leader " + state.leader() + ", which dies");
        crash(state.leader(), random.nextBoolean());
        return;
      }
    }
  }

  private @Nullable PartitionLog logOf(int node, Uuid topicId, int partition) {
    ReplicatedPartition replica = cluster.replica(node, topicId, partition);
    return replica == null || replica.log().isOffline() ? null : replica.log();
  }

  /** A leader asks for a new member, which from then on hears nothing of it any more. */
  void onProposal(int leader, IsrProposal proposal) {
    for (IsrProposal.Member member : proposal.isr()) {
      if (!calm && member.brokerEpoch() >= 0 && random.nextInt(3) == 0) {
        cluster.note("cut proposed member " + member.brokerId() + " from leader " + leader);
        cluster.network().cut(leader, member.brokerId());
        healLater(random.nextLong(SECOND));
      }
    }
  }

  // ---- chance

  private void crash(int id, boolean powerLoss) {
    SimulatedNode node = cluster.node(id);
    if (!node.isRunning()) {
      return;
    }
    cluster.note((powerLoss ? "power loss of " : "kill of ") + id);
    node.crash(powerLoss);
    long downtime =
        random.nextInt(3) == 0 ? random.nextLong(3 * SECOND) : random.nextLong(300 * MILLI);
    loop.schedule(() -> restartIfNeeded(node), 1 + downtime);
  }

  /** Starts what does not run, or has a disk that only a new start brings back. */
  void restartIfNeeded(SimulatedNode node) {
    if (node.needsNewStart()) {
      cluster.note("kill of " + node.id + " for its disk");
      node.crash(false);
    }
    if (!node.isRunning()) {
      cluster.note("start of " + node.id);
      node.start();
    }
  }

  private void failDisk(int id) {
    SimulatedNode node = cluster.node(id);
    SimulatedNode.DiskFault fault =
        SimulatedNode.DiskFault.values()[random.nextInt(SimulatedNode.DiskFault.values().length)];
    cluster.note("disk of " + id + ": " + fault);
    node.failDisk(fault);
    loop.schedule(
        () -> {
          cluster.note("disk of " + id + " works");
          node.mendDisk();
          restartIfNeeded(node);
        },
        random.nextLong(3 * SECOND));
  }

  private void recreateTopic() {
    TopicImage topic = cluster.currentTopic();
    if (topic == null) {
      return;
    }
    cluster.note("delete topic " + topic.id());
    cluster.askForDeletion(topic.id());
    if (random.nextBoolean()) {
      cluster.askForTopic(); // perhaps too early, perhaps in the next revision
    }
    createAgain(8);
  }

  /** The deletion may take effect late. */
  private void createAgain(int looks) {
    loop.schedule(
        () -> {
          if (!calm && cluster.currentTopic() == null) {
            cluster.note("create the topic again");
            cluster.askForTopic();
          }
          if (!calm && looks > 1) {
            createAgain(looks - 1);
          }
        },
        1 + random.nextLong(400 * MILLI));
  }

  private void cutSomething() {
    int a = anyNode();
    if (random.nextBoolean()) {
      cluster.note("cut " + a + " from all");
      for (int b = 1; b <= cluster.brokers(); b++) {
        cluster.network().cut(a, b);
      }
    } else {
      int b = anyNode();
      cluster.note("cut " + a + " from " + b);
      cluster.network().cut(a, b);
    }
    healLater(random.nextLong(3 * SECOND));
  }

  private void healLater(long delay) {
    loop.schedule(
        () -> {
          cluster.note("heal");
          cluster.network().healAll();
        },
        delay);
  }
}
