package io.millrace.client.consumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.ConsumerRecord;
import io.millrace.client.MillraceException;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.RebalanceListener;
import io.millrace.client.TopicPartition;
import io.millrace.client.consumer.GroupHarness.Member;
import io.millrace.client.simulated.FakeBrokers;
import io.millrace.client.simulated.FakeGroup;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.message.OffsetCommitRequest;
import io.millrace.protocol.message.ResponseMessage;
import io.millrace.protocol.network.ConnectionException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The rules of a member of a group, one by one, in simulated time. */
@Timeout(60)
class GroupRulesTest {

  private final GroupHarness harness = new GroupHarness(4, 7);
  private final FakeBrokers brokers = harness.brokers;
  private final FakeGroup group = brokers.group;

  private Member alone() {
    brokers.produce(40);
    Member member = harness.subscribed(builder -> builder);
    int read = 0;
    while (read < 40) {
      read += member.consumer().poll(Duration.ofSeconds(5)).count();
    }
    return member;
  }

  @Test
  void firstRecord_comesWithinAFewRoundTrips() {
    // given
    brokers.produce(4);
    long begin = harness.loop.monotonicNanos();
    Member member = harness.subscribed(builder -> builder);

    // when
    member.consumer().poll(Duration.ofSeconds(5));

    // then: each way takes a millisecond
    assertThat(harness.loop.monotonicNanos() - begin).isLessThan(25_000_000L);
  }

  @Test
  void revocation_commits_thenTells_thenAcknowledges() {
    // given
    Member one = alone();
    harness.journal.clear();

    // when
    Member two = harness.subscribed(builder -> builder);
    harness.pollUntil(() -> two.consumer().assignment().size() == 2, 20, one, two);

    // then
    List<String> ofOne =
        harness.journal.stream().filter(each -> !each.startsWith("assigned")).toList();
    int revoked = indexOf(ofOne, "revoked");
    String gone = ofOne.get(revoked);
    for (int partition : GroupHarness.numbers(two.consumer().assignment())) {
      assertThat(gone).contains(String.valueOf(partition));
      assertThat(ofOne.indexOf("commit " + partition + "=10")).isBetween(0, revoked - 1);
    }
    String kept = GroupHarness.numbers(one.consumer().assignment()).toString();
    assertThat(ofOne.indexOf("owns " + kept)).isGreaterThan(revoked);
  }

  private static int indexOf(List<String> journal, String prefix) {
    for (int i = 0; i < journal.size(); i++) {
      if (journal.get(i).startsWith(prefix)) {
        return i;
      }
    }
    throw new AssertionError("no '" + prefix + "' in " + journal);
  }

  @Test
  void revocation_waitsForTheCommit_butNotForever() {
    // given: the coordinator takes heartbeats, and no commits
    Member one = alone();
    brokers.fault =
        (port, request) ->
            request instanceof OffsetCommitRequest commit
                ? CompletableFuture.completedFuture(
                    FakeBrokers.refusedCommit(commit, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS))
                : null;
    brokers.produce(4);
    one.consumer().poll(Duration.ofSeconds(1));
    long begin = harness.loop.monotonicNanos();

    // when
    Member two = harness.subscribed(builder -> builder);
    harness.pollUntil(() -> two.consumer().assignment().size() == 2, 20, one, two);

    // then: three quarters of the rebalance timeout of 8 s
    long waited = harness.loop.monotonicNanos() - begin;
    assertThat(waited).isBetween(5 * GroupHarness.SECOND, 8 * GroupHarness.SECOND);
  }

  @Test
  void partitionsInRevocation_handNothingOver() {
    // given: a commit that is never answered holds the revocation up
    Member one = alone();
    brokers.fault =
        (port, request) ->
            request instanceof OffsetCommitRequest ? new CompletableFuture<>() : null;
    brokers.produce(4);
    one.consumer().poll(Duration.ofSeconds(1));
    Member two = harness.subscribed(builder -> builder);
    harness.pollUntil(() -> group.memberCount() == 2, 5, one, two);
    harness.pollUntil(() -> kept(one).size() == 2, 5, one, two);
    harness.loop.advance(10_000_000); // the coordinator's answer has come

    // when
    brokers.produce(8);
    List<ConsumerRecord<String, String>> read = new ArrayList<>();
    long end = harness.loop.monotonicNanos() + GroupHarness.SECOND;
    read.addAll(harness.pollUntil(() -> harness.loop.monotonicNanos() > end, 5, one));

    // then
    assertThat(read).isNotEmpty().allMatch(record -> kept(one).contains(record.partition()));
  }

  /** What the coordinator lets it keep. */
  private Collection<Integer> kept(Member member) {
    long other = harness.journal.stream().filter(each -> each.equals("join")).count();
    return other < 2 ? List.of() : group.grantedTo(member.consumer().memberIdentity().memberId());
  }

  @Test
  void fencedMember_isTold_andJoinsAgainWithTheSameId() {
    // given
    Member member = alone();
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
    Member member = alone();
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
  void olderCommitThatIsRepeated_neverComesOverANewerOne() {
    // given: the first commit is refused three times
    Member member = alone();
    AtomicInteger refusals = new AtomicInteger(3);
    brokers.fault =
        (port, request) ->
            request instanceof OffsetCommitRequest commit && refusals.getAndDecrement() > 0
                ? CompletableFuture.completedFuture(
                    FakeBrokers.refusedCommit(commit, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS))
                : null;

    // when
    CompletableFuture<Void> older = commit(member, 3);
    CompletableFuture<Void> newer = commit(member, 5);
    harness.loop.advance(5 * GroupHarness.SECOND);

    // then
    assertThat(older).isCompleted();
    assertThat(newer).isCompleted();
    assertThat(group.offsets).hasEntrySatisfying(0, last -> assertThat(last.offset()).isEqualTo(5));
  }

  private static CompletableFuture<Void> commit(Member member, long offset) {
    return member
        .consumer()
        .commitAsync(
            Map.of(GroupHarness.partition(0), new OffsetAndMetadata(offset, 3, "note " + offset)));
  }

  @Test
  void commit_carriesEpochAndNote_byTopicId() {
    // given
    Member member = alone();

    // when
    commit(member, 4);
    harness.loop.advance(GroupHarness.SECOND);

    // then
    assertThat(group.offsets.get(0)).isEqualTo(new FakeGroup.Committed(4, 3, "note 4"));
    assertThat(
            member
                .consumer()
                .committed(List.of(GroupHarness.partition(0)))
                .thenApply(found -> found.get(GroupHarness.partition(0))))
        .satisfies(
            found -> {
              harness.loop.advance(GroupHarness.SECOND);
              assertThat(found.join()).isEqualTo(new OffsetAndMetadata(4, 3, "note 4"));
            });
  }

  @Test
  void staleEpoch_isTriedAgainUnderTheNewOne() {
    // given
    Member member = alone();
    AtomicInteger refusals = new AtomicInteger(1);
    brokers.fault =
        (port, request) ->
            request instanceof OffsetCommitRequest commit && refusals.getAndDecrement() > 0
                ? CompletableFuture.completedFuture(
                    FakeBrokers.refusedCommit(commit, ErrorCode.STALE_MEMBER_EPOCH))
                : null;

    // when
    CompletableFuture<Void> commit = commit(member, 6);
    harness.loop.advance(2 * GroupHarness.SECOND);

    // then
    assertThat(commit).isCompleted();
    assertThat(group.offsets).hasEntrySatisfying(0, last -> assertThat(last.offset()).isEqualTo(6));
  }

  @Test
  void autoCommit_commitsAtIntervals_andOnlyNews() {
    // given
    Member member = alone();
    long end = harness.loop.monotonicNanos() + 10 * GroupHarness.SECOND;

    // when
    harness.pollUntil(() -> harness.loop.monotonicNanos() > end, 20, member);

    // then
    assertThat(group.offsets.values()).hasSize(4).allMatch(each -> each.offset() == 10);
    assertThat(harness.journal.stream().filter(each -> each.equals("commit 0=10"))).hasSize(1);
  }

  @Test
  void close_commits_tells_andLeaves_inThisOrder() {
    // given
    Member member = alone();
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
    Member member = alone();
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
    Member member = alone();

    // when: it dies, for two seconds nobody coordinates, then another does, and loads
    links(false);
    brokers.coordinator = -1;
    int before = brokers.requests + harness.links.connects();
    CompletableFuture<Void> commit = commit(member, 9);
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

  private void links(boolean up) {
    if (up) {
      harness.links.up(9091);
    } else {
      harness.links.down(9091);
    }
  }

  @Test
  void coordinatorThatStaysAway_isNotAskedInABusyLoop() {
    // given
    Member member = alone();
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
    Member member = alone();
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
    Member member = alone();
    harness.loop.advance(3 * GroupHarness.SECOND);
    ConsumerGroupHeartbeatRequest usual = lastHeartbeat();

    // when: one is lost on its way
    AtomicInteger losses = new AtomicInteger(1);
    brokers.fault =
        (port, request) ->
            request instanceof ConsumerGroupHeartbeatRequest && losses.getAndDecrement() > 0
                ? CompletableFuture.failedFuture(new IllegalStateException("cut"))
                : null;
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
  void topicsOfAPattern_areLearntByTheirIds() {
    // given: nobody here has heard the topic's name
    brokers.produce(4);
    Member member = harness.member(builder -> builder);

    // when
    member.consumer().subscribePattern("ord.*", harness.listener());
    List<ConsumerRecord<String, String>> read = new ArrayList<>();
    member.consumer().poll(Duration.ofSeconds(5)).forEach(read::add);

    // then
    assertThat(read).isNotEmpty();
    assertThat(member.consumer().assignment()).hasSize(4);
  }

  @Test
  void seekInTheListener_winsOverTheCommittedOffset() {
    // given
    Member first = alone();
    first.consumer().close();
    Member next = harness.member(builder -> builder);

    // when
    next.consumer()
        .subscribe(
            List.of(FakeBrokers.TOPIC),
            new RebalanceListener() {
              @Override
              public void onAssigned(Collection<TopicPartition> partitions) {
                partitions.forEach(partition -> next.consumer().seek(partition, 7));
              }
            });
    List<ConsumerRecord<String, String>> read = new ArrayList<>();
    while (read.size() < 12) {
      next.consumer().poll(Duration.ofSeconds(5)).forEach(read::add);
    }

    // then
    assertThat(read).hasSize(12).allMatch(record -> record.offset() >= 7);
  }

  @Test
  void listenerThatThrows_endsThePoll_afterTheChange() {
    // given
    Member member = harness.member(builder -> builder);
    member
        .consumer()
        .subscribe(
            List.of(FakeBrokers.TOPIC),
            new RebalanceListener() {
              @Override
              public void onAssigned(Collection<TopicPartition> partitions) {
                throw new IllegalArgumentException("not today");
              }
            });

    // when, then
    assertThatThrownBy(() -> member.consumer().poll(Duration.ofSeconds(5)))
        .hasMessageContaining("not today");
    assertThat(member.consumer().assignment()).hasSize(4);
    member.consumer().poll(Duration.ZERO);
  }

  @Test
  void listener_canCommitWhatItGivesUp_butNotPoll() {
    // given
    brokers.produce(40);
    List<String> polls = new ArrayList<>();
    Member one = harness.member(builder -> builder.autoCommit(false));
    one.consumer()
        .subscribe(
            List.of(FakeBrokers.TOPIC),
            new RebalanceListener() {
              @Override
              public void onRevoked(Collection<TopicPartition> partitions) {
                one.consumer().commitSync();
                try {
                  one.consumer().poll(Duration.ZERO);
                } catch (IllegalStateException refused) {
                  polls.add("refused");
                }
              }
            });
    int read = 0;
    while (read < 40) {
      read += one.consumer().poll(Duration.ofSeconds(5)).count();
    }

    // when
    Member two = harness.subscribed(builder -> builder);
    List<ConsumerRecord<String, String>> again =
        harness.pollUntil(() -> two.consumer().assignment().size() == 2, 20, one, two);

    // then
    assertThat(group.offsets.values()).hasSize(4).allMatch(each -> each.offset() == 10);
    assertThat(again).isEmpty();
    assertThat(polls).containsExactly("refused");
  }

  @Test
  void assignedByHand_startsWhereTheGroupIs_andCommitsWithoutBeingAMember() {
    // given
    Member first = alone();
    first.consumer().close();
    brokers.produce(4);

    // when
    Member byHand = harness.member(builder -> builder);
    byHand.consumer().assign(List.of(GroupHarness.partition(2)));
    List<ConsumerRecord<String, String>> read = new ArrayList<>();
    byHand.consumer().poll(Duration.ofSeconds(5)).forEach(read::add);
    byHand.consumer().close();

    // then
    assertThat(read).extracting(ConsumerRecord::offset).containsExactly(10L);
    assertThat(group.offsets)
        .hasEntrySatisfying(2, last -> assertThat(last.offset()).isEqualTo(11));
  }

  @Test
  void commit_ofATopicThatNobodyHereKnows_goesByName() {
    // given
    Member member = harness.member(builder -> builder);

    // when
    CompletableFuture<Void> commit = commit(member, 2);
    harness.loop.advance(GroupHarness.SECOND);

    // then
    assertThat(commit).isCompleted();
    assertThat(group.offsets).hasEntrySatisfying(0, last -> assertThat(last.offset()).isEqualTo(2));
  }

  @Test
  void pausedPartition_staysPaused_whenOthersMove() {
    // given
    Member one = alone();
    one.consumer().pause(one.consumer().assignment());
    Member two = harness.subscribed(builder -> builder);
    harness.pollUntil(() -> two.consumer().assignment().size() == 2, 20, one, two);

    // when
    brokers.produce(8);
    List<ConsumerRecord<String, String>> read =
        harness.pollUntil(
            () -> two.consumer().position(two.consumer().assignment().iterator().next()) == 12,
            5,
            one,
            two);

    // then
    assertThat(one.consumer().paused()).hasSize(2);
    Collection<Integer> ofTwo = GroupHarness.numbers(two.consumer().assignment());
    assertThat(read).allMatch(record -> ofTwo.contains(record.partition()));
  }

  @Test
  void heartbeatWithoutAnAnswer_isGivenUp_andTheMemberStays() {
    // given: a heartbeat that is never answered is given up, and the member stays in
    Member member = alone();
    AtomicInteger silent = new AtomicInteger(1);
    brokers.fault =
        (port, request) ->
            request instanceof ConsumerGroupHeartbeatRequest && silent.getAndDecrement() > 0
                ? new CompletableFuture<ResponseMessage>()
                : null;

    // when
    harness.loop.advance(9 * GroupHarness.SECOND);

    // then
    assertThat(group.memberCount()).isEqualTo(1);
    assertThat(member.consumer().assignment()).hasSize(4);
  }
}
