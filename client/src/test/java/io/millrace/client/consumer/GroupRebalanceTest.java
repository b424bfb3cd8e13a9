package io.millrace.client.consumer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.ConsumerRecord;
import io.millrace.client.RebalanceListener;
import io.millrace.client.TopicPartition;
import io.millrace.client.consumer.GroupHarness.Member;
import io.millrace.client.simulated.FakeBrokers;
import io.millrace.client.simulated.FakeGroup;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.message.OffsetCommitRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a member of a group takes and gives up partitions, rule by rule, in simulated time. */
@Timeout(60)
class GroupRebalanceTest {

  private final GroupHarness harness = new GroupHarness(4, 7);
  private final FakeBrokers brokers = harness.brokers;
  private final FakeGroup group = brokers.group;

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
    Member one = harness.alone();
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

  @Test
  void revokedPartitions_areReportedAtOnce_becauseOthersWait() {
    // given
    Member one = harness.alone();
    harness.journal.clear();
    Member two = harness.subscribed(builder -> builder);
    harness.pollUntil(() -> saw("revoked"), 20, one, two);
    long revoked = harness.loop.monotonicNanos();

    // when
    harness.pollUntil(
        () -> {
          List<String> since = harness.journal;
          return since.subList(indexOf(since, "revoked"), since.size()).stream()
              .anyMatch(each -> each.startsWith("owns"));
        },
        5,
        one,
        two);

    // then: not with the next heartbeat, of which there are two in a second
    assertThat(harness.loop.monotonicNanos() - revoked).isLessThan(50_000_000L);
  }

  private boolean saw(String prefix) {
    return harness.journal.stream().anyMatch(each -> each.startsWith(prefix));
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
    Member one = harness.alone();
    brokers.fault =
        (port, request) ->
            request instanceof OffsetCommitRequest commit
                ? CompletableFuture.completedFuture(
                    FakeBrokers.answerTo(commit, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS))
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
    Member one = harness.alone();
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
  void partitionsThatTheApplicationMayTakeAtAnyMoment_areFreeForNobodyElse() {
    // given: one has been given everything, and has not come to take it
    brokers.produce(8);
    Member one = harness.subscribed(builder -> builder);
    harness.loop.advanceUntil(() -> group.grantedTo(idOf(one)).size() == 4, 5);
    AtomicInteger losses =
        harness.spoil(
            1,
            ConsumerGroupHeartbeatRequest.class,
            lost -> CompletableFuture.failedFuture(new IllegalStateException("cut")));
    harness.loop.advanceUntil(() -> losses.get() <= 0, 5);

    // when: its next heartbeat says all that it has, and another member waits for a part of it
    Member two = harness.subscribed(builder -> builder);
    long end = harness.loop.monotonicNanos() + 3 * GroupHarness.SECOND;
    harness.pollUntil(() -> harness.loop.monotonicNanos() > end, 5, two);

    // then
    assertThat(two.consumer().assignment()).isEmpty();
    harness.pollUntil(
        () -> one.consumer().assignment().size() == 2 && two.consumer().assignment().size() == 2,
        5,
        one,
        two);
  }

  private static String idOf(Member member) {
    return member.consumer().memberIdentity().memberId();
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
    Member first = harness.alone();
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
            GroupHarness.onRevoked(
                () -> {
                  one.consumer().commitSync();
                  try {
                    one.consumer().poll(Duration.ZERO);
                  } catch (IllegalStateException refused) {
                    polls.add("refused");
                  }
                }));
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
  void pausedPartition_staysPaused_whenOthersMove() {
    // given
    Member one = harness.alone();
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
}
