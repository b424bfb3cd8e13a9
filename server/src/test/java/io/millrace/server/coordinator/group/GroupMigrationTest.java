package io.millrace.server.coordinator.group;

import static io.millrace.server.coordinator.group.GroupFixture.GROUP;
import static io.millrace.server.coordinator.group.GroupFixture.ORDERS;
import static io.millrace.server.coordinator.group.GroupFixture.assigned;
import static io.millrace.server.coordinator.group.GroupFixture.first;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ConsumerGroupDescribeRequest;
import io.millrace.protocol.message.ConsumerGroupDescribeResponse;
import io.millrace.protocol.message.ConsumerGroupHeartbeatResponse;
import io.millrace.protocol.message.JoinGroupRequest;
import io.millrace.protocol.message.JoinGroupRequest.JoinGroupRequestProtocol;
import io.millrace.protocol.message.JoinGroupResponse;
import io.millrace.protocol.message.SyncGroupRequest;
import io.millrace.protocol.message.SyncGroupRequest.SyncGroupRequestAssignment;
import io.millrace.protocol.message.SyncGroupResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Groups whose members change from one protocol to the other while the group goes on (KIP-848). */
class GroupMigrationTest {
  private static final PartitionSet ALL = PartitionSet.of(ORDERS, 0, 1, 2, 3, 4, 5);
  private final GroupFixture fixture = new GroupFixture();

  // ---- words

  private static ByteBuffer subscription(PartitionSet owned) {
    return new RecordBytes()
        .putShort(1)
        .putList(List.of("orders"), (out, topic) -> out.putString(topic, false))
        .putInt(-1)
        .putList(
            owned.isEmpty() ? List.of() : List.of(owned.of(ORDERS)),
            (out, partitions) ->
                out.putString("orders", false)
                    .putList(List.copyOf(partitions), RecordBytes::putInt))
        .done();
  }

  private static JoinGroupRequest.Builder joining(String memberId, PartitionSet owned) {
    return GroupFixture.joining(memberId)
        .protocols(List.of(new JoinGroupRequestProtocol("sticky", subscription(owned))));
  }

  private JoinGroupResponse joined(String memberId, PartitionSet owned) {
    return fixture.now(fixture.join(9, joining(memberId, owned).build()));
  }

  private SyncGroupResponse sync(String memberId, int generation, PartitionSet... parts) {
    return fixture.now(
        fixture.groups.syncGroup(
            GroupFixture.client(5),
            SyncGroupRequest.builder()
                .groupId(GROUP)
                .memberId(memberId)
                .generationId(generation)
                .protocolType("consumer")
                .protocolName("sticky")
                .assignments(
                    List.of(parts).stream()
                        .map(
                            part ->
                                new SyncGroupRequestAssignment(
                                    memberId,
                                    ConsumerProtocol.assignment((short) 1, part, fixture.image)))
                        .toList())
                .build()));
  }

  private PartitionSet synced(String memberId, int generation) {
    SyncGroupResponse answer = sync(memberId, generation);
    assertThat(ErrorCode.forCode(answer.errorCode())).isEqualTo(ErrorCode.NONE);
    assertThat(answer.protocolName()).isEqualTo("sticky");
    return Objects.requireNonNull(ConsumerProtocol.assignment(answer.assignment(), fixture.image));
  }

  /** A stable classic group of one cooperative member that owns everything. */
  private String classicOwner() {
    String id = joined("", PartitionSet.EMPTY).memberId();
    assertThat(joined(id, PartitionSet.EMPTY).generationId()).isEqualTo(1);
    assertThat(sync(id, 1, ALL).errorCode()).isZero();
    return id;
  }

  private ConsumerGroupDescribeResponse.DescribedGroup described() {
    return fixture
        .now(
            fixture.groups.describeConsumerGroups(
                new ConsumerGroupDescribeRequest(List.of(GROUP), false)))
        .groups()
        .get(0);
  }

  private Group group() {
    return Objects.requireNonNull(
        Objects.requireNonNull(fixture.shard).group(GROUP), "the group is gone");
  }

  // ---- up

  @Test
  void classicMember_keepsReadingWhileTheGroupIsUpgraded() {
    String old = classicOwner();
    ConsumerGroupHeartbeatResponse fresh = fixture.beat(first("new").build());
    assertThat(fresh.memberEpoch()).isEqualTo(2);
    assertThat(assigned(fresh)).isEqualTo(PartitionSet.EMPTY);
    assertThat(group().typeName()).isEqualTo("consumer");
    assertThat(fixture.commit(7, old, 1, 0, 10)).isZero();
    assertThat(fixture.heartbeat(old, 1)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());

    // It joins with what it has, learns what it keeps, gives the rest up, and joins again.
    JoinGroupResponse first = joined(old, ALL);
    assertThat(first.generationId()).isEqualTo(1);
    assertThat(first.leader()).isEmpty();
    PartitionSet kept = synced(old, 1);
    assertThat(kept.size()).isEqualTo(3);
    assertThat(assigned(fixture.beat("new", 2, PartitionSet.EMPTY))).isNull();
    assertThat(fixture.heartbeat(old, 1)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());
    assertThat(joined(old, kept).generationId()).isEqualTo(2);
    assertThat(synced(old, 2)).isEqualTo(kept);
    assertThat(fixture.heartbeat(old, 2)).isZero();
    assertThat(assigned(fixture.beat("new", 2, PartitionSet.EMPTY))).isEqualTo(ALL.minus(kept));

    assertThat(fixture.commit(7, old, 1, 0, 11)).isEqualTo(ErrorCode.ILLEGAL_GENERATION.code());
    assertThat(fixture.commit(7, old, 2, 0, 11)).isZero();
    assertThat(described().members())
        .extracting(ConsumerGroupDescribeResponse.Member::memberType)
        .containsExactlyInAnyOrder((byte) 0, (byte) 1);
  }

  @Test
  void eagerMember_givesUpByJoiningAndGetsItsPartAtOnce() {
    String old = classicOwner();
    fixture.beat(first("new").build());
    assertThat(joined(old, PartitionSet.EMPTY).generationId()).isEqualTo(2);
    assertThat(synced(old, 2).size()).isEqualTo(3);
    assertThat(Objects.requireNonNull(assigned(fixture.beat("new", 2, null))).size()).isEqualTo(3);
  }

  @Test
  void upgradedGroup_survivesTheCoordinator() {
    String old = classicOwner();
    fixture.beat(first("new").build());
    fixture.failOver();
    assertThat(fixture.heartbeat(old, 1)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());
    PartitionSet kept = ALL.minus(synced(old, joined(old, ALL).generationId()));
    assertThat(kept.size()).isEqualTo(3);
  }

  @Test
  void membersThatWait_areToldToAskAgain() {
    String old = classicOwner();
    CompletableFuture<JoinGroupResponse> waiting =
        fixture.join(3, joining("", PartitionSet.EMPTY).build());
    assertThat(waiting).isNotDone();
    fixture.beat(first("new").build());
    JoinGroupResponse answer = fixture.now(waiting);
    assertThat(answer.errorCode()).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());
    assertThat(joined(answer.memberId(), PartitionSet.EMPTY).errorCode()).isZero();
    assertThat(joined(old, PartitionSet.EMPTY).errorCode()).isZero();
  }

  @Test
  void classicMember_mayComeToAConsumerGroup() {
    fixture.beat(first("new").build());
    JoinGroupResponse asked = joined("", PartitionSet.EMPTY);
    assertThat(asked.errorCode()).isEqualTo(ErrorCode.MEMBER_ID_REQUIRED.code());
    JoinGroupResponse taken = joined(asked.memberId(), PartitionSet.EMPTY);
    assertThat(taken.generationId()).isEqualTo(2);
    assertThat(synced(taken.memberId(), 2)).isEqualTo(PartitionSet.EMPTY);
    assertThat(fixture.heartbeat(taken.memberId(), 2)).isZero();

    PartitionSet kept = Objects.requireNonNull(assigned(fixture.beat("new", 1, ALL)));
    fixture.beat("new", 1, kept);
    assertThat(fixture.heartbeat(taken.memberId(), 2))
        .isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());
    assertThat(joined(taken.memberId(), PartitionSet.EMPTY).generationId()).isEqualTo(2);
    assertThat(synced(taken.memberId(), 2)).isEqualTo(ALL.minus(kept));
  }

  @Test
  void memberThatDoesNotJoinAgain_isPutOut() {
    String old = classicOwner();
    fixture.beat(first("new").build());
    for (int i = 0; i < 7; i++) {
      fixture.heartbeat(old, 1);
      fixture.beat("new", 2, null);
      fixture.loop.advance(5_000);
    }
    assertThat(fixture.heartbeat(old, 1)).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
    assertThat(((ConsumerGroup) group()).current("new").assigned()).isEqualTo(ALL);
  }

  @Test
  void memberThatDoesNotSync_isPutOut() {
    String old = classicOwner();
    fixture.beat(first("new").build());
    joined(old, PartitionSet.EMPTY);
    for (int i = 0; i < 7; i++) {
      fixture.beat("new", 2, null);
      fixture.heartbeat(old, 2);
      fixture.loop.advance(5_000);
    }
    assertThat(fixture.heartbeat(old, 2)).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
  }

  @Test
  void silentClassicMember_isPutOutAfterItsOwnSessionTimeout() {
    String old = classicOwner();
    fixture.beat(first("new").build());
    fixture.loop.advance(GroupFixture.SESSION + 1);
    assertThat(fixture.heartbeat(old, 1)).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
    assertThat(assigned(fixture.beat("new", 2, null))).isEqualTo(ALL);
  }

  @Test
  void staticMember_changesItsProtocolAndKeepsItsPartitions() {
    JoinGroupResponse old =
        fixture.now(fixture.join(9, joining("", PartitionSet.EMPTY).groupInstanceId("i").build()));
    fixture.now(
        fixture.groups.syncGroup(
            GroupFixture.client(5),
            SyncGroupRequest.builder()
                .groupId(GROUP)
                .memberId(old.memberId())
                .groupInstanceId("i")
                .generationId(1)
                .assignments(
                    List.of(
                        new SyncGroupRequestAssignment(
                            old.memberId(),
                            ConsumerProtocol.assignment((short) 1, ALL, fixture.image))))
                .build()));
    ConsumerGroupHeartbeatResponse fresh = fixture.beat(first("new").instanceId("i").build());
    assertThat(fresh.errorCode()).isZero();
    assertThat(assigned(fresh)).isEqualTo(ALL);
    assertThat(fixture.heartbeat(old.memberId(), 1)).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
  }

  // ---- down

  @Test
  void lastConsumerMember_leavesAClassicGroupThatGoesOn() {
    String old = classicOwner();
    fixture.beat(first("new").build());
    joined(old, PartitionSet.EMPTY);
    synced(old, 2);
    fixture.commit(9, old, 2, 1, 77);
    fixture.beat(first("new").memberEpoch(ConsumerGroups.LEAVE).build());
    assertThat(group().typeName()).isEqualTo("classic");
    assertThat(group().stateName()).isEqualTo("PreparingRebalance");
    assertThat(fixture.commit(9, old, 2, 1, 78)).isZero();
    assertThat(fixture.heartbeat(old, 2)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());

    JoinGroupResponse again = joined(old, PartitionSet.EMPTY);
    assertThat(again.generationId()).isEqualTo(3);
    assertThat(again.leader()).isEqualTo(old);
    assertThat(sync(old, 3, ALL).errorCode()).isZero();
    assertThat(fixture.fetch(1)).isEqualTo(78);
    fixture.failOver();
    assertThat(group().stateName()).isEqualTo("Stable");
    assertThat(fixture.heartbeat(old, 3)).isZero();
  }

  @Test
  void silenceOfTheLastConsumerMember_makesTheGroupClassic() {
    String old = classicOwner();
    fixture.beat(first("new").build());
    joined(old, PartitionSet.EMPTY);
    synced(old, 2);
    for (int i = 0; i < 10; i++) {
      fixture.heartbeat(old, 2);
      fixture.loop.advance(5_000);
    }
    assertThat(group().typeName()).isEqualTo("classic");
  }

  @Test
  void coordinatorThatLoadsADowngradedGroup_formsAGeneration() {
    String old = classicOwner();
    fixture.beat(first("new").build());
    joined(old, PartitionSet.EMPTY);
    synced(old, 2);
    fixture.beat(first("new").memberEpoch(ConsumerGroups.LEAVE).build());
    fixture.failOver();
    assertThat(group().stateName()).isEqualTo("PreparingRebalance");
    assertThat(fixture.heartbeat(old, 2)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());
    assertThat(joined(old, PartitionSet.EMPTY).generationId()).isEqualTo(3);
  }

  // ---- policy

  @ParameterizedTest
  @EnumSource(MigrationPolicy.class)
  void policy_saysWhichWay(MigrationPolicy policy) {
    GroupFixture fixture = new GroupFixture(withPolicy(policy));
    String old = fixture.stableGroupOfOne();
    short error = fixture.beat(first("new").build()).errorCode();
    if (policy == MigrationPolicy.DISABLED || policy == MigrationPolicy.DOWNGRADE) {
      assertThat(ErrorCode.forCode(error)).isEqualTo(ErrorCode.GROUP_ID_NOT_FOUND);
      assertThat(fixture.heartbeat(old, 1)).isZero();
      return;
    }
    assertThat(error).isZero();
    fixture.beat(first("new").memberEpoch(ConsumerGroups.LEAVE).build());
    assertThat(Objects.requireNonNull(fixture.shard).group(GROUP))
        .isInstanceOf(policy == MigrationPolicy.UPGRADE ? ConsumerGroup.class : ClassicGroup.class);
  }

  private static GroupConfig withPolicy(MigrationPolicy policy) {
    return GroupConfigs.with("migrationPolicy", policy);
  }

  @Test
  void groupThatIsNotOfConsumers_staysWhatItIs() {
    JoinGroupRequest connect =
        GroupFixture.joining("")
            .protocolType("connect")
            .protocols(List.of(new JoinGroupRequestProtocol("default", GroupFixture.bytes("url"))))
            .build();
    JoinGroupResponse worker = fixture.now(fixture.join(3, connect));
    assertThat(worker.errorCode()).isZero();
    assertThat(fixture.beat(first("new").build()).errorCode())
        .isEqualTo(ErrorCode.GROUP_ID_NOT_FOUND.code());
    assertThat(group().typeName()).isEqualTo("classic");
    GroupFixture consumers = new GroupFixture();
    consumers.beat(first("new").build());
    assertThat(consumers.now(consumers.join(3, connect)).errorCode())
        .isEqualTo(ErrorCode.INCONSISTENT_GROUP_PROTOCOL.code());
  }

  @Test
  void subscriptionThatIsNone_isRefusedInAConsumerGroup() {
    fixture.beat(first("new").build());
    for (byte[] nonsense :
        List.of(
            new byte[0], new byte[] {0}, new byte[] {0, 0, 127, 1, 1, 1}, new byte[] {-1, -1})) {
      JoinGroupRequest request =
          GroupFixture.joining("m")
              .protocols(List.of(new JoinGroupRequestProtocol("sticky", ByteBuffer.wrap(nonsense))))
              .build();
      assertThat(fixture.now(fixture.join(9, request)).errorCode())
          .isEqualTo(ErrorCode.INCONSISTENT_GROUP_PROTOCOL.code());
    }
  }
}
