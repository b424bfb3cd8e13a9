package io.millrace.server.coordinator.group;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.HeartbeatRequest;
import io.millrace.protocol.message.JoinGroupRequest;
import io.millrace.protocol.message.JoinGroupRequest.JoinGroupRequestProtocol;
import io.millrace.protocol.message.JoinGroupResponse;
import io.millrace.protocol.message.JoinGroupResponse.JoinGroupResponseMember;
import io.millrace.protocol.message.LeaveGroupRequest;
import io.millrace.protocol.message.LeaveGroupRequest.MemberIdentity;
import io.millrace.protocol.message.SyncGroupRequest;
import io.millrace.protocol.message.SyncGroupRequest.SyncGroupRequestAssignment;
import io.millrace.protocol.message.SyncGroupResponse;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A consumer of the classic protocol. An eager one gives up everything before it joins again; a
 * cooperative one says what it has, and joins once more when it had to give something up.
 */
final class SimulatedClassicClient extends SimulatedClient {
  private enum Phase {
    OUT,
    SYNCING,
    STABLE
  }

  private static final int HEARTBEAT_INTERVAL = 1_000;

  private final int version;
  private final boolean cooperative;

  /** How long it leaves a heartbeat without an answer; 0 when it is not known to do so. */
  private final int patienceMs;

  /** Sends the next heartbeat before the last is answered, and does other things meanwhile. */
  private final boolean heartbeatsBeside;

  private @Nullable HeartbeatRequest lastHeartbeat;
  private Phase phase = Phase.OUT;
  private List<JoinGroupResponseMember> members = List.of();
  private long nextHeartbeat;

  /** Counts its memberships: what an earlier one asked is not answered to a later one. */
  private int lives;

  SimulatedClassicClient(SimulatedWorld world, String name, String group, boolean isStatic) {
    super(world, name, group, isStatic);
    this.cooperative = world.cooperative;
    this.version = world.random.nextBoolean() && !isStatic ? 3 : 9;
    this.patienceMs = world.random.nextInt(3) * 900;
    this.heartbeatsBeside = patienceMs > HEARTBEAT_INTERVAL;
  }

  @Override
  int patienceMs() {
    return patienceMs;
  }

  @Override
  void disconnect(int channel) {
    super.disconnect(channel);
    if (channel == MEMBERSHIP) {
      lastHeartbeat = null; // what comes by the next connection does not wait behind it
    }
  }

  @Override
  void forget() {
    super.forget();
    phase = Phase.OUT;
    lives++;
  }

  @Override
  boolean isValid() {
    Group now = world.shard().group(group);
    if (now instanceof ConsumerGroup mixed) {
      return mixed.isClassic(memberId) && mixed.current(memberId).epoch() == epoch;
    }
    return now instanceof ClassicGroup known
        && known.checkMember(memberId, instanceId) == ErrorCode.NONE
        && known.generation == epoch;
  }

  @Override
  void leave() {
    if (isStatic() && world.random.nextInt(4) > 0) { // closes without a word
      forget();
      return;
    }
    String leaving = memberId;
    ask(
        () ->
            world.groups.leaveGroup(
                (short) 5,
                LeaveGroupRequest.builder()
                    .groupId(group)
                    .members(List.of(new MemberIdentity(leaving, instanceId, "simulated")))
                    .build()),
        answer -> {},
        () -> {});
    forget();
  }

  @Override
  void tickMembership() {
    switch (phase) {
      case OUT -> join();
      case SYNCING -> sync();
      case STABLE -> {
        if (world.now() >= nextHeartbeat) {
          heartbeat();
        }
      }
    }
  }

  private void join() {
    busy = true;
    if (!cooperative) {
      own(Set.of());
    }
    JoinGroupRequest request =
        JoinGroupRequest.builder()
            .groupId(group)
            .memberId(memberId)
            .groupInstanceId(instanceId)
            .sessionTimeoutMs(SimulatedWorld.SESSION)
            .rebalanceTimeoutMs(8_000)
            .protocolType("consumer")
            .protocols(
                List.of(
                    new JoinGroupRequestProtocol(
                        cooperative ? "cooperative-sticky" : "range", subscription())))
            .build();
    GroupClient client = client(version, MEMBERSHIP);
    int life = lives;
    ask(
        () -> world.groups.joinGroup(client, request),
        answer -> onJoin(answer, life),
        () -> busy = false);
  }

  private void onJoin(JoinGroupResponse answer, int life) {
    busy = false;
    if (life != lives) {
      return; // it has left meanwhile
    }
    ErrorCode error = ErrorCode.forCode(answer.errorCode());
    if (error == ErrorCode.NONE) {
      memberId = answer.memberId();
      epoch = answer.generationId();
      members = answer.members();
      phase = Phase.SYNCING;
    } else if (error == ErrorCode.MEMBER_ID_REQUIRED) {
      memberId = answer.memberId();
    } else if (error == ErrorCode.UNKNOWN_MEMBER_ID || error == ErrorCode.FENCED_INSTANCE_ID) {
      forget();
    }
  }

  private ByteBuffer subscription() {
    return new RecordBytes()
        .putShort(1)
        .putList(List.of(SimulatedWorld.TOPIC_NAME), (out, topic) -> out.putString(topic, false))
        .putInt(-1)
        .putList(
            owned.isEmpty() ? List.<Set<Integer>>of() : List.of(owned),
            (out, partitions) ->
                out.putString(SimulatedWorld.TOPIC_NAME, false)
                    .putList(List.copyOf(partitions), RecordBytes::putInt))
        .done();
  }

  /** What the leader makes of the members: a partition goes on only when nobody else has it. */
  private List<SyncGroupRequestAssignment> assignments() {
    Map<Integer, String> owners = new HashMap<>();
    for (JoinGroupResponseMember member : members) {
      ConsumerProtocol.partitions(
              Objects.requireNonNull(ConsumerProtocol.subscription(member.metadata())).owned(),
              world.image)
          .of(SimulatedWorld.TOPIC)
          .forEach(partition -> owners.put(partition, member.memberId()));
    }
    List<SyncGroupRequestAssignment> parts = new ArrayList<>();
    for (int i = 0; i < members.size(); i++) {
      String member = members.get(i).memberId();
      Set<Integer> part = new TreeSet<>();
      for (int partition = i; partition < SimulatedWorld.PARTITIONS; partition += members.size()) {
        if (owners.getOrDefault(partition, member).equals(member)) {
          part.add(partition);
        }
      }
      parts.add(
          new SyncGroupRequestAssignment(
              member,
              ConsumerProtocol.assignment(
                  (short) 1, PartitionSet.of(Map.of(SimulatedWorld.TOPIC, part)), world.image)));
    }
    return parts;
  }

  private void sync() {
    busy = true;
    SyncGroupRequest request =
        SyncGroupRequest.builder()
            .groupId(group)
            .memberId(memberId)
            .groupInstanceId(instanceId)
            .generationId(epoch)
            .assignments(assignments())
            .build();
    GroupClient client = client(version, MEMBERSHIP);
    int life = lives;
    ask(
        () -> world.groups.syncGroup(client, request),
        answer -> onSync(answer, life),
        () -> busy = false);
  }

  private void onSync(SyncGroupResponse answer, int life) {
    busy = false;
    if (life != lives) {
      return; // it has left meanwhile
    }
    switch (ErrorCode.forCode(answer.errorCode())) {
      case NONE -> {
        PartitionSet mine =
            Objects.requireNonNull(ConsumerProtocol.assignment(answer.assignment(), world.image));
        boolean gaveUp = !mine.of(SimulatedWorld.TOPIC).containsAll(owned);
        own(mine.of(SimulatedWorld.TOPIC));
        phase = cooperative && gaveUp ? Phase.OUT : Phase.STABLE;
      }
      case REBALANCE_IN_PROGRESS -> phase = Phase.OUT;
      case UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, FENCED_INSTANCE_ID -> forget();
      default -> {}
    }
  }

  private void heartbeat() {
    busy = !heartbeatsBeside;
    nextHeartbeat = world.now() + HEARTBEAT_INTERVAL;
    int asEpoch = epoch;
    HeartbeatRequest request = new HeartbeatRequest(group, epoch, memberId, instanceId);
    GroupClient client = client(version, MEMBERSHIP);
    ask(
        () -> {
          lastHeartbeat = request;
          return world.groups.heartbeat(client, request);
        },
        answer -> {
          busy = heartbeatsBeside && busy;
          if (epoch == asEpoch && phase == Phase.STABLE) {
            switch (ErrorCode.forCode(answer.errorCode())) {
              case REBALANCE_IN_PROGRESS -> phase = Phase.OUT;
              case UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION, FENCED_INSTANCE_ID -> forget();
              case COORDINATOR_LOAD_IN_PROGRESS -> nextHeartbeat = world.now() + 100;
              default -> {}
            }
          }
        },
        () -> busy = heartbeatsBeside && busy);
  }

  /** By the connection for the membership: whatever arrives lets go of a heartbeat before it. */
  private <T> void ask(
      Supplier<CompletableFuture<T>> request, Consumer<T> onAnswer, Runnable onTimeout) {
    world.call(
        this,
        MEMBERSHIP,
        () -> {
          if (lastHeartbeat != null) {
            world.groups.letHeartbeatGo(
                lastHeartbeat,
                heartbeatsBeside ? HeartbeatRelease.ASK_AGAIN : HeartbeatRelease.FOR_NOW);
            lastHeartbeat = null;
          }
          return request.get();
        },
        onAnswer,
        onTimeout);
  }
}
