package io.millrace.server.coordinator.group;

import static io.millrace.server.coordinator.group.GroupFixture.SESSION;
import static io.millrace.server.coordinator.group.GroupFixture.cooperative;
import static io.millrace.server.coordinator.group.GroupFixture.joining;
import static io.millrace.server.coordinator.group.GroupFixture.subscription;
import static io.millrace.server.coordinator.group.GroupFixture.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.HeartbeatRequest;
import io.millrace.protocol.message.HeartbeatResponse;
import io.millrace.protocol.message.JoinGroupRequest.JoinGroupRequestProtocol;
import io.millrace.protocol.message.JoinGroupResponse;
import io.millrace.protocol.message.SyncGroupRequest;
import io.millrace.protocol.message.SyncGroupRequest.SyncGroupRequestAssignment;
import io.millrace.server.coordinator.Answer;
import io.millrace.server.coordinator.CoordinatorTimer;
import io.millrace.server.coordinator.CoordinatorTurn;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HeldHeartbeatsTest {
  private static final int PATIENCE = 3_000;
  private static final short REBALANCE = ErrorCode.REBALANCE_IN_PROGRESS.code();

  private final GroupFixture fixture = new GroupFixture();

  /** A heartbeat of a client that can wait for the answer. */
  private CompletableFuture<Short> beat(String memberId, int generation) {
    return beat(memberId, null, generation);
  }

  private CompletableFuture<Short> beat(
      String memberId, @Nullable String instanceId, int generation) {
    CompletableFuture<HeartbeatResponse> answer =
        fixture.groups.heartbeat(
            new GroupClient((short) 4, "client", "/10.0.0.1", GroupClient.UNKNOWN, PATIENCE),
            new HeartbeatRequest(GroupFixture.GROUP, generation, memberId, instanceId));
    fixture.loop.run();
    return answer.thenApply(HeartbeatResponse::errorCode);
  }

  /** Two members in generation 2; the ids, the leader first. */
  private List<String> stableGroupOfTwo() {
    String one = fixture.stableGroupOfOne();
    CompletableFuture<JoinGroupResponse> second = fixture.joinNew();
    fixture.now(fixture.join(9, joining(one).build()));
    String two = fixture.now(second).memberId();
    fixture.sync(two, 2, Map.of());
    fixture.now(fixture.sync(one, 2, Map.of(one, "left", two, "right")));
    return List.of(one, two);
  }

  private void letGo(String memberId) {
    letGo(memberId, HeartbeatRelease.FOR_NOW);
  }

  private void letGo(String memberId, HeartbeatRelease why) {
    fixture.groups.letHeartbeatGo(new HeartbeatRequest(GroupFixture.GROUP, 1, memberId, null), why);
    fixture.loop.run();
  }

  // ---- kept, and let go

  @Test
  void heartbeatWithNothingToTell_isKeptUntilTheClientsPatienceEnds() {
    CompletableFuture<Short> kept = beat(fixture.stableGroupOfOne(), 1);
    fixture.loop.advance(PATIENCE - 1);
    assertThat(kept).isNotDone();
    fixture.loop.advance(1);
    assertThat(kept).isCompletedWithValue((short) 0);
  }

  @Test
  void heartbeatOfAShortSession_isKeptForAThirdOfIt() {
    JoinGroupResponse joined =
        fixture.now(fixture.join(3, joining("").sessionTimeoutMs(6_000).build()));
    fixture.now(fixture.sync(joined.memberId(), 1, Map.of()));
    CompletableFuture<Short> kept = beat(joined.memberId(), 1);
    fixture.loop.advance(2_000);
    assertThat(kept).isCompletedWithValue((short) 0);
  }

  @Test
  void keptHeartbeat_goesWhenTheNextComesOrMoreIsAsked() {
    String one = fixture.stableGroupOfOne();
    CompletableFuture<Short> first = beat(one, 1);
    CompletableFuture<Short> second = beat(one, 1);
    assertThat(first).isCompletedWithValue((short) 0);
    assertThat(second).isNotDone();
    letGo(one);
    assertThat(second).isCompletedWithValue((short) 0);
    letGo(one);
    letGo("nobody");
    assertThat(fixture.state()).isEqualTo("Stable");
  }

  @Test
  void clientThatAsksForMore_isHadToSendTheNextHeartbeatAtOnce_butNotAllTheTime() {
    String one = fixture.stableGroupOfOne();
    CompletableFuture<Short> first = beat(one, 1);
    letGo(one, HeartbeatRelease.ASK_AGAIN);
    assertThat(first).isCompletedWithValue(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS.code());
    fixture.loop.advance(100);
    CompletableFuture<Short> second = beat(one, 1);
    letGo(one, HeartbeatRelease.ASK_AGAIN);
    assertThat(second).isCompletedWithValue((short) 0);
    fixture.loop.advance(899);
    CompletableFuture<Short> early = beat(one, 1);
    letGo(one, HeartbeatRelease.ASK_AGAIN);
    assertThat(early).isCompletedWithValue((short) 0);
    fixture.loop.advance(1); // a second after it was asked
    CompletableFuture<Short> third = beat(one, 1);
    letGo(one, HeartbeatRelease.ASK_AGAIN);
    assertThat(third).isCompletedWithValue(ErrorCode.COORDINATOR_LOAD_IN_PROGRESS.code());
    // What it needs to hear once in a session is that all is well.
    fixture.loop.advance(SESSION / 3);
    CompletableFuture<Short> fourth = beat(one, 1);
    letGo(one, HeartbeatRelease.ASK_AGAIN);
    assertThat(fourth).isCompletedWithValue((short) 0);
  }

  @Test
  void heartbeatThatIsAnswered_leavesNoTimer() {
    CoordinatorTimer timers = new CoordinatorTimer();
    CoordinatorTurn<GroupRecord> turn =
        new CoordinatorTurn<>(0, 0, fixture.image, timers, fixture.shard());
    ClassicMember member = new ClassicMember("m", null, "c", "/h", 1, 1, List.of());
    member.heldHeartbeat = new Answer<>();
    timers.set(new GroupTimer.Heartbeat("g", "m"), PATIENCE);
    ClassicAnswers.answerHeld(turn, "g", member, ErrorCode.NONE);
    assertThat(timers.size()).isZero();
  }

  @Test
  void memberWhoseHeartbeatIsKept_isNoLongerThere_whenItsSessionIsOver() {
    CompletableFuture<Short> kept = beat(fixture.stableGroupOfOne(), 1);
    fixture.loop.advance(SESSION - 1);
    assertThat(kept).isCompletedWithValue((short) 0);
    assertThat(fixture.state()).isEqualTo("Stable");
    fixture.loop.advance(1);
    assertThat(fixture.state()).isEqualTo("Empty");
  }

  @Test
  void heartbeatThatIsWrong_isAnsweredAtOnce() {
    String one = fixture.stableGroupOfOne();
    assertThat(beat(one, 7)).isCompletedWithValue(ErrorCode.ILLEGAL_GENERATION.code());
    assertThat(beat("ghost", 1)).isCompletedWithValue(ErrorCode.UNKNOWN_MEMBER_ID.code());
  }

  @Test
  void clientsThatWaitForIt_areAnsweredAtOnce() {
    JoinGroupResponse joined =
        fixture.now(fixture.join(9, joining("").groupInstanceId("i1").build()));
    fixture.now(fixture.sync(joined.memberId(), 1, Map.of()));
    assertThat(fixture.heartbeat(joined.memberId(), 1)).isZero(); // of no known software
    // A static member closes without a word, and waits for all that it has asked.
    assertThat(beat(joined.memberId(), "i1", 1)).isCompletedWithValue((short) 0);
  }

  // ---- what it tells

  @Test
  void newcomer_isToldToAllAtOnce() {
    List<String> two = stableGroupOfTwo();
    CompletableFuture<Short> one = beat(two.get(0), 2);
    CompletableFuture<Short> other = beat(two.get(1), 2);
    CompletableFuture<JoinGroupResponse> newcomer = fixture.joinNew();
    assertThat(one).isCompletedWithValue(REBALANCE);
    assertThat(other).isCompletedWithValue(REBALANCE);
    assertThat(newcomer).isNotDone();
  }

  @Test
  void memberThatIsPutOut_learnsIt() {
    List<String> two = stableGroupOfTwo();
    CompletableFuture<Short> kept = beat(two.get(1), 2);
    assertThat(fixture.leave(two.get(1))).isZero();
    assertThat(kept).isCompletedWithValue(ErrorCode.UNKNOWN_MEMBER_ID.code());
  }

  @Test
  void coordinatorThatMoves_sendsTheMemberAway() {
    CompletableFuture<Short> kept = beat(fixture.stableGroupOfOne(), 1);
    fixture.failOver();
    assertThat(kept).isCompletedWithValue(ErrorCode.NOT_COORDINATOR.code());
  }

  @Test
  void groupThatBecomesAConsumerGroup_goesOnWithItsMembers() {
    CompletableFuture<Short> kept = beat(fixture.stableGroupOfOne(), 1);
    assertThat(fixture.beat(GroupFixture.first("new").build()).errorCode()).isZero();
    assertThat(kept).isCompletedWithValue((short) 0);
  }

  // ---- a rebalance begins when all can be told

  @Test
  void leaverOfAGroupOfWhichAllCanBeTold_isSharedOutInAMoment() {
    List<String> two = stableGroupOfTwo();
    CompletableFuture<Short> one = beat(two.get(0), 2);
    fixture.leave(two.get(1));
    fixture.loop.advance(ClassicRebalance.PLACE_KEPT_MILLIS - 1);
    assertThat(one).isNotDone();
    fixture.loop.advance(1);
    assertThat(one).isCompletedWithValue(REBALANCE);
    assertThat(fixture.state()).isEqualTo("PreparingRebalance");
  }

  @Test
  void leaverOfAGroupThatHasJustJoined_isSharedOutWithTheHeartbeatsThatCome() {
    List<String> two = stableGroupOfTwo();
    fixture.leave(two.get(1));
    assertThat(fixture.state()).isEqualTo("Stable");
    fixture.loop.advance(1_000);
    assertThat(fixture.state()).isEqualTo("Stable");
    assertThat(beat(two.get(0), 2)).isCompletedWithValue(REBALANCE);
    assertThat(fixture.state()).isEqualTo("PreparingRebalance");
  }

  /** In generation 3; the leader first. */
  private List<String> stableGroupOfThree() {
    List<String> two = stableGroupOfTwo();
    CompletableFuture<JoinGroupResponse> joining = fixture.joinNew();
    fixture.join(9, joining(two.get(1)).build());
    fixture.join(9, joining(two.get(0)).build());
    String three = fixture.now(joining).memberId();
    fixture.now(fixture.sync(two.get(0), 3, Map.of()));
    for (String other : List.of(two.get(1), three)) {
      fixture.sync(other, 3, Map.of());
    }
    return List.of(two.get(0), two.get(1), three);
  }

  @Test
  void whenTheMemberThatCouldNotBeToldGoesToo_theRebalanceBeginsInAMoment() {
    // given: a place is vacant, and one of those who are to be told of it hangs
    List<String> three = stableGroupOfThree();
    fixture.leave(three.get(2));
    CompletableFuture<Short> kept = beat(three.get(0), 3);
    fixture.loop.advance(ClassicRebalance.PLACE_KEPT_MILLIS);
    assertThat(kept).isNotDone();

    fixture.leave(three.get(1));

    fixture.loop.advance(ClassicRebalance.PLACE_KEPT_MILLIS - 1);
    assertThat(kept).isNotDone(); // a newcomer may take that place, too
    fixture.loop.advance(1);
    assertThat(kept).isCompletedWithValue(REBALANCE);
  }

  @ParameterizedTest
  @ValueSource(strings = {"patience", "more is asked", "another cannot wait"})
  void memberThatMustBeAnswered_beginsTheRebalance(String event) {
    List<String> two = stableGroupOfThree();
    CompletableFuture<Short> kept = beat(two.get(0), 3);
    fixture.leave(two.get(2));
    fixture.loop.advance(ClassicRebalance.PLACE_KEPT_MILLIS);
    assertThat(kept).isNotDone(); // the second member cannot be told yet
    switch (event) {
      case "patience" -> fixture.loop.advance(PATIENCE);
      case "more is asked" -> letGo(two.get(0));
      default -> assertThat(fixture.heartbeat(two.get(1), 3)).isEqualTo(REBALANCE);
    }
    assertThat(kept).isCompletedWithValue(REBALANCE);
    assertThat(fixture.state()).isEqualTo("PreparingRebalance");
  }

  @Test
  void withTheSettingOff_everythingIsAsInKafka() {
    GroupFixture kafka = new GroupFixture(GroupConfigs.with("holdHeartbeats", false));
    String one = kafka.stableGroupOfOne();
    CompletableFuture<JoinGroupResponse> second = kafka.joinNew();
    kafka.now(kafka.join(9, joining(one).build()));
    String two = kafka.now(second).memberId();
    kafka.sync(two, 2, Map.of());
    kafka.now(kafka.sync(one, 2, Map.of()));
    assertThat(
            kafka
                .now(
                    kafka.groups.heartbeat(
                        new GroupClient((short) 4, "c", "/h", GroupClient.UNKNOWN, PATIENCE),
                        new HeartbeatRequest(GroupFixture.GROUP, 2, one, null)))
                .errorCode())
        .isZero();
    kafka.leave(two);
    assertThat(kafka.state()).isEqualTo("PreparingRebalance");
  }

  @Test
  void memberThatIsAnsweredWhileThePlaceIsKept_doesNotBeginTheRebalance() {
    List<String> two = stableGroupOfTwo();
    CompletableFuture<Short> kept = beat(two.get(0), 2);
    fixture.leave(two.get(1));
    letGo(two.get(0));
    assertThat(kept).isCompletedWithValue((short) 0);
    assertThat(fixture.state()).isEqualTo("Stable");
  }

  @Test
  void membersThatGoTogether_makeOneRebalance() {
    List<String> two = stableGroupOfTwo();
    fixture.leave(two.get(1));
    fixture.loop.advance(100);
    fixture.leave(two.get(0));
    assertThat(fixture.state()).isEqualTo("Empty");
    JoinGroupResponse next = fixture.now(fixture.joinNew());
    assertThat(next.generationId()).isEqualTo(4); // 3 was that of nobody
  }

  // ---- the place of one that is gone

  @Test
  void newcomer_takesThePlaceOfOneThatLeft_andNobodyStops() {
    List<String> two = stableGroupOfTwo();
    fixture.leave(two.get(1));
    JoinGroupResponse newcomer = fixture.now(fixture.joinNew());
    assertThat(newcomer.generationId()).isEqualTo(2);
    assertThat(newcomer.leader()).isEqualTo(two.get(0));
    assertThat(newcomer.members()).isEmpty();
    assertThat(text(fixture.now(fixture.sync(newcomer.memberId(), 2, Map.of())).assignment()))
        .isEqualTo("right");
    assertThat(fixture.heartbeat(two.get(0), 2)).isZero();
    assertThat(fixture.commit(9, newcomer.memberId(), 2, 0, 5)).isZero();
    assertThat(fixture.commit(9, two.get(1), 2, 0, 6))
        .isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());

    fixture.failOver();
    assertThat(fixture.heartbeat(newcomer.memberId(), 2)).isZero();
    assertThat(fixture.heartbeat(two.get(1), 2)).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
  }

  @Test
  void placeThatIsLeftOver_isSharedOutByTheNextCoordinator() {
    // given: two of three members left, and a newcomer has the place of one
    List<String> three = stableGroupOfThree();
    fixture.leave(three.get(1));
    fixture.leave(three.get(2));
    assertThat(fixture.now(fixture.joinNew()).generationId()).isEqualTo(3);
    assertThat(fixture.state()).isEqualTo("Stable");

    fixture.failOver();

    assertThat(fixture.state()).isEqualTo("PreparingRebalance");
  }

  @Test
  void whenAllPlacesAreTaken_theNextCoordinatorDisturbsNobody() {
    List<String> three = stableGroupOfThree();
    fixture.leave(three.get(1));
    fixture.leave(three.get(2));
    fixture.now(fixture.joinNew());
    fixture.now(fixture.joinNew());

    fixture.failOver();

    assertThat(fixture.state()).isEqualTo("Stable");
  }

  @Test
  void newcomer_isNotToldOfAPlaceBeforeThatIsCommitted() {
    List<String> two = stableGroupOfTwo();
    fixture.leave(two.get(1));
    fixture.log.hold();
    CompletableFuture<JoinGroupResponse> newcomer = fixture.join(3, joining("").build());
    assertThat(newcomer).isNotDone();
    fixture.log.release();
    assertThat(fixture.now(newcomer).generationId()).isEqualTo(2);
  }

  @Test
  void newcomerInTheLeadersPlace_leadsAndAssignsNothing() {
    List<String> two = stableGroupOfTwo();
    fixture.leave(two.get(0));
    JoinGroupResponse newcomer = fixture.now(fixture.joinNew());
    assertThat(newcomer.generationId()).isEqualTo(2);
    assertThat(newcomer.leader()).isEqualTo(newcomer.memberId());
    assertThat(newcomer.skipAssignment()).isTrue();
    assertThat(newcomer.members()).hasSize(2);
    assertThat(text(fixture.now(fixture.sync(newcomer.memberId(), 2, Map.of())).assignment()))
        .isEqualTo("left");
  }

  @Test
  void newcomerThatCannotHaveThePlace_startsARebalance() {
    List<String> two = stableGroupOfTwo();
    fixture.leave(two.get(0));
    // The leader's; an old client would assign anew.
    assertThat(fixture.join(3, joining("").build())).isNotDone();
    assertThat(fixture.state()).isEqualTo("PreparingRebalance");
  }

  @Test
  void newcomerThatWantsOtherTopics_startsARebalance() {
    List<String> two = stableGroupOfTwo();
    fixture.leave(two.get(1));
    assertThat(
            fixture.join(
                3,
                joining("")
                    .protocols(
                        List.of(new JoinGroupRequestProtocol("range", subscription("bills"))))
                    .build()))
        .isNotDone();
    assertThat(fixture.state()).isEqualTo("PreparingRebalance");
  }

  @Test
  void placeOfACooperativeMemberThatHadToGiveSomethingUp_isNotTaken() {
    // given: two members of generation 2, one of which was given less than it had
    String one = fixture.now(fixture.join(3, cooperative("").build())).memberId();
    CompletableFuture<JoinGroupResponse> second = fixture.join(3, cooperative("", 0, 1).build());
    fixture.now(fixture.join(3, cooperative(one).build()));
    String two = fixture.now(second).memberId();
    share(two, Map.of());
    share(one, Map.of(one, PartitionSet.EMPTY, two, PartitionSet.of(GroupFixture.ORDERS, 0)));
    assertThat(fixture.state()).isEqualTo("Stable");

    // when it goes before it has joined again
    fixture.leave(two);
    CompletableFuture<JoinGroupResponse> newcomer = fixture.join(3, cooperative("").build());

    // then all of its part is shared out anew
    assertThat(newcomer).isNotDone();
    assertThat(fixture.state()).isEqualTo("PreparingRebalance");
  }

  @Test
  void memberThatSaysItOwnsSomething_isNoNewcomer() {
    String one = fixture.now(fixture.join(3, cooperative("").build())).memberId();
    CompletableFuture<JoinGroupResponse> second = fixture.join(3, cooperative("").build());
    fixture.now(fixture.join(3, cooperative(one).build()));
    String two = fixture.now(second).memberId();
    share(two, Map.of());
    share(one, Map.of());
    fixture.leave(two);
    assertThat(fixture.join(3, cooperative("", 0).build())).isNotDone();
    assertThat(fixture.state()).isEqualTo("PreparingRebalance");
  }

  private void share(String memberId, Map<String, PartitionSet> parts) {
    fixture.groups.syncGroup(
        GroupFixture.client(3),
        SyncGroupRequest.builder()
            .groupId(GroupFixture.GROUP)
            .memberId(memberId)
            .generationId(2)
            .assignments(
                parts.entrySet().stream()
                    .map(
                        part ->
                            new SyncGroupRequestAssignment(
                                part.getKey(),
                                ConsumerProtocol.assignment(
                                    (short) 1, part.getValue(), fixture.image)))
                    .toList())
            .build());
    fixture.loop.run();
  }
}
