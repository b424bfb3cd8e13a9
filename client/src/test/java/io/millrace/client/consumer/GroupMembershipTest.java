package io.millrace.client.consumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.MillraceException;
import io.millrace.client.consumer.GroupHarness.Member;
import io.millrace.client.simulated.FakeBrokers;
import io.millrace.client.simulated.FakeGroup;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.network.ConnectionException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a member stays in its group, leaves it and comes back, rule by rule, in simulated time. */
@Timeout(60)
class GroupMembershipTest {

  private final GroupHarness harness = new GroupHarness(4, 7);
  private final FakeBrokers brokers = harness.brokers;
  private final FakeGroup group = brokers.group;

  @Test
  void fencedMember_isTold_andJoinsAgainWithTheSameId() {
    // given
    Member member = harness.alone();
    String id = member.consumer().memberIdentity().memberId();
    harness.journal.clear();

    // when
    group.expel(id);
    harness.pollUntil(() -> group.isMember(id), 20, member);
    harness.pollUntil(() -> member.consumer().assignment().size() == 4, 20, member);

    // then
    assertThat(harness.journal)
        .containsSubsequence("expelled", "lost [0, 1, 2, 3]", "join", "assigned [0, 1, 2, 3]");
  }

  @Test
  void memberThatIsNotPolled_doesNotJoinAgain_beforeItKnowsOfItsLoss() {
    // given
    Member member = harness.alone();
    String id = member.consumer().memberIdentity().memberId();

    // when
    group.expel(id);
    harness.loop.advance(5 * GroupHarness.SECOND);

    // then
    assertThat(group.isMember(id)).isFalse();
    assertThatThrownBy(() -> member.consumer().commitSync())
        .isInstanceOfSatisfying(
            MillraceException.class,
            refused -> assertThat(refused.error()).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID));
    assertThat(group.offsets.values()).allMatch(committed -> committed.offset() <= 10);
  }

  @Test
  void close_commits_tells_andLeaves_inThisOrder() {
    // given
    Member member = harness.alone();
    harness.journal.clear();

    // when
    member.consumer().close();

    // then
    assertThat(harness.journal)
        .containsSubsequence("commit 3=10", "revoked [0, 1, 2, 3]", "leave -1");
    assertThat(group.memberCount()).isZero();
  }

  @Test
  void closeOfAStaticMember_saysThatItWillBeBack_andItsPartitionsWait() {
    // given
    Member first = harness.subscribed(builder -> builder.groupInstanceId("one"));
    harness.pollUntil(() -> first.consumer().assignment().size() == 4, 10, first);

    // when
    first.consumer().close();
    Member other = harness.subscribed(builder -> builder.groupInstanceId("other"));
    harness.pollUntil(() -> group.memberCount() == 1, 10, other);

    // then
    assertThat(harness.journal).contains("leave -2");
    assertThat(other.consumer().assignment()).isEmpty();
    Member again = harness.subscribed(builder -> builder.groupInstanceId("one"));
    harness.pollUntil(
        () ->
            again.consumer().assignment().size() == 2 && other.consumer().assignment().size() == 2,
        20,
        again,
        other);
  }

  @Test
  void close_takesNoLongerThanItsTime_whenTheCoordinatorIsSilent() {
    // given
    Member member = harness.alone();
    brokers.produce(4);
    member.consumer().poll(Duration.ofSeconds(1));
    brokers.fault = (port, request) -> new CompletableFuture<>();
    long begin = harness.loop.monotonicNanos();

    // when
    member.consumer().close(Duration.ofSeconds(3));

    // then
    assertThat(harness.loop.monotonicNanos() - begin)
        .isLessThanOrEqualTo(3 * GroupHarness.SECOND + 1);
    assertThat(harness.journal).contains("revoked [0, 1, 2, 3]");
  }

  @Test
  void instanceIdThatIsStillInUse_isWaitedFor() {
    // given: killed, its session goes on for a while
    Member first = harness.subscribed(builder -> builder.groupInstanceId("one"));
    harness.pollUntil(() -> first.consumer().assignment().size() == 4, 10, first);
    first.kill(harness.loop);

    // when
    Member again = harness.subscribed(builder -> builder.groupInstanceId("one"));
    harness.pollUntil(() -> again.consumer().assignment().size() == 4, 20, again);

    // then
    assertThat(harness.journal).contains("expelled");
  }

  @Test
  void errorThatStays_isReportedByEachPoll_untilSubscribedAgain() {
    // given
    brokers.fault =
        (port, request) ->
            request instanceof ConsumerGroupHeartbeatRequest
                ? CompletableFuture.completedFuture(
                    FakeGroup.error(ErrorCode.GROUP_AUTHORIZATION_FAILED))
                : null;
    Member member = harness.subscribed(builder -> builder);

    // when, then
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> member.consumer().poll(Duration.ofSeconds(5)))
          .isInstanceOf(MillraceException.class)
          .hasMessageContaining("GROUP_AUTHORIZATION_FAILED");
    }
    brokers.fault = (port, request) -> null;
    member.consumer().subscribe(List.of(FakeBrokers.TOPIC));
    harness.pollUntil(() -> member.consumer().assignment().size() == 4, 10, member);
  }

  @Test
  void brokerWithoutTheProtocol_isNamed() {
    // given
    brokers.fault =
        (port, request) ->
            request instanceof ConsumerGroupHeartbeatRequest
                ? CompletableFuture.failedFuture(
                    new ConnectionException(
                        ConnectionException.Kind.UNSUPPORTED_VERSION, "no common version"))
                : null;
    Member member = harness.subscribed(builder -> builder);

    // when, then
    assertThatThrownBy(() -> member.consumer().poll(Duration.ofSeconds(5)))
        .isInstanceOf(MillraceException.class)
        .hasMessageContaining("KIP-848");
  }

  @Test
  void coordinatorThatMoves_isFoundFast_andNothingIsLost() {
    // given
    Member member = harness.alone();

    // when: it dies, for two seconds nobody coordinates, then another does, and loads
    harness.links.down(9091);
    brokers.coordinator = -1;
    int before = brokers.requests + harness.links.connects();
    CompletableFuture<Void> commit = GroupHarness.commit(member, 9);
    harness.loop.advance(2 * GroupHarness.SECOND);
    brokers.coordinator = 2;
    brokers.loading = true;
    harness.loop.advance(GroupHarness.SECOND);
    brokers.loading = false;
    long up = harness.loop.monotonicNanos();
    harness.loop.advanceUntil(commit::isDone, 2);

    // then
    assertThat(commit).isCompleted();
    assertThat(harness.loop.monotonicNanos() - up).isLessThan(600_000_000L);
    assertThat(brokers.requests + harness.links.connects() - before).isLessThan(150);
    assertThat(harness.journal).doesNotContain("lost [0, 1, 2, 3]");
  }

  @Test
  void coordinatorThatStaysAway_isNotAskedInABusyLoop() {
    // given
    Member member = harness.alone();
    for (int port = 9090; port < 9093; port++) {
      harness.links.down(port);
    }
    int before = harness.links.connects();

    // when
    harness.loop.advance(60 * GroupHarness.SECOND);

    // then: three brokers, each tried about once a second
    assertThat(harness.links.connects() - before).isBetween(10, 400);
    for (int port = 9090; port < 9093; port++) {
      harness.links.up(port);
    }
    harness.pollUntil(() -> member.consumer().assignment().size() == 4, 30, member);
  }

  @Test
  void idleMember_sendsHeartbeatsAndNothingElse() {
    // given
    Member member = harness.alone();
    member.consumer().pause(member.consumer().assignment());
    long end = harness.loop.monotonicNanos() + 2 * GroupHarness.SECOND;
    harness.pollUntil(() -> harness.loop.monotonicNanos() > end, 5, member);
    brokers.seen.clear();

    // when
    harness.loop.advance(10 * GroupHarness.SECOND);

    // then: every 500 ms
    assertThat(brokers.seen)
        .allMatch(request -> request instanceof ConsumerGroupHeartbeatRequest)
        .hasSizeBetween(18, 22);
  }

  @Test
  void heartbeat_saysOnlyWhatChanged_andEverythingAfterAFailure() {
    // given
    Member member = harness.alone();
    harness.loop.advance(3 * GroupHarness.SECOND);
    ConsumerGroupHeartbeatRequest usual = lastHeartbeat();

    // when: one is lost on its way
    AtomicInteger losses =
        harness.spoil(
            1,
            ConsumerGroupHeartbeatRequest.class,
            lost -> CompletableFuture.failedFuture(new IllegalStateException("cut")));
    harness.loop.advanceUntil(() -> losses.get() <= 0, 5);
    long untilLost = heartbeatsSeen();
    harness.loop.advanceUntil(() -> heartbeatsSeen() > untilLost, 5);
    ConsumerGroupHeartbeatRequest repeated = lastHeartbeat();

    // then
    assertThat(usual.topicPartitions()).isNull();
    assertThat(usual.subscribedTopicNames()).isNull();
    assertThat(usual.rebalanceTimeoutMs()).isEqualTo(-1);
    assertThat(repeated.topicPartitions()).isNotEmpty();
    assertThat(repeated.subscribedTopicNames()).containsExactly(FakeBrokers.TOPIC);
    assertThat(repeated.rebalanceTimeoutMs()).isEqualTo(8000);
    assertThat(repeated.memberEpoch()).isEqualTo(usual.memberEpoch());
    assertThat(member.consumer().assignment()).hasSize(4);
  }

  private long heartbeatsSeen() {
    return brokers.seen.stream().filter(ConsumerGroupHeartbeatRequest.class::isInstance).count();
  }

  private ConsumerGroupHeartbeatRequest lastHeartbeat() {
    for (int i = brokers.seen.size() - 1; i >= 0; i--) {
      if (brokers.seen.get(i) instanceof ConsumerGroupHeartbeatRequest heartbeat) {
        return heartbeat;
      }
    }
    throw new AssertionError("no heartbeat");
  }

  @Test
  void memberThatDoesNotPoll_leaves_isTold_andComesBack() {
    // given
    brokers.produce(4);
    Member lazy = harness.subscribed(builder -> builder.maxPollInterval(Duration.ofSeconds(3)));
    harness.pollUntil(() -> lazy.consumer().assignment().size() == 4, 10, lazy);

    // when
    harness.loop.advance(4 * GroupHarness.SECOND);

    // then
    assertThat(group.memberCount()).isZero();
    harness.pollUntil(() -> group.memberCount() == 1, 10, lazy);
    harness.pollUntil(() -> lazy.consumer().assignment().size() == 4, 10, lazy);
    assertThat(harness.journal)
        .containsSubsequence("leave -1", "lost [0, 1, 2, 3]", "join", "assigned [0, 1, 2, 3]");
  }

  @Test
  void heartbeatWithoutAnAnswer_isGivenUp_andTheMemberStays() {
    // given: a heartbeat that is never answered is given up, and the member stays in
    Member member = harness.alone();
    harness.spoil(1, ConsumerGroupHeartbeatRequest.class, lost -> new CompletableFuture<>());

    // when
    harness.loop.advance(9 * GroupHarness.SECOND);

    // then
    assertThat(group.memberCount()).isEqualTo(1);
    assertThat(member.consumer().assignment()).hasSize(4);
  }
}
