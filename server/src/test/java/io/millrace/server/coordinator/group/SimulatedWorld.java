package io.millrace.server.coordinator.group;

import io.millrace.metadata.image.MetadataImage;
import io.millrace.protocol.Uuid;
import io.millrace.server.coordinator.CoordinatorRuntime;
import io.millrace.server.coordinator.ManualLoop;
import io.millrace.server.coordinator.MemoryLog;
import io.millrace.server.coordinator.StoredRecord;
import io.millrace.server.coordinator.group.GroupRecord.OffsetRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * One coordinator's shard, its log, a network that delays and loses, and clients of both protocols,
 * all on one loop and one seed.
 */
final class SimulatedWorld {
  static final Uuid TOPIC = new Uuid(5, 5);
  static final String TOPIC_NAME = "events";
  static final int PARTITIONS = 5;
  static final String CLASSIC_GROUP = "classic";
  static final String CONSUMER_GROUP = "consumer";

  /** Its clients change from one protocol to the other and back. */
  static final String MIXED_GROUP = "mixed";

  static final int SESSION = 6_000;
  private static final int CALL_TIMEOUT = 4_000;

  final SplittableRandom random;
  final ManualLoop loop = new ManualLoop();
  final List<SimulatedClient> clients = new ArrayList<>();
  final GroupCoordinator groups;
  final MetadataImage image = Images.with(MetadataImage.EMPTY, TOPIC, TOPIC_NAME, PARTITIONS);
  private final CoordinatorRuntime<GroupShard, GroupRecord> runtime;
  private final GroupRecordCodec codec = new GroupRecordCodec();
  private final long seed;
  MemoryLog log = new MemoryLog();
  private GroupShard shard = new GroupShard(GroupConfig.DEFAULT, 0);
  private int shards;
  private int leaderEpoch = 1;
  boolean chaos = true;
  int incarnations;
  long connections;
  final LongAdder lostMembers = new LongAdder();

  /** In some worlds the members of the mixed group change their protocol all the time. */
  private final boolean restless;

  private boolean leaseIsLost;

  /** Of all classic clients: those of one group must agree on it. */
  final boolean cooperative;

  SimulatedWorld(long seed) {
    this.seed = seed;
    this.random = new SplittableRandom(seed);
    this.cooperative = random.nextBoolean();
    this.restless = random.nextInt(4) == 0;
    GroupConfig config =
        GroupConfigs.with(
            Map.of(
                "minSessionTimeoutMs",
                SESSION,
                "maxSessionTimeoutMs",
                60_000,
                "maxSize",
                100,
                "initialRebalanceDelayMs",
                random.nextBoolean() ? 0 : 1_000,
                "newMemberJoinTimeoutMs",
                8_000,
                "consumerSessionTimeoutMs",
                SESSION,
                "consumerHeartbeatIntervalMs",
                1_000,
                "consumerAssignors",
                random.nextBoolean() ? List.of("uniform") : List.of("range"),
                "holdHeartbeats",
                random.nextInt(4) > 0,
                "removeLostMembers",
                random.nextInt(4) > 0));
    runtime =
        new CoordinatorRuntime<>(
            new CoordinatorRuntime.Setup<>(
                GroupCoordinator.TOPIC,
                partition ->
                    shard = new GroupShard(config, this.seed * 1_000 + ++shards, lostMembers),
                new GroupRecordCodec(),
                loop,
                () -> image,
                partition -> loop));
    groups = new GroupCoordinator(runtime, () -> 1);
    runtime.start(0, leaderEpoch, log);
    int statics = random.nextInt(3); // of each group, the first
    for (int i = 0; i < 4; i++) {
      boolean isStatic = i < statics;
      clients.add(new SimulatedClassicClient(this, "classic-" + i, CLASSIC_GROUP, isStatic));
      clients.add(new SimulatedConsumerClient(this, "consumer-" + i, CONSUMER_GROUP, isStatic));
    }
    for (int i = 0; i < 3; i++) {
      clients.add(new SimulatedClassicClient(this, "mixed-" + i, MIXED_GROUP, i < statics));
    }
  }

  /** The newest shard, whatever it has committed. */
  GroupShard shard() {
    return shard;
  }

  /** What the log has for a partition, -1 for nothing. */
  long committedOffset(String group, int partition) {
    List<StoredRecord> records = log.committed();
    for (int i = records.size() - 1; i >= 0; i--) {
      if (codec.decode(records.get(i)) instanceof OffsetRecord offset
          && offset.value() != null
          && offset.group().equals(group)
          && offset.partition() == partition) {
        return offset.value().offset();
      }
    }
    return -1;
  }

  // ---- time

  void run(long millis, Runnable check) {
    long end = now() + millis;
    while (now() < end) {
      if (chaos) {
        misfortune();
        clients.get(random.nextInt(clients.size())).tick();
      } else { // all of them: one that chance passes over for a session would be put out
        clients.forEach(SimulatedClient::tick);
      }
      loop.advance(1 + random.nextInt(90));
      check.run();
    }
  }

  long now() {
    return TimeUnit.NANOSECONDS.toMillis(loop.monotonicNanos());
  }

  void later(long millis, Runnable task) {
    loop.schedule(task, TimeUnit.MILLISECONDS.toNanos(millis));
  }

  private void misfortune() {
    int dice = random.nextInt(1_000);
    if (dice < 4) {
      moveCoordinator();
    } else if (dice < 14) {
      log.hold();
    } else if (dice < 40) {
      log.release();
    } else if (dice < 46 && log.pendingBatches() > 0) {
      log.failOne(random.nextBoolean());
    } else if (dice < 70) {
      clients.get(random.nextInt(clients.size())).suffer();
    } else if (dice < 71) { // the network is out of order for a moment
      clients.forEach(client -> client.disconnect(SimulatedClient.MEMBERSHIP));
    } else if (dice < 74) { // for a moment another may lead, for all the coordinator knows
      log.lead(leaseIsLost);
      leaseIsLost = !leaseIsLost;
    } else if (dice < (restless ? 110 : 82)) {
      SimulatedClient client = clients.get(random.nextInt(clients.size()));
      if (client.group.equals(MIXED_GROUP)) {
        changeProtocol(client);
      }
    }
  }

  /** Its process dies, or it is only told to go; what was under way may be in the log. */
  private void moveCoordinator() {
    while (log.pendingBatches() > 0) {
      log.failOne(random.nextBoolean());
    }
    loop.run(); // so that the shard made last is the one that lives
    log = log.next();
    leaseIsLost = false;
    runtime.start(0, ++leaderEpoch, log);
    if (random.nextBoolean()) { // nobody hears what it would have said last
      for (SimulatedClient client : clients) {
        client.disconnect(SimulatedClient.MEMBERSHIP);
        client.disconnect(SimulatedClient.OFFSETS);
      }
    }
  }

  /** The client is started again with the other protocol. */
  private void changeProtocol(SimulatedClient old) {
    if (random.nextBoolean()) {
      old.leave();
    }
    old.crash();
    SimulatedClient fresh =
        old instanceof SimulatedClassicClient
            ? new SimulatedConsumerClient(this, old.name, old.group, old.isStatic())
            : new SimulatedClassicClient(this, old.name, old.group, old.isStatic());
    fresh.acknowledged.putAll(old.acknowledged);
    clients.set(clients.indexOf(old), fresh);
  }

  /**
   * Ends the misfortune; the clients of the mixed group all change to one protocol, or do not. What
   * happened last must be got over as well as what much else came after: some worlds end with
   * members that go and come, and a coordinator that moves.
   */
  void calmDown(Runnable check) {
    chaos = false;
    leaseIsLost = false;
    log.lead(true);
    log.release();
    clients.forEach(client -> client.pausedUntil = 0);
    int wish = random.nextInt(3);
    for (SimulatedClient client : List.copyOf(clients)) {
      boolean classic = client instanceof SimulatedClassicClient;
      if (client.group.equals(MIXED_GROUP) && (wish == 0 ? classic : wish == 1 && !classic)) {
        changeProtocol(client);
      }
    }
    if (random.nextBoolean()) {
      run(random.nextInt(10_000), check);
      String group = clients.get(random.nextInt(clients.size())).group;
      for (SimulatedClient client : clients) {
        if (client.group.equals(group) && random.nextBoolean()) {
          client.leave();
        }
      }
      run(random.nextInt(1_500), check);
      moveCoordinator();
    }
  }

  /** Connections break here and there, of clients that are all alive. */
  void breakConnections(long millis, Runnable check) {
    long end = now() + millis;
    while (now() < end) {
      clients
          .get(random.nextInt(clients.size()))
          .disconnect(random.nextBoolean() ? SimulatedClient.MEMBERSHIP : SimulatedClient.OFFSETS);
      run(200, check);
    }
  }

  // ---- network

  /**
   * Sends a request for a client. What one connection sends arrives in order; what does not arrive,
   * or whose answer does not, is given up after a while. A client has a connection for its
   * membership and one for its offsets, so that a commit may arrive after a later join.
   */
  <T> void call(
      SimulatedClient client,
      int channel,
      Supplier<CompletableFuture<T>> request,
      Consumer<T> onAnswer,
      Runnable onTimeout) {
    boolean[] settled = {false};
    long due = Math.max(client.lastArrivals[channel], now() + delay(channel));
    client.lastArrivals[channel] = due;
    int connection = client.connection;
    Runnable giveUp = () -> settle(client, connection, settled, onTimeout);
    client.underWay.get(channel).removeIf(call -> call.settled()[0]);
    client.underWay.get(channel).add(new SimulatedClient.Call(settled, giveUp));
    later(CALL_TIMEOUT * 3L, giveUp);
    if (isLost()) {
      return;
    }
    later(
        due - now(),
        () ->
            request
                .get()
                .thenAccept(
                    answer -> {
                      if (!isLost()) {
                        later(
                            delay(channel),
                            () ->
                                settle(client, connection, settled, () -> onAnswer.accept(answer)));
                      }
                    }));
  }

  private void settle(SimulatedClient client, int connection, boolean[] settled, Runnable what) {
    if (client.isPaused()) {
      later(client.pausedUntil - now() + 1, () -> settle(client, connection, settled, what));
    } else if (!settled[0] && client.connection == connection) {
      settled[0] = true;
      what.run();
    }
  }

  /** Commits are held up more often: they are what a late arrival does harm with. */
  private long delay(int channel) {
    int percent = channel == SimulatedClient.OFFSETS ? 12 : 2;
    return chaos && random.nextInt(100) < percent ? random.nextInt(10_000) : random.nextInt(60);
  }

  private boolean isLost() {
    return chaos && random.nextInt(100) < 3;
  }
}
