package io.millrace.replication;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.log.EpochEnd;
import io.millrace.log.simulated.Batches;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.protocol.ErrorCode;
import io.millrace.replication.delayed.DelayedFetch;
import io.millrace.replication.leader.IsrAnswer;
import io.millrace.replication.leader.IsrProposal;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LeaderPartitionTest {

  private final Fixture node = new Fixture();

  @Test
  void acksAll_isAnsweredWhenEveryInSyncReplicaHasItOnDisk() {
    node.state(1, 0, 0, 1, 2, 3);
    CompletableFuture<ProduceResult> produced = node.produce(-1, "a", "b");
    node.runAll();

    node.fetch(2, 2, 0, 0);
    assertThat(produced).isNotDone();
    node.fetch(3, 2, 0, 0);

    assertThat(produced.join().error()).isEqualTo(ErrorCode.NONE);
    assertThat(produced.join().baseOffset()).isZero();
    assertThat(node.log.highWatermark()).isEqualTo(2);
  }

  @Test
  void acksAll_leadersOwnDiskIsSlow_waitsForIt() {
    node.state(1, 0, 0, 1, 2, 3);
    CompletableFuture<ProduceResult> produced = node.produce(-1, "a");
    node.runAppends();
    node.fetch(2, 1, 0, 0);
    node.fetch(3, 1, 0, 0);
    assertThat(produced).isNotDone();

    node.runAll();

    assertThat(produced.join().error()).isEqualTo(ErrorCode.NONE);
  }

  @Test
  void acksOne_isAnsweredWhenTheLeaderHasItOnDisk() {
    node.state(1, 0, 0, 1, 2, 3);
    CompletableFuture<ProduceResult> produced = node.produce(1, "a");
    node.runAppends();
    assertThat(produced).isNotDone();

    node.runAll();

    assertThat(produced.join().error()).isEqualTo(ErrorCode.NONE);
    assertThat(node.log.highWatermark()).isZero();
  }

  @Test
  void followerThatLedInBetween_asksBeforeTheOldRoleHasEnded_isToldWhereItDiverges() {
    // given: this broker led epoch 1, broker 2 then led epoch 2 unknown to this one
    node.state(1, 1, 0, 1, 2);
    CompletableFuture<ProduceResult> produced = node.produce(-1, "a");
    node.runAll();
    List<ReadResult> reads = new ArrayList<>();
    var asked = produced.whenComplete((result, failure) -> reads.add(node.fetch(2, 2, 3, 2)));

    // when
    node.state(1, 3, 1, 1, 2);

    // then
    assertThat(asked).isCompleted();
    assertThat(reads).hasSize(1);
    assertThat(reads.get(0).error()).isEqualTo(ErrorCode.NONE);
    assertThat(reads.get(0).diverging()).isEqualTo(new EpochEnd(1, 1));
  }

  @Test
  void produceBehindTheFirstRole_isAppended() {
    // given: the role is on its way to the append loop
    node.partition.apply(
        new PartitionImage(0, List.of(1, 2, 3), List.of(1, 2), 1, 0, 0), target -> {});

    // when
    CompletableFuture<ProduceResult> produced = node.produce(1, "a");
    node.runAll();

    // then
    assertThat(produced.join().error()).isEqualTo(ErrorCode.NONE);
  }

  @Test
  void shorterTimeoutBehindALongerOne_endsInItsOwnTime() {
    node.state(1, 0, 0, 1, 2, 3);
    CompletableFuture<ProduceResult> patient =
        node.partition.append(Batches.of(1, "a"), (short) -1, 30_000, -1);
    CompletableFuture<ProduceResult> hasty =
        node.partition.append(Batches.of(1, "b"), (short) -1, 100, -1);
    node.runAll();

    node.clock.advanceMillis(101);
    node.runAll();

    assertThat(hasty.join().error()).isEqualTo(ErrorCode.REQUEST_TIMED_OUT);
    assertThat(patient).isNotDone();
    node.clock.advanceMillis(30_000);
    node.runAll();
    assertThat(patient.join().error()).isEqualTo(ErrorCode.REQUEST_TIMED_OUT);
  }

  @Test
  void acksAll_tooFewInSync_isRefusedBeforeTheAppend() {
    node.state(1, 0, 0, 1);

    CompletableFuture<ProduceResult> produced = node.produce(-1, "a");
    node.runAll();

    assertThat(produced.join().error()).isEqualTo(ErrorCode.NOT_ENOUGH_REPLICAS);
    assertThat(node.log.logEndOffset()).isZero();
  }

  @Test
  void minInSyncAboveTheNumberOfReplicas_asksForAllOfThem() {
    node.minInSync = 5;
    node.state(1, 0, 0, 1, 2, 3);
    CompletableFuture<ProduceResult> all = node.produce(-1, "a");
    node.runAll();
    assertThat(node.log.logEndOffset()).isEqualTo(1);
    assertThat(all).isNotDone();

    node.state(1, 0, 1, 1, 2);

    CompletableFuture<ProduceResult> two = node.produce(-1, "b");
    node.runAll();
    assertThat(two.join().error()).isEqualTo(ErrorCode.NOT_ENOUGH_REPLICAS);
    assertThat(two.join().reason()).contains("min.insync.replicas=3");
  }

  @Test
  void acksAll_setShrinksAfterTheAppend_isAnsweredSo() {
    node.state(1, 0, 0, 1, 2);
    CompletableFuture<ProduceResult> produced = node.produce(-1, "a");
    node.runAll();

    node.state(1, 0, 1, 1);

    assertThat(produced.join().error()).isEqualTo(ErrorCode.NOT_ENOUGH_REPLICAS_AFTER_APPEND);
  }

  @Test
  void acksAll_noAnswerInTime_timesOut() {
    node.state(1, 0, 0, 1, 2, 3);
    CompletableFuture<ProduceResult> produced = node.produce(-1, "a");
    node.runAll();

    node.clock.advanceMillis(1_001);
    node.runAll();

    assertThat(produced.join().error()).isEqualTo(ErrorCode.REQUEST_TIMED_OUT);
  }

  @Test
  void lostLeadership_failsEverythingThatWaits() {
    node.state(1, 0, 0, 1, 2, 3);
    CompletableFuture<ProduceResult> produced = node.produce(-1, "a");
    node.runAll();

    node.state(2, 1, 1, 2, 3);

    assertThat(produced.join().error()).isEqualTo(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    assertThat(node.consume(0).error()).isEqualTo(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    assertThat(node.consume(0).leaderId()).isEqualTo(2);
  }

  @Test
  void leaseOver_actsAsLeaderNoMore() {
    node.state(1, 0, 0, 1, 2, 3);

    node.leaseValid = false;

    assertThat(node.produce(-1, "a").join().error()).isEqualTo(ErrorCode.NOT_LEADER_OR_FOLLOWER);
    assertThat(node.consume(0).error()).isEqualTo(ErrorCode.NOT_LEADER_OR_FOLLOWER);
  }

  @Test
  void consumer_seesNothingAboveTheHighWatermark() {
    node.state(1, 0, 0, 1, 2, 3);
    node.produce(-1, "a");
    node.runAll();

    ReadResult before = node.consume(0);
    assertThat(before.records().sizeInBytes()).isZero();
    node.fetch(2, 1, 0, 0);
    node.fetch(3, 1, 0, 0);
    ReadResult after = node.consume(0);

    assertThat(Batches.values(after.records())).containsExactly("a");
  }

  @Test
  void follower_mayFetchWhatTheLeaderIsStillFlushing() {
    node.state(1, 0, 0, 1, 2, 3);
    node.produce(-1, "a");
    node.runAppends();

    ReadResult result = node.partition.read(ReadRequest.ofFollower(2, 22, 0, 0, -1, 1 << 20, true));

    assertThat(Batches.values(result.records())).containsExactly("a");
  }

  @Test
  void epochs_olderIsFencedNewerIsUnknown() {
    node.state(1, 5, 0, 1, 2, 3);

    assertThat(node.fetch(2, 0, 4, -1).error()).isEqualTo(ErrorCode.FENCED_LEADER_EPOCH);
    assertThat(node.fetch(2, 0, 6, -1).error()).isEqualTo(ErrorCode.UNKNOWN_LEADER_EPOCH);
  }

  @Test
  void divergentFollower_isToldWhereItsEpochEnds_andCountsForNothing() {
    node.state(1, 0, 0, 1, 2, 3);
    node.produce(1, "a", "b");
    node.runAll();
    node.state(1, 4, 1, 1, 2, 3);

    ReadResult result = node.fetch(2, 9, 4, 3);

    assertThat(result.diverging()).isEqualTo(new EpochEnd(0, 2));
    node.fetch(3, 2, 4, 0);
    assertThat(node.log.highWatermark()).isZero();
  }

  @Test
  void laggingMember_isProposedForRemovalAndCountsUntilThatIsAccepted() {
    node.state(1, 0, 0, 1, 2, 3);
    CompletableFuture<ProduceResult> produced = node.produce(-1, "a");
    node.runAll();
    for (int i = 0; i < 20; i++) {
      node.clock.advanceMillis(1_000);
      node.fetch(2, 1, 0, 0);
      node.runAll();
    }

    assertThat(node.proposals).hasSize(1);
    IsrProposal proposal = node.proposals.get(0).proposal();
    assertThat(proposal.isr()).extracting(IsrProposal.Member::brokerId).containsExactly(1, 2);
    assertThat(node.log.highWatermark()).isZero();
    node.proposals.get(0).answer().complete(new IsrAnswer(ErrorCode.NONE, 0, 1, List.of(1, 2)));
    node.runAll();

    assertThat(node.log.highWatermark()).isEqualTo(1);
    assertThat(produced.join().error())
        .as("its time was over before")
        .isEqualTo(ErrorCode.REQUEST_TIMED_OUT);
  }

  @Test
  void caughtUpReplica_isProposedAndHoldsTheHighWatermarkFromThenOn() {
    node.state(1, 0, 0, 1, 2);
    node.produce(-1, "a");
    node.runAll();
    node.fetch(2, 1, 0, 0);

    node.fetch(3, 1, 0, 0);
    assertThat(node.proposals.get(0).proposal().isr())
        .extracting(IsrProposal.Member::brokerId)
        .containsExactly(1, 2, 3);
    node.produce(-1, "b");
    node.runAll();
    node.fetch(2, 2, 0, 0);

    assertThat(node.log.highWatermark()).as("3 may be in the set already").isEqualTo(1);
  }

  @Test
  void refusedReplica_countsUntilTheControllerHasWrittenAnotherState() {
    node.state(1, 0, 0, 1, 2);
    node.produce(-1, "a");
    node.runAll();
    node.fetch(2, 1, 0, 0);
    node.fetch(3, 1, 0, 0);
    node.proposals.get(0).answer().complete(IsrAnswer.refused(ErrorCode.INELIGIBLE_REPLICA));
    node.produce(-1, "b");
    node.runAll();
    node.fetch(2, 2, 0, 0);
    assertThat(node.log.highWatermark()).isEqualTo(1);

    node.proposals.get(1).answer().complete(new IsrAnswer(ErrorCode.NONE, 0, 1, List.of(1, 2)));
    node.runAll();

    assertThat(node.log.highWatermark()).isEqualTo(2);
  }

  @Test
  void unknownOutcome_isProposedAgain() {
    node.state(1, 0, 0, 1, 2);
    node.fetch(3, 0, 0, -1);
    node.proposals.get(0).answer().completeExceptionally(new IllegalStateException("no answer"));
    node.runAll();

    node.clock.advanceMillis(200);
    node.runAll();

    assertThat(node.proposals).hasSize(2);
    assertThat(node.proposals.get(1).proposal()).isEqualTo(node.proposals.get(0).proposal());
  }

  @Test
  void staleState_changesNothing() {
    node.state(1, 3, 7, 1, 2, 3);

    node.state(2, 2, 6, 2, 3);

    assertThat(node.partition.role().isLeader()).isTrue();
    assertThat(node.partition.role().leaderEpoch()).isEqualTo(3);
  }

  @Test
  void waitingFetches_areWokenByAppendCommitAndLossOfLeadership() {
    node.state(1, 0, 0, 1, 2, 3);
    AtomicInteger follower = new AtomicInteger();
    AtomicInteger consumer = new AtomicInteger();
    AtomicInteger patient = new AtomicInteger();
    await(follower, 1, ReadIsolation.LOG_END);
    await(consumer, 1, ReadIsolation.UNCOMMITTED);
    await(patient, 1_000_000, ReadIsolation.UNCOMMITTED);

    node.produce(-1, "a");
    node.runAll();
    assertThat(follower).hasValue(1);
    assertThat(consumer).hasValue(0);
    node.fetch(2, 1, 0, 0);
    node.fetch(3, 1, 0, 0);
    assertThat(consumer).hasValue(1);
    assertThat(patient).hasValue(0);
    node.state(2, 1, 1, 2, 3);
    assertThat(patient).hasValue(1);
  }

  private void await(AtomicInteger woken, int bytes, ReadIsolation isolation) {
    node.partition.awaitData(new DelayedFetch(bytes, woken::incrementAndGet), isolation, 0);
  }

  @Test
  void latestOffset_newLeaderHasNotConfirmedItsPast_isNotAvailable() {
    node.state(1, 0, 0, 1, 2, 3);
    node.produce(1, "a");
    node.runAll();
    node.state(1, 2, 1, 1, 2, 3);

    assertThat(node.partition.lookupOffset(-1, ReadIsolation.UNCOMMITTED, -1).error())
        .isEqualTo(ErrorCode.OFFSET_NOT_AVAILABLE);
    node.fetch(2, 1, 2, 0);
    node.fetch(3, 1, 2, 0);

    assertThat(node.partition.lookupOffset(-1, ReadIsolation.UNCOMMITTED, -1).offset())
        .isEqualTo(1);
  }
}
