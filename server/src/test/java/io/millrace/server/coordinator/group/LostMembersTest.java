package io.millrace.server.coordinator.group;

import static io.millrace.server.coordinator.group.GroupFixture.GROUP;
import static io.millrace.server.coordinator.group.GroupFixture.SESSION;
import static io.millrace.server.coordinator.group.GroupFixture.first;
import static io.millrace.server.coordinator.group.GroupFixture.joining;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.HeartbeatRequest;
import io.millrace.protocol.message.JoinGroupRequest;
import io.millrace.protocol.message.JoinGroupRequest.JoinGroupRequestProtocol;
import io.millrace.protocol.message.JoinGroupResponse;
import io.millrace.protocol.message.SyncGroupResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Members of classic groups whose connections break: who is put out before its session ends. */
class LostMembersTest {
  private static final int HEARTBEAT = 2_000;

  private final GroupFixture fixture = new GroupFixture();
  private final List<String> members = new ArrayList<>();
  private int generation;

  // ---- classic

  @Test
  void classicMember_isPutOutHalfAnIntervalAfterItShouldHaveSpoken() {
    stable(2);
    heartbeats(0, 1);
    fixture.closed(1);

    fixture.loop.advance(HEARTBEAT + HEARTBEAT / 2 - 1);
    assertThat(beat(1)).isZero();
    fixture.loop.advance(1);
    assertThat(beat(1)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());
    assertThat(beat(0)).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
  }

  @Test
  void connectionThatBreaksLate_leavesTimeToComeBack() {
    stable(2);
    heartbeats(0, 1);
    fixture.loop.advance(HEARTBEAT + HEARTBEAT / 2);
    fixture.closed(1);

    fixture.loop.advance(999);
    assertThat(beat(1)).isZero();
    fixture.loop.advance(1);
    assertThat(beat(1)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());
  }

  @Test
  void memberWhoseHabitIsNotKnown_getsHalfASession() {
    stable(2);
    fixture.closed(1);

    fixture.loop.advance(SESSION / 2 - 10);
    assertThat(beat(1)).isZero();
    fixture.loop.advance(10);
    assertThat(beat(1)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());
  }

  @Test
  void longestOfTheLastTimesBetweenHeartbeats_counts() {
    stable(2);
    heartbeats(0, 1);
    fixture.loop.advance(HEARTBEAT);
    beat(0);
    beat(1);
    fixture.loop.advance(100); // an answer was lost
    beat(0);
    fixture.closed(1);

    fixture.loop.advance(HEARTBEAT);
    assertThat(beat(1)).isZero();
    fixture.loop.advance(HEARTBEAT / 2);
    assertThat(beat(1)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());
  }

  @Test
  void heartbeatsThatWereAskedFor_areNoHabit() {
    stable(2);
    for (int i = 0; i < 3; i++) {
      HeartbeatRequest request = new HeartbeatRequest(GROUP, generation, members.get(0), null);
      fixture.groups.heartbeat(
          new GroupClient((short) 4, "client", "/10.0.0.1", 1, 3_000), request);
      fixture.loop.run();
      fixture.groups.letHeartbeatGo(request, HeartbeatRelease.ASK_AGAIN); // it has committed
      fixture.loop.advance(1_000);
    }
    fixture.closed(1); // and commits no more

    fixture.loop.advance(SESSION / 3 + SESSION / 6 - 1_010); // as if no habit were known
    assertThat(beat(1)).isZero();
    fixture.loop.advance(10);
    assertThat(beat(1)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());
  }

  @Test
  void memberThatComesBack_stays() {
    stable(2);
    heartbeats(0, 1);
    fixture.closed(1);
    fixture.loop.advance(HEARTBEAT);
    fixture.connection = 77;
    assertThat(fixture.heartbeat(members.get(0), generation)).isZero();

    fixture.loop.advance(HEARTBEAT + HEARTBEAT / 2);
    assertThat(beat(1)).isZero();
    fixture.closed(77);
    fixture.loop.advance(HEARTBEAT + HEARTBEAT / 2);
    assertThat(beat(1)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());
  }

  @Test
  void memberThatCommits_isBack() {
    stable(2);
    heartbeats(0, 1);
    fixture.closed(1);
    fixture.connection = 77;
    assertThat(fixture.commit(8, members.get(0), generation, 0, 5)).isZero();

    fixture.loop.advance(2 * HEARTBEAT);
    assertThat(beat(1)).isZero();
  }

  @Test
  void memberHeardByAnotherConnectionBefore_isNotMissed() {
    stable(2);
    heartbeats(0, 1);
    fixture.connection = 77;
    assertThat(fixture.heartbeat(members.get(0), generation)).isZero();
    fixture.closed(1);

    fixture.loop.advance(3 * HEARTBEAT);
    assertThat(beat(1)).isZero();
  }

  @Test
  void silentMemberWithAConnection_keepsItsSession() {
    stable(2);
    heartbeats(0, 1);

    fixture.loop.advance(SESSION - 1);
    assertThat(beat(1)).isZero();
    fixture.loop.advance(1);
    assertThat(beat(1)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());
  }

  @Test
  void onlyMember_keepsItsSession() {
    stable(1);
    heartbeats(0);
    fixture.closed(1);

    fixture.loop.advance(SESSION - 1);
    assertThat(fixture.state()).isEqualTo("Stable");
    fixture.loop.advance(1);
    assertThat(fixture.state()).isEqualTo("Empty");
  }

  @Test
  void whenMoreAreGoneThanHere_sessionsCount() {
    stable(3);
    heartbeats(0, 1, 2);
    fixture.closed(1);
    fixture.closed(2);

    fixture.loop.advance(SESSION - 1);
    assertThat(beat(2)).isZero();
    fixture.loop.advance(1);
    assertThat(beat(2)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());
  }

  @Test
  void whenOthersComeBackLater_whoDoesNotIsPutOut() {
    stable(3);
    heartbeats(0, 1, 2);
    fixture.closed(1);
    fixture.closed(2);
    fixture.loop.advance(2 * HEARTBEAT);
    fixture.connection = 77;
    assertThat(fixture.heartbeat(members.get(1), generation)).isZero();

    fixture.loop.advance(1_000);
    assertThat(beat(2)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());
    assertThat(beat(0)).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
  }

  @Test
  void whenTheCoordinatorTurnedRequestsAway_nobodyIsGoneForIt() {
    stable(2);
    heartbeats(0, 1);
    fixture.log.lead(false);
    assertThat(beat(0)).isEqualTo(ErrorCode.NOT_COORDINATOR.code());
    fixture.closed(1); // it looks for the coordinator elsewhere
    fixture.log.lead(true);

    fixture.loop.advance(SESSION - 1);
    assertThat(beat(1)).isZero();
  }

  @Test
  void whenAsManyAreHereAsAreGone_theyArePutOut() {
    stable(4);
    heartbeats(0, 1, 2, 3);
    fixture.closed(1);
    fixture.closed(2);

    fixture.loop.advance(HEARTBEAT + HEARTBEAT / 2);
    ClassicGroup group = (ClassicGroup) Objects.requireNonNull(fixture.shard().group(GROUP));
    assertThat(group.members.keySet()).containsExactlyInAnyOrder(members.get(2), members.get(3));
  }

  @Test
  void staticMember_keepsItsSession() {
    stable(1);
    fixture.connection = 9;
    CompletableFuture<JoinGroupResponse> joining =
        fixture.join(9, joining("").groupInstanceId("i").build());
    settle(List.of(0), joining);
    heartbeats(0);
    fixture.closed(9);

    fixture.loop.advance(SESSION / 2);
    assertThat(beat(0)).isZero();
    fixture.loop.advance(SESSION / 2);
    assertThat(beat(0)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());
  }

  @Test
  void memberOfKafkaStreams_keepsItsSession() {
    fixture.connection = 1;
    String one = fixture.now(fixture.join(9, streams(""))).memberId();
    fixture.now(fixture.join(9, streams(one)));
    fixture.connection = 2;
    String two = fixture.now(fixture.join(9, streams(""))).memberId();
    CompletableFuture<JoinGroupResponse> joining = fixture.join(9, streams(two));
    fixture.connection = 1;
    fixture.now(fixture.join(9, streams(one)));
    fixture.now(joining);
    assertThat(fixture.heartbeat(one, 2)).isZero();
    fixture.closed(1);

    fixture.loop.advance(SESSION - 1);
    fixture.connection = 2;
    assertThat(fixture.heartbeat(two, 2)).isZero();
  }

  private static JoinGroupRequest streams(String memberId) {
    return joining(memberId)
        .protocols(
            List.of(new JoinGroupRequestProtocol("stream", GroupFixture.subscription("orders"))))
        .build();
  }

  @Test
  void memberThatWaitsToJoin_isNotWaitedForWhenItCannotHearTheAnswer() {
    stable(3);
    heartbeats(0, 1, 2);
    fixture.connection = 1;
    fixture.join(9, joining(members.get(0)).build());
    fixture.connection = 2;
    CompletableFuture<JoinGroupResponse> waiting = fixture.join(9, joining(members.get(1)).build());
    fixture.closed(1);
    fixture.loop.advance(HEARTBEAT + HEARTBEAT / 2);
    assertThat(waiting).isNotDone(); // for the third
    fixture.connection = 3;
    JoinGroupResponse third = fixture.now(fixture.join(9, joining(members.get(2)).build()));

    assertThat(fixture.now(waiting).errorCode()).isZero();
    ClassicGroup group = (ClassicGroup) Objects.requireNonNull(fixture.shard().group(GROUP));
    assertThat(group.members.keySet()).containsExactlyInAnyOrder(members.get(1), third.memberId());
  }

  @Test
  void leaderThatWasToAssign_isReplaced() {
    stable(2);
    heartbeats(0, 1);
    rejoin(0, 1);
    fixture.connection = 2;
    CompletableFuture<SyncGroupResponse> waiting =
        fixture.sync(members.get(1), generation, Map.of());
    fixture.closed(1);

    fixture.loop.advance(HEARTBEAT + HEARTBEAT / 2);
    assertThat(fixture.now(waiting).errorCode()).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());
    assertThat(beat(0)).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
  }

  @Test
  void memberThatWaitsOnABrokenConnection_isHeldNoLongerThanItsSession() {
    stable(3);
    heartbeats(0, 1, 2);
    for (int i = 0; i < 2; i++) {
      fixture.connection = i + 1L;
      fixture.join(9, joining(members.get(i)).build());
    }
    fixture.closed(1);
    fixture.closed(2); // most are gone: nobody is put out for it
    fixture.loop.advance(SESSION / 2);
    assertThat(beat(2)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());
    fixture.loop.advance(SESSION / 2);

    ClassicGroup group = (ClassicGroup) Objects.requireNonNull(fixture.shard().group(GROUP));
    assertThat(group.members.keySet()).containsExactly(members.get(2));
  }

  @Test
  void coordinatorThatTookOver_knowsNoConnections() {
    stable(2);
    heartbeats(0, 1);
    fixture.failOver();
    fixture.closed(1);

    fixture.loop.advance(SESSION - 1);
    assertThat(beat(1)).isZero();
  }

  @Test
  void classicMemberOfAConsumerGroup_isPutOutToo() {
    stable(2);
    heartbeats(0, 1);
    fixture.beatBy(3, first("new").build());
    assertThat(fixture.consumerGroup().members()).hasSize(3);
    fixture.closed(1); // what was heard before the group changed its protocol counts
    fixture.loop.advance(HEARTBEAT + HEARTBEAT / 2);

    assertThat(fixture.consumerGroup().members()).containsOnlyKeys(members.get(1), "new");
    fixture.closed(3);
    fixture.loop.advance(2_000);
    assertThat(fixture.shard().group(GROUP)).isInstanceOf(ClassicGroup.class);
  }

  // ---- short words

  /** A stable classic group; the members speak by connections 1, 2 and so on. */
  private void stable(int count) {
    for (int i = 0; i < count; i++) {
      fixture.connection = i + 1L;
      CompletableFuture<JoinGroupResponse> joining = fixture.joinNew();
      settle(IntStream.range(0, i).boxed().toList(), joining);
    }
  }

  private void settle(List<Integer> others, CompletableFuture<JoinGroupResponse> joining) {
    long newcomers = fixture.connection;
    for (int other : others) {
      fixture.connection = other + 1L;
      fixture.join(9, joining(members.get(other)).build());
    }
    JoinGroupResponse joined = fixture.now(joining);
    generation = joined.generationId();
    members.add(joined.memberId());
    for (int i = 0; i < members.size(); i++) {
      fixture.connection = i < members.size() - 1 ? i + 1 : newcomers;
      fixture.sync(members.get(i), generation, Map.of(members.get(i), "part"));
    }
  }

  private void rejoin(int... which) {
    List<CompletableFuture<JoinGroupResponse>> answers = new ArrayList<>();
    for (int member : which) {
      fixture.connection = member + 1L;
      answers.add(fixture.join(9, joining(members.get(member)).build()));
    }
    answers.forEach(answer -> generation = fixture.now(answer).generationId());
  }

  /** Three heartbeats of each, by which their habit is known. */
  private void heartbeats(int... which) {
    for (int i = 0; i < 3; i++) {
      fixture.loop.advance(i == 0 ? 0 : HEARTBEAT);
      for (int member : which) {
        assertThat(beat(member)).isZero();
      }
    }
  }

  private short beat(int member) {
    fixture.connection = member + 1L;
    return fixture.heartbeat(members.get(member), generation);
  }
}
