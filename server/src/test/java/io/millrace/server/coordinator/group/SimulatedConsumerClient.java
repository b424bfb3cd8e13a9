package io.millrace.server.coordinator.group;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.message.ConsumerGroupHeartbeatResponse;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A consumer of the new protocol, which takes its time to give partitions up. */
final class SimulatedConsumerClient extends SimulatedClient {
  private long nextHeartbeat;
  private boolean mustTellAll;
  private @Nullable Set<Integer> told;

  SimulatedConsumerClient(SimulatedWorld world, String name, String group, boolean isStatic) {
    super(world, name, group, isStatic);
    forget();
  }

  @Override
  void forget() {
    super.forget();
    memberId = name + "-" + world.incarnations++;
    epoch = 0;
    told = null;
  }

  @Override
  boolean isValid() {
    return epoch > 0
        && world.shard().group(group) instanceof ConsumerGroup known
        && known.members().containsKey(memberId)
        && known.current(memberId).epoch() == epoch;
  }

  @Override
  void leave() {
    String leaving = memberId;
    boolean comesBack = isStatic() && world.random.nextInt(4) > 0;
    GroupClient client = client(1, MEMBERSHIP);
    world.call(
        this,
        MEMBERSHIP,
        () ->
            world.groups.consumerGroupHeartbeat(
                client,
                ConsumerGroupHeartbeatRequest.builder()
                    .groupId(group)
                    .memberId(leaving)
                    .instanceId(instanceId)
                    .memberEpoch(comesBack ? ConsumerGroups.LEAVE_STATIC : ConsumerGroups.LEAVE)
                    .build()),
        answer -> {},
        () -> {});
    forget();
  }

  @Override
  void tickMembership() {
    if (told != null && world.random.nextInt(100) < 60) { // gives up, then takes
      own(told);
      told = null;
      mustTellAll = true;
      nextHeartbeat = 0;
    }
    if (world.now() >= nextHeartbeat) {
      heartbeat();
    }
  }

  private void heartbeat() {
    busy = true;
    nextHeartbeat = world.now() + 1_000;
    ConsumerGroupHeartbeatRequest.Builder request =
        ConsumerGroupHeartbeatRequest.builder()
            .groupId(group)
            .memberId(memberId)
            .instanceId(instanceId)
            .memberEpoch(epoch);
    if (epoch == 0 || mustTellAll || world.random.nextInt(10) == 0) {
      request
          .rebalanceTimeoutMs(8_000)
          .subscribedTopicNames(List.of(SimulatedWorld.TOPIC_NAME))
          .topicPartitions(
              GroupFixture.wire(
                  PartitionSet.of(SimulatedWorld.TOPIC, owned.toArray(Integer[]::new))));
      mustTellAll = false;
    }
    ConsumerGroupHeartbeatRequest sent = request.build();
    GroupClient client = client(1, MEMBERSHIP);
    world.call(
        this,
        MEMBERSHIP,
        () -> world.groups.consumerGroupHeartbeat(client, sent),
        answer -> onAnswer(sent, answer),
        () -> {
          busy = false;
          mustTellAll = true;
        });
  }

  private void onAnswer(ConsumerGroupHeartbeatRequest sent, ConsumerGroupHeartbeatResponse answer) {
    busy = false;
    if (!sent.memberId().equals(memberId)) {
      return; // it has left meanwhile
    }
    switch (ErrorCode.forCode(answer.errorCode())) {
      case NONE -> {
        epoch = answer.memberEpoch();
        PartitionSet assigned = GroupFixture.assigned(answer);
        if (assigned != null) {
          told = assigned.of(SimulatedWorld.TOPIC);
        }
      }
      case FENCED_MEMBER_EPOCH, FENCED_INSTANCE_ID, UNKNOWN_MEMBER_ID, GROUP_ID_NOT_FOUND ->
          forget();
      default -> mustTellAll = true;
    }
  }
}
