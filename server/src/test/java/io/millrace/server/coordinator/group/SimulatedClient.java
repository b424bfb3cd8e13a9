package io.millrace.server.coordinator.group;

import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.OffsetCommitRequest;
import io.millrace.protocol.message.OffsetCommitRequest.OffsetCommitRequestPartition;
import io.millrace.protocol.message.OffsetCommitRequest.OffsetCommitRequestTopic;
import io.millrace.protocol.message.OffsetFetchRequest;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestGroup;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestTopics;
import io.millrace.protocol.message.OffsetFetchResponse.OffsetFetchResponsePartitions;
import io.millrace.protocol.message.OffsetFetchResponse.OffsetFetchResponseTopics;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What members of both protocols do: read from where the group stands, commit, fall over. */
abstract class SimulatedClient {
  static final int MEMBERSHIP = 0;
  static final int OFFSETS = 1;
  private static final int NOTHING = -1;

  /** A request, and what to do when its answer will not come. */
  record Call(boolean[] settled, Runnable giveUp) {}

  final SimulatedWorld world;
  final String name;
  final String group;

  /** The name that it keeps when its process starts again, null for none. */
  final @Nullable String instanceId;

  String memberId = "";

  /** Generation or member epoch. */
  int epoch = -1;

  Set<Integer> owned = new TreeSet<>();
  final Map<Integer, Long> positions = new HashMap<>();

  boolean busy;
  long pausedUntil;
  int connection;
  long[] lastArrivals = new long[2];

  /** As the coordinator knows them. */
  final long[] connections;

  /** What to do about the requests under way by each connection when it breaks. */
  final List<List<Call>> underWay = List.of(new ArrayList<>(), new ArrayList<>());

  private int ownership;
  private boolean readerBusy;

  /** What was acknowledged to it: partition to offset. */
  final Map<Integer, Long> acknowledged;

  SimulatedClient(SimulatedWorld world, String name, String group, boolean isStatic) {
    this.world = world;
    this.name = name;
    this.group = group;
    this.instanceId = isStatic ? name : null;
    this.acknowledged = new HashMap<>();
    this.connections = new long[] {++world.connections, ++world.connections};
  }

  GroupClient client(int version, int channel) {
    return new GroupClient((short) version, name, "/sim", connections[channel], patienceMs());
  }

  /** How long the answer to a heartbeat may be kept back from it. */
  int patienceMs() {
    return 0;
  }

  boolean isStatic() {
    return instanceId != null;
  }

  boolean isPaused() {
    return world.now() < pausedUntil;
  }

  /** Something bad happens to the process. */
  void suffer() {
    switch (world.random.nextInt(6)) {
      case 0 -> pausedUntil = world.now() + world.random.nextInt(3 * SimulatedWorld.SESSION);
      case 1 -> crash();
      case 2 -> leave();
      case 3 -> disconnect(MEMBERSHIP);
      case 4 -> {
        disconnect(MEMBERSHIP);
        disconnect(OFFSETS);
      }
      default -> pausedUntil = world.now() + world.random.nextInt(SimulatedWorld.SESSION);
    }
  }

  /** A new process takes the old one's place; what is on its way stays on its way. */
  void crash() {
    connection++;
    underWay.forEach(List::clear);
    disconnect(MEMBERSHIP);
    disconnect(OFFSETS);
    lastArrivals = new long[2];
    busy = false;
    readerBusy = false;
    forget();
  }

  /**
   * A connection breaks, which the client notices and the coordinator mostly: behind what came by
   * it. Another takes its place. What says who is a member may overtake what came by the old one;
   * an owner's commits keep their order, which no coordinator could restore.
   */
  void disconnect(int channel) {
    if (world.random.nextInt(4) > 0) {
      long gone = connections[channel];
      world.later(
          Math.max(lastArrivals[channel] - world.now(), world.random.nextInt(60)),
          () -> world.groups.onConnectionGone(0, gone));
    }
    connections[channel] = ++world.connections;
    if (channel == MEMBERSHIP) {
      lastArrivals[channel] = 0;
    }
    List<Call> lost = List.copyOf(underWay.get(channel));
    underWay.get(channel).clear();
    lost.forEach(call -> call.giveUp().run());
  }

  void forget() {
    own(Set.of());
    memberId = "";
    epoch = -1;
  }

  abstract void leave();

  abstract void tickMembership();

  /** Whether the coordinator would take a commit of this client now. */
  abstract boolean isValid();

  void tick() {
    if (isPaused()) {
      return;
    }
    if (!busy) {
      tickMembership();
    }
    if (!owned.isEmpty() && !readerBusy) {
      read();
    }
  }

  void own(Set<Integer> partitions) {
    if (!owned.equals(partitions)) {
      ownership++;
      owned = new TreeSet<>(partitions);
      positions.keySet().retainAll(owned);
    }
  }

  private void read() {
    Integer unknown =
        owned.stream()
            .filter(partition -> !positions.containsKey(partition))
            .findFirst()
            .orElse(null);
    if (unknown != null) {
      fetch(unknown);
    } else {
      List<Integer> all = List.copyOf(owned);
      commit(all.get(world.random.nextInt(all.size())));
    }
  }

  private void fetch(int partition) {
    readerBusy = true;
    int asOwner = ownership;
    long known =
        world.clients.stream()
            .mapToLong(c -> c.acknowledgedFor(group, partition))
            .max()
            .orElse(NOTHING);
    @Nullable String asMember = this instanceof SimulatedConsumerClient ? memberId : null;
    int asEpoch = asMember == null ? -1 : epoch;
    world.call(
        this,
        OFFSETS,
        () ->
            world.groups.fetchOffsets(
                (short) 9,
                OffsetFetchRequest.builder()
                    .groups(
                        List.of(
                            new OffsetFetchRequestGroup(
                                group,
                                asMember,
                                asEpoch,
                                List.of(
                                    new OffsetFetchRequestTopics(
                                        SimulatedWorld.TOPIC_NAME,
                                        Uuid.ZERO,
                                        List.of(partition))))))
                    .build()),
        answer -> {
          readerBusy = false;
          List<OffsetFetchResponseTopics> topics = answer.groups().get(0).topics();
          if (answer.groups().get(0).errorCode() == 0 && !topics.isEmpty()) {
            OffsetFetchResponsePartitions fetched = topics.get(0).partitions().get(0);
            if (fetched.committedOffset() < known) {
              throw new AssertionError(
                  "acknowledgedCommitIsNotLost: "
                      + group
                      + "-"
                      + partition
                      + " was acknowledged at "
                      + known
                      + " and is fetched at "
                      + fetched.committedOffset());
            }
            if (fetched.committedOffset() > world.committedOffset(group, partition)) {
              throw new AssertionError(
                  "whatIsReadIsCommitted: "
                      + group
                      + "-"
                      + partition
                      + " is fetched at "
                      + fetched.committedOffset()
                      + " but committed at "
                      + world.committedOffset(group, partition));
            }
            if (asOwner == ownership) {
              positions.put(partition, Math.max(0, fetched.committedOffset()));
            }
          }
        },
        () -> readerBusy = false);
  }

  private void commit(int partition) {
    readerBusy = true;
    long next = positions.getOrDefault(partition, 0L) + 1 + world.random.nextInt(5);
    positions.put(partition, next);
    String asMember = memberId;
    int asEpoch = epoch;
    GroupClient client = client(9, OFFSETS);
    world.call(
        this,
        OFFSETS,
        () ->
            world.groups.commitOffsets(
                client,
                OffsetCommitRequest.builder()
                    .groupId(group)
                    .memberId(asMember)
                    .groupInstanceId(instanceId)
                    .generationIdOrMemberEpoch(asEpoch)
                    .topics(
                        List.of(
                            new OffsetCommitRequestTopic(
                                SimulatedWorld.TOPIC_NAME,
                                Uuid.ZERO,
                                List.of(
                                    new OffsetCommitRequestPartition(partition, next, -1, "")))))
                    .build()),
        answer -> {
          readerBusy = false;
          if (answer.topics().get(0).partitions().get(0).errorCode() == 0) {
            acknowledged.merge(partition, next, Math::max);
          }
        },
        () -> readerBusy = false);
  }

  long acknowledgedFor(String ofGroup, int partition) {
    return group.equals(ofGroup) ? acknowledged.getOrDefault(partition, (long) NOTHING) : NOTHING;
  }

  @Override
  public String toString() {
    return name + "(" + memberId + " epoch=" + epoch + " owned=" + owned + ")";
  }
}
