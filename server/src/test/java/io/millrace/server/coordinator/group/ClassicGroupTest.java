package io.millrace.server.coordinator.group;

import static io.millrace.server.coordinator.group.GroupFixture.REBALANCE;
import static io.millrace.server.coordinator.group.GroupFixture.SESSION;
import static io.millrace.server.coordinator.group.GroupFixture.bytes;
import static io.millrace.server.coordinator.group.GroupFixture.joining;
import static io.millrace.server.coordinator.group.GroupFixture.subscription;
import static io.millrace.server.coordinator.group.GroupFixture.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.JoinGroupRequest.JoinGroupRequestProtocol;
import io.millrace.protocol.message.JoinGroupResponse;
import io.millrace.protocol.message.SyncGroupResponse;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class ClassicGroupTest {
  private final GroupFixture fixture = new GroupFixture();

  // ---- join

  @Test
  void joinByAConnectionThatTheMemberHasReplaced_isTurnedAway() {
    fixture.connection = 1;
    String one = fixture.stableGroupOfOne();
    fixture.connection = 2;
    assertThat(fixture.now(fixture.join(9, joining(one).build())).generationId()).isEqualTo(2);
    fixture.connection = 1;
    assertThat(fixture.now(fixture.join(9, joining(one).build())).errorCode())
        .isEqualTo(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS.code());
    assertThat(fixture.state()).isEqualTo("CompletingRebalance");
  }

  @Test
  void idsThatNobodyComesBackWith_areBounded() {
    String first = fixture.now(fixture.join(9, joining("").build())).memberId();
    String last = first;
    for (int i = 0; i < 10_000; i++) {
      last =
          fixture
              .now(fixture.groups.joinGroup(GroupFixture.client(9), joining("").build()))
              .memberId();
    }
    ClassicGroup group =
        (ClassicGroup) Objects.requireNonNull(fixture.shard).group(GroupFixture.GROUP);
    assertThat(Objects.requireNonNull(group).pendingJoin).hasSize(10_000);
    assertThat(fixture.now(fixture.join(9, joining(first).build())).errorCode())
        .isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
    assertThat(group.pendingJoin).contains(last);

    fixture.loop.advance(SESSION + 1);
    assertThat(fixture.state()).isEqualTo("gone");
  }

  @Test
  void newClientWithoutId_getsOneAndMustComeBackWithIt() {
    JoinGroupResponse first = fixture.now(fixture.join(4, joining("").build()));

    assertThat(first.errorCode()).isEqualTo(ErrorCode.MEMBER_ID_REQUIRED.code());
    assertThat(first.memberId()).startsWith("client-");
    JoinGroupResponse second = fixture.now(fixture.join(4, joining(first.memberId()).build()));
    assertThat(second.errorCode()).isZero();
    assertThat(second.generationId()).isEqualTo(1);
    assertThat(second.leader()).isEqualTo(second.memberId());
    assertThat(second.members()).hasSize(1);
  }

  @Test
  void oldClientWithoutId_isTakenInAtOnce() {
    JoinGroupResponse joined = fixture.now(fixture.join(3, joining("").build()));
    assertThat(joined.errorCode()).isZero();
    assertThat(joined.protocolName()).isEqualTo("range");
  }

  @Test
  void idThatNobodyGaveOut_isUnknown() {
    assertThat(fixture.now(fixture.join(9, joining("ghost").build())).errorCode())
        .isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
    assertThat(fixture.state()).isEqualTo("gone");
  }

  @Test
  void pendingIdThatNeverComesBack_isForgotten() {
    fixture.now(fixture.join(4, joining("").build()));
    assertThat(fixture.state()).isEqualTo("Empty");
    fixture.loop.advance(SESSION);
    assertThat(fixture.state()).isEqualTo("gone");
  }

  @Test
  void errorBeforeVersion7_hasAProtocolNameThatIsNotNull() {
    JoinGroupResponse refused = fixture.now(fixture.join(5, joining("ghost").build()));
    assertThat(refused.protocolName()).isEmpty();
    assertThat(fixture.now(fixture.join(7, joining("ghost").build())).protocolName()).isNull();
  }

  @Test
  void sessionTimeoutOutOfRange_isRefused() {
    for (int timeout : new int[] {5_999, 1_800_001}) {
      assertThat(
              fixture
                  .now(fixture.join(9, joining("").sessionTimeoutMs(timeout).build()))
                  .errorCode())
          .isEqualTo(ErrorCode.INVALID_SESSION_TIMEOUT.code());
    }
  }

  @Test
  void memberWithoutACommonProtocol_isRefused() {
    fixture.stableGroupOfOne();
    JoinGroupResponse refused =
        fixture.now(
            fixture.join(
                3,
                joining("")
                    .protocols(
                        List.of(new JoinGroupRequestProtocol("sticky", subscription("orders"))))
                    .build()));
    assertThat(refused.errorCode()).isEqualTo(ErrorCode.INCONSISTENT_GROUP_PROTOCOL.code());
  }

  @Test
  void fullGroup_refusesOneMore() {
    GroupFixture small = new GroupFixture(GroupConfigs.with("maxSize", 1));
    small.stableGroupOfOne();
    assertThat(small.now(small.join(3, joining("").build())).errorCode())
        .isEqualTo(ErrorCode.GROUP_MAX_SIZE_REACHED.code());
    assertThat(small.state()).isEqualTo("Stable");
  }

  @Test
  void subscriptionThatWouldNotFitARecord_isRefusedAndDisturbsNobody() {
    fixture.stableGroupOfOne();
    JoinGroupResponse refused =
        fixture.now(
            fixture.join(
                3,
                joining("")
                    .protocols(
                        List.of(
                            new JoinGroupRequestProtocol(
                                "range", java.nio.ByteBuffer.allocate(10 << 20))))
                    .build()));
    assertThat(refused.errorCode()).isEqualTo(ErrorCode.GROUP_MAX_SIZE_REACHED.code());
    assertThat(fixture.state()).isEqualTo("Stable");
  }

  @Test
  void initialDelay_gathersMembersIntoOneGeneration() {
    GroupFixture patient = new GroupFixture(GroupConfigs.with("initialRebalanceDelayMs", 3_000));
    CompletableFuture<JoinGroupResponse> first = patient.joinNew();
    patient.loop.advance(2_000);
    CompletableFuture<JoinGroupResponse> second = patient.joinNew();
    patient.loop.advance(2_000);
    assertThat(first).isNotDone(); // the second one made it wait on
    patient.loop.advance(2_000);

    assertThat(patient.now(first).generationId()).isEqualTo(1);
    assertThat(patient.now(second).generationId()).isEqualTo(1);
    assertThat(patient.now(first).members()).hasSize(2);
  }

  // ---- rebalance

  @Test
  void secondMember_makesTheFirstRejoin_andBothGetTheirParts() {
    String one = fixture.stableGroupOfOne();
    CompletableFuture<JoinGroupResponse> joiningTwo = fixture.joinNew();
    assertThat(joiningTwo).isNotDone();
    assertThat(fixture.heartbeat(one, 1)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());

    JoinGroupResponse again = fixture.now(fixture.join(9, joining(one).build()));
    JoinGroupResponse two = fixture.now(joiningTwo);
    assertThat(List.of(again.generationId(), two.generationId())).containsExactly(2, 2);
    assertThat(again.members()).hasSize(2);
    assertThat(two.members()).isEmpty();

    CompletableFuture<SyncGroupResponse> waiting = fixture.sync(two.memberId(), 2, Map.of());
    assertThat(waiting).isNotDone();
    SyncGroupResponse mine =
        fixture.now(fixture.sync(one, 2, Map.of(one, "left", two.memberId(), "right")));
    assertThat(text(mine.assignment())).isEqualTo("left");
    assertThat(text(fixture.now(waiting).assignment())).isEqualTo("right");
    assertThat(fixture.state()).isEqualTo("Stable");
  }

  @Test
  void memberThatDoesNotRejoinInTime_isOut() {
    String one = fixture.stableGroupOfOne();
    CompletableFuture<JoinGroupResponse> two = fixture.joinNew();
    for (int i = 0; i < REBALANCE / 5_000; i++) { // alive, but it does not rejoin
      fixture.heartbeat(one, 1);
      fixture.loop.advance(5_000);
    }
    assertThat(fixture.now(two).generationId()).isEqualTo(2);
    assertThat(fixture.now(two).leader()).isEqualTo(fixture.now(two).memberId());
    assertThat(fixture.heartbeat(one, 1)).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
  }

  @Test
  void memberThatDoesNotSyncInTime_isOut() {
    String one = fixture.stableGroupOfOne();
    CompletableFuture<JoinGroupResponse> joiningTwo = fixture.joinNew();
    fixture.now(fixture.join(9, joining(one).build()));
    String two = fixture.now(joiningTwo).memberId();
    CompletableFuture<SyncGroupResponse> waiting = fixture.sync(two, 2, Map.of());

    for (int i = 0; i < REBALANCE / 5_000; i++) { // the leader lives, but does not assign
      fixture.heartbeat(one, 2);
      fixture.loop.advance(5_000);
    }

    assertThat(fixture.now(waiting).errorCode()).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());
    assertThat(fixture.heartbeat(one, 2)).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
    JoinGroupResponse again = fixture.now(fixture.join(9, joining(two).build()));
    assertThat(again.generationId()).isEqualTo(3);
    assertThat(again.leader()).isEqualTo(two);
  }

  @Test
  void lostJoinAnswer_isGivenAgain() {
    JoinGroupResponse joined = fixture.now(fixture.joinNew());
    JoinGroupResponse again = fixture.now(fixture.join(9, joining(joined.memberId()).build()));
    assertThat(again).isEqualTo(joined);
  }

  @Test
  void silentMember_leavesAtTheEndOfItsSession() {
    String one = fixture.stableGroupOfOne();
    fixture.loop.advance(SESSION - 1);
    assertThat(fixture.heartbeat(one, 1)).isZero();
    fixture.loop.advance(SESSION - 1);
    assertThat(fixture.state()).isEqualTo("Stable");
    fixture.loop.advance(1);
    assertThat(fixture.state()).isEqualTo("Empty");
  }

  @Test
  void staleGeneration_isFencedEverywhere() {
    String one = fixture.stableGroupOfOne();
    assertThat(fixture.heartbeat(one, 0)).isEqualTo(ErrorCode.ILLEGAL_GENERATION.code());
    assertThat(fixture.now(fixture.sync(one, 0, Map.of())).errorCode())
        .isEqualTo(ErrorCode.ILLEGAL_GENERATION.code());
    assertThat(fixture.commit(9, one, 0, 0, 5)).isEqualTo(ErrorCode.ILLEGAL_GENERATION.code());
  }

  @Test
  void syncWithAnotherProtocol_isRefused() {
    JoinGroupResponse joined = fixture.now(fixture.joinNew());
    SyncGroupResponse refused =
        fixture.now(
            fixture.groups.syncGroup(
                GroupFixture.client(5),
                io.millrace.protocol.message.SyncGroupRequest.builder()
                    .groupId(GroupFixture.GROUP)
                    .memberId(joined.memberId())
                    .generationId(1)
                    .protocolName("sticky")
                    .build()));
    assertThat(refused.errorCode()).isEqualTo(ErrorCode.INCONSISTENT_GROUP_PROTOCOL.code());
  }

  @Test
  void leavingMember_givesWayAtOnce() {
    String one = fixture.stableGroupOfOne();
    assertThat(fixture.leave("ghost")).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
    assertThat(fixture.leave(one)).isZero();
    assertThat(fixture.state()).isEqualTo("Empty");
    assertThat(fixture.heartbeat(one, 1)).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
  }

  @Test
  void assignmentThatWouldNotFitARecord_isNotStored() {
    JoinGroupResponse joined = fixture.now(fixture.joinNew());
    SyncGroupResponse refused =
        fixture.now(
            fixture.sync(joined.memberId(), 1, Map.of(joined.memberId(), "x".repeat(1 << 20))));
    assertThat(refused.errorCode()).isEqualTo(ErrorCode.UNKNOWN_SERVER_ERROR.code());
    assertThat(fixture.state()).isEqualTo("PreparingRebalance");
  }

  // ---- static members

  @Test
  void restartedStaticMember_keepsItsPartWithoutARebalance() {
    JoinGroupResponse old = fixture.now(fixture.join(9, joining("").groupInstanceId("i1").build()));
    assertThat(old.memberId()).startsWith("i1-");
    fixture.now(fixture.sync(old.memberId(), 1, Map.of(old.memberId(), "all")));

    JoinGroupResponse fresh =
        fixture.now(fixture.join(9, joining("").groupInstanceId("i1").build()));

    assertThat(fresh.generationId()).isEqualTo(1);
    assertThat(fresh.skipAssignment()).isTrue();
    assertThat(fresh.members()).hasSize(1);
    assertThat(fresh.memberId()).isNotEqualTo(old.memberId());
    assertThat(text(fixture.now(fixture.sync(fresh.memberId(), 1, Map.of())).assignment()))
        .isEqualTo("all");
    assertThat(
            fixture
                .now(fixture.join(9, joining(old.memberId()).groupInstanceId("i1").build()))
                .errorCode())
        .isEqualTo(ErrorCode.FENCED_INSTANCE_ID.code());
  }

  @Test
  void restartedStaticLeaderOfAnOldClient_doesNotLearnThatItLeads() {
    JoinGroupResponse old = fixture.now(fixture.join(5, joining("").groupInstanceId("i1").build()));
    fixture.now(fixture.sync(old.memberId(), 1, Map.of(old.memberId(), "all")));
    JoinGroupResponse fresh =
        fixture.now(fixture.join(5, joining("").groupInstanceId("i1").build()));
    assertThat(fresh.leader()).isEqualTo(old.memberId());
    assertThat(fresh.members()).isEmpty();
  }

  /** A static member that has all comes back and says something else than before. */
  private JoinGroupResponse restartedWith(ByteBuffer metadata) {
    JoinGroupResponse old = fixture.now(fixture.join(9, joining("").groupInstanceId("i1").build()));
    fixture.now(fixture.sync(old.memberId(), 1, Map.of(old.memberId(), "all")));
    return fixture.now(
        fixture.join(
            9,
            joining("")
                .groupInstanceId("i1")
                .protocols(List.of(new JoinGroupRequestProtocol("range", metadata)))
                .build()));
  }

  @Test
  void restartedStaticMemberThatNoLongerSaysWhatItOwned_disturbsNobody() {
    JoinGroupResponse fresh = restartedWith(subscription("orders", bytes("user data")));
    assertThat(fresh.generationId()).isEqualTo(1);
    assertThat(fresh.skipAssignment()).isTrue();
  }

  @Test
  void restartedStaticMemberThatWantsSomethingElse_startsARebalance() {
    JoinGroupResponse fresh = restartedWith(subscription("bills"));
    assertThat(fresh.generationId()).isEqualTo(2);
    assertThat(fresh.skipAssignment()).isFalse();
  }

  @Test
  void absentStaticMember_keepsItsPlaceThroughARebalance() {
    JoinGroupResponse still =
        fixture.now(
            fixture.join(9, joining("").groupInstanceId("i1").sessionTimeoutMs(600_000).build()));
    fixture.now(fixture.sync(still.memberId(), 1, Map.of(still.memberId(), "all")));
    CompletableFuture<JoinGroupResponse> two = fixture.joinNew();
    fixture.loop.advance(REBALANCE);
    assertThat(fixture.now(two).leader()).isEqualTo(fixture.now(two).memberId());
    assertThat(fixture.now(two).members()).hasSize(2);
  }

  // ---- failover

  @Test
  void newCoordinator_knowsTheGenerationAndItsParts() {
    String one = fixture.stableGroupOfOne();
    fixture.failOver();
    assertThat(fixture.state()).isEqualTo("Stable");
    assertThat(fixture.heartbeat(one, 1)).isZero();
    assertThat(text(fixture.now(fixture.sync(one, 1, Map.of())).assignment())).isEqualTo("all");
    fixture.loop.advance(SESSION);
    assertThat(fixture.state()).isEqualTo("Empty");
  }

  @Test
  void rebalanceUnderWayAtFailover_isLost_andMembersAreToldToJoinAgain() {
    String one = fixture.stableGroupOfOne();
    CompletableFuture<JoinGroupResponse> two = fixture.joinNew();
    fixture.failOver();
    assertThat(fixture.now(two).errorCode()).isEqualTo(ErrorCode.NOT_COORDINATOR.code());
    assertThat(fixture.heartbeat(one, 1)).isZero();
    assertThat(
            fixture.now(fixture.join(9, joining(fixture.now(two).memberId()).build())).errorCode())
        .isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
  }

  @Test
  void generationThatMembersKnow_isNotGivenOutAgainAfterAFailover() {
    String one = fixture.stableGroupOfOne();
    CompletableFuture<JoinGroupResponse> two = fixture.joinNew();
    JoinGroupResponse again = fixture.now(fixture.join(9, joining(one).build()));
    assertThat(again.generationId()).isEqualTo(2);
    assertThat(fixture.now(two).generationId()).isEqualTo(2);

    fixture.failOver(); // nobody has assigned generation 2

    assertThat(fixture.state()).isEqualTo("PreparingRebalance");
    assertThat(fixture.heartbeat(one, 1)).isEqualTo(ErrorCode.ILLEGAL_GENERATION.code());
    assertThat(fixture.heartbeat(one, 2)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());
    fixture.join(9, joining(fixture.now(two).memberId()).build());
    assertThat(fixture.now(fixture.join(9, joining(one).build())).generationId()).isEqualTo(3);
  }

  @Test
  void generation_isNotToldBeforeItIsCommitted() {
    String memberId = fixture.now(fixture.join(9, joining("").build())).memberId();
    fixture.log.hold();
    CompletableFuture<JoinGroupResponse> join = fixture.join(9, joining(memberId).build());
    assertThat(join).isNotDone();
    fixture.log.release();
    assertThat(fixture.now(join).generationId()).isEqualTo(1);
  }

  @Test
  void assignment_isNotAnsweredBeforeItIsCommitted() {
    JoinGroupResponse joined = fixture.now(fixture.joinNew());
    fixture.log.hold();
    CompletableFuture<SyncGroupResponse> sync =
        fixture.sync(joined.memberId(), 1, Map.of(joined.memberId(), "all"));
    assertThat(sync).isNotDone();
    fixture.log.release();
    assertThat(fixture.now(sync).errorCode()).isZero();
    assertThat(bytes("all").remaining()).isEqualTo(fixture.now(sync).assignment().remaining());
  }

  @Test
  void protocolThatMostPrefer_isChosen() {
    ClassicGroup group = new ClassicGroup("g");
    String[][] preferences = {{"a", "b", "c"}, {"b", "a"}, {"b", "c", "a"}};
    for (int i = 0; i < preferences.length; i++) {
      group.add(
          new ClassicMember(
              "m" + i,
              null,
              "c",
              "h",
              1,
              1,
              java.util.Arrays.stream(preferences[i])
                  .map(name -> new JoinGroupRequestProtocol(name, bytes(name)))
                  .toList()));
    }
    assertThat(group.selectProtocol()).isEqualTo("b");
  }
}
