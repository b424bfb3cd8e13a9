package io.millrace.client.consumer;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.ConsumerRecord;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.consumer.GroupHarness.Member;
import io.millrace.client.simulated.FakeBrokers;
import io.millrace.client.simulated.FakeGroup;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.OffsetCommitRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** How a member of a group commits, rule by rule, in simulated time. */
@Timeout(60)
class GroupCommitTest {

  private final GroupHarness harness = new GroupHarness(4, 7);
  private final FakeBrokers brokers = harness.brokers;
  private final FakeGroup group = brokers.group;

  private void refuseCommits(int times, ErrorCode error) {
    harness.spoil(
        times,
        OffsetCommitRequest.class,
        commit -> CompletableFuture.completedFuture(FakeBrokers.answerTo(commit, error)));
  }

  @Test
  void olderCommitThatIsRepeated_neverComesOverANewerOne() {
    // given: the first commit is refused three times
    Member member = harness.alone();
    refuseCommits(3, ErrorCode.COORDINATOR_LOAD_IN_PROGRESS);

    // when
    CompletableFuture<Void> older = GroupHarness.commit(member, 3);
    CompletableFuture<Void> newer = GroupHarness.commit(member, 5);
    harness.loop.advance(5 * GroupHarness.SECOND);

    // then
    assertThat(older).isCompleted();
    assertThat(newer).isCompleted();
    assertThat(group.offsets).hasEntrySatisfying(0, last -> assertThat(last.offset()).isEqualTo(5));
  }

  @Test
  void commit_carriesEpochAndNote_byTopicId() {
    // given
    Member member = harness.alone();

    // when
    GroupHarness.commit(member, 4);
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
    Member member = harness.alone();
    refuseCommits(1, ErrorCode.STALE_MEMBER_EPOCH);

    // when
    CompletableFuture<Void> commit = GroupHarness.commit(member, 6);
    harness.loop.advance(2 * GroupHarness.SECOND);

    // then
    assertThat(commit).isCompleted();
    assertThat(group.offsets).hasEntrySatisfying(0, last -> assertThat(last.offset()).isEqualTo(6));
  }

  @Test
  void autoCommit_commitsAtIntervals_andOnlyNews() {
    // given
    Member member = harness.alone();
    long end = harness.loop.monotonicNanos() + 10 * GroupHarness.SECOND;

    // when
    harness.pollUntil(() -> harness.loop.monotonicNanos() > end, 20, member);

    // then
    assertThat(group.offsets.values()).hasSize(4).allMatch(each -> each.offset() == 10);
    assertThat(harness.journal.stream().filter(each -> each.equals("commit 0=10"))).hasSize(1);
  }

  @Test
  void assignedByHand_startsWhereTheGroupIs_andCommitsWithoutBeingAMember() {
    // given
    Member first = harness.alone();
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
    CompletableFuture<Void> commit = GroupHarness.commit(member, 2);
    harness.loop.advance(GroupHarness.SECOND);

    // then
    assertThat(commit).isCompleted();
    assertThat(group.offsets).hasEntrySatisfying(0, last -> assertThat(last.offset()).isEqualTo(2));
  }
}
