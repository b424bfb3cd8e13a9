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
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/** An eager consumer of the classic protocol: gives up everything before it joins again. */
final class SimulatedClassicClient extends SimulatedClient {
  private enum Phase {
    OUT,
    SYNCING,
    STABLE
  }

  private final int version;
  private Phase phase = Phase.OUT;
  private List<JoinGroupResponseMember> members = List.of();
  private long nextHeartbeat;

  SimulatedClassicClient(SimulatedWorld world, String name) {
    super(world, name, SimulatedWorld.CLASSIC_GROUP);
    this.version = world.random.nextBoolean() ? 3 : 9;
  }

  @Override
  void forget() {
    super.forget();
    phase = Phase.OUT;
  }

  @Override
  boolean isValid() {
    return world.shard().group(group) instanceof ClassicGroup known
        && known.checkMember(memberId, null) == ErrorCode.NONE
        && known.generation == epoch;
  }

  @Override
  void leave() {
    String leaving = memberId;
    world.call(
        this,
        MEMBERSHIP,
        () ->
            world.groups.leaveGroup(
                (short) 5,
                LeaveGroupRequest.builder()
                    .groupId(group)
                    .members(List.of(new MemberIdentity(leaving, null, "simulated")))
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
    own(Set.of());
    JoinGroupRequest request =
        JoinGroupRequest.builder()
            .groupId(group)
            .memberId(memberId)
            .sessionTimeoutMs(SimulatedWorld.SESSION)
            .rebalanceTimeoutMs(8_000)
            .protocolType("consumer")
            .protocols(
                List.of(
                    new JoinGroupRequestProtocol(
                        "range", GroupFixture.subscription(SimulatedWorld.TOPIC_NAME))))
            .build();
    world.call(
        this,
        MEMBERSHIP,
        () -> world.groups.joinGroup(new GroupClient((short) version, name, "/sim"), request),
        this::onJoin,
        () -> busy = false);
  }

  private void onJoin(JoinGroupResponse answer) {
    busy = false;
    ErrorCode error = ErrorCode.forCode(answer.errorCode());
    if (error == ErrorCode.NONE) {
      memberId = answer.memberId();
      epoch = answer.generationId();
      members = answer.members();
      phase = Phase.SYNCING;
    } else if (error == ErrorCode.MEMBER_ID_REQUIRED) {
      memberId = answer.memberId();
    } else if (error == ErrorCode.UNKNOWN_MEMBER_ID) {
      forget();
    }
  }

  private void sync() {
    busy = true;
    List<SyncGroupRequestAssignment> parts = new ArrayList<>();
    for (int i = 0; i < members.size(); i++) {
      ByteBuffer part = ByteBuffer.allocate(SimulatedWorld.PARTITIONS);
      for (int partition = i; partition < SimulatedWorld.PARTITIONS; partition += members.size()) {
        part.put((byte) partition);
      }
      parts.add(new SyncGroupRequestAssignment(members.get(i).memberId(), part.flip()));
    }
    SyncGroupRequest request =
        SyncGroupRequest.builder()
            .groupId(group)
            .memberId(memberId)
            .generationId(epoch)
            .assignments(parts)
            .build();
    world.call(
        this, MEMBERSHIP, () -> world.groups.syncGroup(request), this::onSync, () -> busy = false);
  }

  private void onSync(SyncGroupResponse answer) {
    busy = false;
    switch (ErrorCode.forCode(answer.errorCode())) {
      case NONE -> {
        Set<Integer> mine = new TreeSet<>();
        ByteBuffer bytes = answer.assignment().duplicate();
        while (bytes.hasRemaining()) {
          mine.add((int) bytes.get());
        }
        own(mine);
        phase = Phase.STABLE;
      }
      case REBALANCE_IN_PROGRESS -> phase = Phase.OUT;
      case UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION -> forget();
      default -> {}
    }
  }

  private void heartbeat() {
    busy = true;
    nextHeartbeat = world.now() + 1_000;
    HeartbeatRequest request = new HeartbeatRequest(group, epoch, memberId, null);
    world.call(
        this,
        MEMBERSHIP,
        () -> world.groups.heartbeat(request),
        answer -> {
          busy = false;
          switch (ErrorCode.forCode(answer.errorCode())) {
            case REBALANCE_IN_PROGRESS -> phase = Phase.OUT;
            case UNKNOWN_MEMBER_ID, ILLEGAL_GENERATION -> forget();
            default -> {}
          }
        },
        () -> busy = false);
  }
}
