package io.millrace.server.coordinator.group;

import static io.millrace.server.coordinator.group.GroupFixture.BILLS;
import static io.millrace.server.coordinator.group.GroupFixture.GROUP;
import static io.millrace.server.coordinator.group.GroupFixture.ORDERS;
import static io.millrace.server.coordinator.group.GroupFixture.REBALANCE;
import static io.millrace.server.coordinator.group.GroupFixture.assigned;
import static io.millrace.server.coordinator.group.GroupFixture.first;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.ConsumerGroupDescribeRequest;
import io.millrace.protocol.message.ConsumerGroupDescribeResponse.DescribedGroup;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.message.ConsumerGroupHeartbeatResponse;
import io.millrace.protocol.message.ListGroupsRequest;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class ConsumerGroupTest {
  private static final PartitionSet ALL = PartitionSet.of(ORDERS, 0, 1, 2, 3, 4, 5);

  private final GroupFixture fixture = new GroupFixture();

  // ---- joining

  @Test
  void firstMember_getsEverythingInItsFirstAnswer() {
    ConsumerGroupHeartbeatResponse answer = fixture.beat(first("a").build());
    assertThat(answer.errorCode()).isZero();
    assertThat(answer.memberEpoch()).isEqualTo(1);
    assertThat(answer.heartbeatIntervalMs()).isEqualTo(1_000);
    assertThat(assigned(answer)).isEqualTo(ALL);
    assertThat(fixture.state()).isEqualTo("Stable");
  }

  @Test
  void memberWithoutId_getsOne() {
    ConsumerGroupHeartbeatResponse answer = fixture.beat(first("").build());
    assertThat(answer.memberId()).hasSize(22);
    assertThat(fixture.beat(Objects.requireNonNull(answer.memberId()), 1, ALL).errorCode())
        .isZero();
  }

  @Test
  void secondMember_waitsUntilTheFirstHasLetGo() {
    fixture.beat(first("a").build());
    ConsumerGroupHeartbeatResponse b = fixture.beat(first("b").build());
    assertThat(b.memberEpoch()).isEqualTo(2);
    assertThat(assigned(b)).isEqualTo(PartitionSet.EMPTY);

    ConsumerGroupHeartbeatResponse revoke = fixture.beat("a", 1, null);
    PartitionSet kept = Objects.requireNonNull(assigned(revoke));
    assertThat(revoke.memberEpoch()).isEqualTo(1); // it has to let go first
    assertThat(kept.size()).isEqualTo(3);
    assertThat(assigned(fixture.beat("b", 2, null))).isNull(); // nothing is free yet
    assertThat(assigned(fixture.beat("a", 1, ALL))).isNull(); // still not
    assertThat(fixture.state()).isEqualTo("Reconciling");

    assertThat(fixture.beat("a", 1, kept).memberEpoch()).isEqualTo(2);
    PartitionSet rest = assigned(fixture.beat("b", 2, null));
    assertThat(rest).isEqualTo(ALL.minus(kept));
    assertThat(fixture.state()).isEqualTo("Stable");
  }

  @Test
  void partitionThatIsGivenUp_isFreeWhenTheEpochMovesOn() {
    fixture.beat(first("a").build());
    fixture.beat(first("b").build());
    PartitionSet three = Objects.requireNonNull(assigned(fixture.beat("a", 1, null)));
    fixture.beat(first("c").build());
    ConsumerGroupHeartbeatResponse more = fixture.beat("a", 1, three); // now even less
    PartitionSet two = Objects.requireNonNull(assigned(more));
    assertThat(two.size()).isEqualTo(2);
    assertThat(more.memberEpoch()).isEqualTo(1);

    // In epoch 1 it may still commit for what it gave up first: nobody gets that yet.
    fixture.beat("b", 2, null);
    assertThat(assigned(fixture.beat("b", 3, null))).isNull();
    assertThat(fixture.beat("a", 1, two).memberEpoch()).isEqualTo(3);
    assertThat(Objects.requireNonNull(assigned(fixture.beat("b", 3, null))).size()).isEqualTo(2);
  }

  @Test
  void heartbeatByAConnectionThatTheMemberHasReplaced_changesNothing() {
    fixture.connection = 1;
    fixture.beat(first("a").build());
    fixture.connection = 2;
    fixture.beat(first("b").build());
    PartitionSet kept = Objects.requireNonNull(assigned(fixture.beat("a", 1, null)));
    fixture.connection = 1;
    assertThat(fixture.beat("a", 1, kept).errorCode())
        .isEqualTo(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS.code());
    assertThat(assigned(fixture.beat("b", 2, null))).isNull();
  }

  @Test
  void memberThatWaitsForOthers_isAskedToComeBackSoon() {
    fixture.beat(first("a").build());
    assertThat(fixture.beat(first("b").build()).heartbeatIntervalMs()).isEqualTo(500);
    PartitionSet kept = Objects.requireNonNull(assigned(fixture.beat("a", 1, null)));
    assertThat(fixture.beat("b", 2, null).heartbeatIntervalMs()).isEqualTo(500);
    assertThat(fixture.beat("a", 1, kept).heartbeatIntervalMs()).isEqualTo(1_000);
    assertThat(fixture.beat("b", 2, null).heartbeatIntervalMs()).isEqualTo(1_000);
  }

  @Test
  void groupThatChangedWithinAMinute_asksOftener() {
    fixture.beat(first("a").build());
    fixture.loop.advance(30_000);
    assertThat(fixture.beat("a", 1, ALL).heartbeatIntervalMs()).isEqualTo(1_000);
    fixture.loop.advance(30_000);
    assertThat(fixture.beat("a", 1, ALL).heartbeatIntervalMs()).isEqualTo(5_000);

    fixture.beat(first("b").build());
    assertThat(fixture.beat("a", 1, null).heartbeatIntervalMs()).isEqualTo(1_000);
  }

  @Test
  void largeGroup_isNotAskedMoreThan200TimesASecond() {
    for (int i = 0; i < 400; i++) {
      fixture.beat(first("m" + i).subscribedTopicNames(List.of("elsewhere")).build());
    }
    assertThat(fixture.beat("m399", 400, null).heartbeatIntervalMs()).isEqualTo(2_000);
  }

  static Stream<Arguments> badRequests() {
    return Stream.of(
        bad(ErrorCode.INVALID_REQUEST, r -> r.groupId("")),
        bad(ErrorCode.INVALID_REQUEST, r -> r.memberEpoch(-3)),
        bad(ErrorCode.INVALID_REQUEST, r -> r.memberEpoch(-2)),
        bad(ErrorCode.INVALID_REQUEST, r -> r.memberId("").memberEpoch(1)),
        bad(ErrorCode.INVALID_REQUEST, r -> r.instanceId("")),
        bad(ErrorCode.INVALID_REQUEST, r -> r.rackId(" ")),
        bad(ErrorCode.INVALID_REQUEST, r -> r.rebalanceTimeoutMs(-1)),
        bad(ErrorCode.INVALID_REQUEST, r -> r.topicPartitions(null)),
        bad(ErrorCode.INVALID_REQUEST, r -> r.subscribedTopicNames(null)),
        bad(ErrorCode.UNSUPPORTED_ASSIGNOR, r -> r.serverAssignor("nobody's")),
        bad(ErrorCode.INVALID_REGULAR_EXPRESSION, r -> r.subscribedTopicRegex("(")),
        bad(ErrorCode.GROUP_ID_NOT_FOUND, r -> r.memberEpoch(1)),
        bad(ErrorCode.GROUP_ID_NOT_FOUND, r -> r.memberEpoch(-1)));
  }

  private static Arguments bad(
      ErrorCode error, UnaryOperator<ConsumerGroupHeartbeatRequest.Builder> change) {
    return Arguments.of(error, change.apply(first("a")).build());
  }

  @ParameterizedTest
  @MethodSource("badRequests")
  void badRequest_isRefusedAndLeavesNothing(
      ErrorCode error, ConsumerGroupHeartbeatRequest request) {
    assertThat(ErrorCode.forCode(fixture.beat(request).errorCode())).isEqualTo(error);
    assertThat(fixture.log.committed()).isEmpty();
    assertThat(fixture.state()).isEqualTo("gone");
  }

  @Test
  void fullGroup_refusesOneMore() {
    GroupFixture small = new GroupFixture(GroupConfigs.with("consumerMaxSize", 1));
    small.beat(first("a").build());
    assertThat(small.beat(first("b").build()).errorCode())
        .isEqualTo(ErrorCode.GROUP_MAX_SIZE_REACHED.code());
    assertThat(small.beat(first("a").build()).errorCode()).isZero();
  }

  // ---- fencing

  @Test
  void wrongEpochs_areFenced_exceptAfterALostAnswer() {
    fixture.beat(first("a").build());
    fixture.beat(first("b").build());
    PartitionSet kept = Objects.requireNonNull(assigned(fixture.beat("a", 1, null)));
    fixture.beat("a", 1, kept); // now in epoch 2, but suppose it never hears of it

    assertThat(fixture.beat("a", 3, kept).errorCode())
        .isEqualTo(ErrorCode.FENCED_MEMBER_EPOCH.code());
    assertThat(fixture.beat("a", 1, null).errorCode())
        .isEqualTo(ErrorCode.FENCED_MEMBER_EPOCH.code());
    assertThat(fixture.beat("a", 1, ALL).errorCode())
        .isEqualTo(ErrorCode.FENCED_MEMBER_EPOCH.code());
    ConsumerGroupHeartbeatResponse again = fixture.beat("a", 1, kept);
    assertThat(again.memberEpoch()).isEqualTo(2);
    assertThat(assigned(again)).isEqualTo(kept);
    assertThat(fixture.beat("ghost", 1, ALL).errorCode())
        .isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
  }

  @Test
  void commit_needsTheMembersEpochAndAVersionThatKnowsIt() {
    fixture.beat(first("a").build());
    assertThat(fixture.commit(9, "a", 1, 0, 5)).isZero();
    assertThat(fixture.commit(9, "a", 0, 0, 6)).isEqualTo(ErrorCode.STALE_MEMBER_EPOCH.code());
    assertThat(fixture.commit(8, "a", 1, 0, 6)).isEqualTo(ErrorCode.UNSUPPORTED_VERSION.code());
    assertThat(fixture.commit(9, "b", 1, 0, 6)).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
    assertThat(fixture.commit(9, "", -1, 0, 6)).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
    assertThat(fixture.fetch(0)).isEqualTo(5);
  }

  @Test
  void silentMember_losesItsPartitionsToOthers() {
    fixture.beat(first("a").build());
    PartitionSet none = assigned(fixture.beat(first("b").build()));
    assertThat(none).isEqualTo(PartitionSet.EMPTY);
    for (int i = 0; i < 9; i++) {
      fixture.loop.advance(5_000);
      fixture.beat("b", 2, PartitionSet.EMPTY);
    }
    assertThat(fixture.beat("a", 1, ALL).errorCode()).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
    assertThat(assigned(fixture.beat(first("b").build()))).isEqualTo(ALL);
  }

  @Test
  void memberThatDoesNotLetGoInTime_isFenced() {
    fixture.beat(first("a").build());
    fixture.beat(first("b").build());
    fixture.beat("a", 1, null); // told to let go
    for (int i = 0; i < REBALANCE / 5_000; i++) {
      assertThat(fixture.beat("a", 1, ALL).errorCode()).isZero();
      fixture.beat("b", 2, PartitionSet.EMPTY);
      fixture.loop.advance(5_000);
    }
    assertThat(fixture.beat("a", 1, ALL).errorCode()).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
    assertThat(assigned(fixture.beat("b", 2, PartitionSet.EMPTY))).isEqualTo(ALL);
  }

  @Test
  void leavingMember_freesItsPartitionsAtOnce() {
    fixture.beat(first("a").build());
    fixture.beat(first("b").build());
    assertThat(fixture.beat("a", ConsumerGroups.LEAVE, null).memberEpoch()).isEqualTo(-1);
    assertThat(assigned(fixture.beat("b", 2, PartitionSet.EMPTY))).isEqualTo(ALL);
    fixture.beat("b", ConsumerGroups.LEAVE, null);
    assertThat(fixture.state()).isEqualTo("Empty");
  }

  // ---- static members

  private ConsumerGroupHeartbeatResponse beatStatic(String memberId, int epoch) {
    return fixture.beat(first(memberId).instanceId("i").memberEpoch(epoch).build());
  }

  @Test
  void restartedStaticMember_takesBackWhatItHad() {
    beatStatic("a", 0);
    assertThat(beatStatic("a2", 0).errorCode()).isEqualTo(ErrorCode.UNRELEASED_INSTANCE_ID.code());
    assertThat(beatStatic("a", ConsumerGroups.LEAVE_STATIC).memberEpoch()).isEqualTo(-2);
    fixture.failOver();
    ConsumerGroupHeartbeatResponse back = beatStatic("a2", 0);
    assertThat(back.memberEpoch()).isEqualTo(1); // no rebalance
    assertThat(assigned(back)).isEqualTo(ALL);
    assertThat(beatStatic("a", 1).errorCode()).isEqualTo(ErrorCode.FENCED_INSTANCE_ID.code());
    assertThat(beatStatic("a", ConsumerGroups.LEAVE).errorCode())
        .isEqualTo(ErrorCode.FENCED_INSTANCE_ID.code());
  }

  @Test
  void staticMemberThatDoesNotComeBack_isOutAtTheEndOfItsSession() {
    beatStatic("a", 0);
    beatStatic("a", ConsumerGroups.LEAVE_STATIC);
    fixture.loop.advance(44_999);
    assertThat(fixture.state()).isNotEqualTo("Empty");
    fixture.loop.advance(1);
    assertThat(fixture.state()).isEqualTo("Empty");
  }

  // ---- subscriptions

  @Test
  void grownTopic_isAssignedSoon() {
    fixture.beat(first("a").build());
    fixture.image = Images.with(fixture.image, ORDERS, "orders", 8);
    fixture.loop.advance(1_000);
    ConsumerGroupHeartbeatResponse answer = fixture.beat("a", 1, ALL);
    assertThat(answer.memberEpoch()).isEqualTo(2);
    assertThat(assigned(answer)).isEqualTo(ALL.plus(PartitionSet.of(ORDERS, 6, 7)));
  }

  @Test
  void topicThatComesLater_isAssignedSoon() {
    fixture.beat(first("a").subscribedTopicNames(List.of("later")).build());
    fixture.image = Images.with(fixture.image, new Uuid(3, 3), "later", 1);
    fixture.loop.advance(1_000);
    assertThat(assigned(fixture.beat("a", 1, PartitionSet.EMPTY)))
        .isEqualTo(PartitionSet.of(new Uuid(3, 3), 0));
  }

  @Test
  void regex_followsTheTopicsThatMatchAsAWhole() {
    ConsumerGroupHeartbeatResponse answer =
        fixture.beat(
            first("a").subscribedTopicNames(null).subscribedTopicRegex("b.*s|order").build());
    assertThat(assigned(answer)).isEqualTo(PartitionSet.of(BILLS, 0, 1, 2));
    fixture.image = Images.with(fixture.image, new Uuid(3, 3), "birds", 1);
    fixture.image = Images.with(fixture.image, new Uuid(4, 4), "__bs", 1);
    fixture.failOver();
    fixture.loop.advance(1_000);
    assertThat(assigned(fixture.beat("a", 1, PartitionSet.of(BILLS, 0, 1, 2))))
        .isEqualTo(PartitionSet.of(BILLS, 0, 1, 2).plus(PartitionSet.of(new Uuid(3, 3), 0)));
  }

  @Test
  void changedSubscription_movesTheGroupOn() {
    fixture.beat(first("a").build());
    ConsumerGroupHeartbeatResponse told =
        fixture.beat(
            first("a")
                .memberEpoch(1)
                .subscribedTopicNames(List.of("bills"))
                .topicPartitions(GroupFixture.wire(ALL))
                .build());
    assertThat(assigned(told)).isEqualTo(PartitionSet.EMPTY);
    assertThat(assigned(fixture.beat("a", 1, PartitionSet.EMPTY)))
        .isEqualTo(PartitionSet.of(BILLS, 0, 1, 2));
  }

  // ---- failover, types, description

  @Test
  void newCoordinator_goesOnWhereTheOldOneStopped() {
    fixture.beat(first("a").build());
    fixture.beat(first("b").build());
    PartitionSet kept = Objects.requireNonNull(assigned(fixture.beat("a", 1, null)));
    fixture.failOver();
    assertThat(fixture.beat("a", 1, kept).memberEpoch()).isEqualTo(2);
    assertThat(assigned(fixture.beat("b", 2, null))).isEqualTo(ALL.minus(kept));
  }

  @Test
  void emptyGroup_changesItsProtocolAndKeepsItsOffsets() {
    String classic = fixture.stableGroupOfOne();
    fixture.commit(9, classic, 1, 0, 5);
    fixture.leave(classic);
    fixture.beat(first("a").build());
    fixture.failOver();
    assertThat(type()).isEqualTo("consumer");
    assertThat(fixture.fetch(0)).isEqualTo(5);
    fixture.beat("a", ConsumerGroups.LEAVE, null);
    fixture.stableGroupOfOne();
    fixture.failOver();
    assertThat(type()).isEqualTo("classic");
    assertThat(fixture.fetch(0)).isEqualTo(5);
  }

  private String type() {
    return fixture
        .now(fixture.groups.listGroups(new ListGroupsRequest(List.of("STABLE"), List.of())))
        .groups()
        .get(0)
        .groupType();
  }

  @Test
  void description_showsEpochsAndParts() {
    fixture.beat(first("a").rackId("r1").build());
    DescribedGroup group =
        fixture
            .now(
                fixture.groups.describeConsumerGroups(
                    new ConsumerGroupDescribeRequest(List.of(GROUP), false)))
            .groups()
            .get(0);
    assertThat(group.groupState()).isEqualTo("Stable");
    assertThat(group.assignorName()).isEqualTo("uniform");
    assertThat(List.of(group.groupEpoch(), group.assignmentEpoch())).containsExactly(1, 1);
    assertThat(group.members().get(0).assignment())
        .isEqualTo(group.members().get(0).targetAssignment());
    assertThat(group.members().get(0).assignment().topicPartitions().get(0).topicName())
        .isEqualTo("orders");
  }
}
