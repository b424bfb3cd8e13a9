package io.millrace.replication.leader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.log.TopicPartitionId;
import io.millrace.protocol.Uuid;
import java.util.List;
import org.junit.jupiter.api.Test;

class InSyncReplicasTest {

  private static final TopicPartitionId ID = new TopicPartitionId(new Uuid(1, 2), "t", 0);

  private static IsrProposal proposal(int partitionEpoch, int... brokers) {
    return new IsrProposal(
        ID,
        3,
        partitionEpoch,
        java.util.Arrays.stream(brokers).mapToObj(b -> new IsrProposal.Member(b, 1)).toList());
  }

  @Test
  void proposedAddition_countsBeforeItIsAccepted() {
    InSyncReplicas isr = new InSyncReplicas(List.of(1), 5);

    isr.propose(proposal(5, 1, 2));

    assertThat(isr.isInMaximalSet(2)).isTrue();
    assertThat(isr.accepted()).containsExactly(1);
  }

  @Test
  void proposedRemoval_countsUntilItIsAccepted() {
    InSyncReplicas isr = new InSyncReplicas(List.of(1, 2), 5);

    isr.propose(proposal(5, 1));
    assertThat(isr.isInMaximalSet(2)).isTrue();

    assertThat(isr.accept(List.of(1), 6)).isTrue();
    assertThat(isr.isInMaximalSet(2)).isFalse();
  }

  @Test
  void refusedAddition_countsUntilTheEpochHasMovedOn() {
    InSyncReplicas isr = new InSyncReplicas(List.of(1), 5);
    isr.propose(proposal(5, 1, 2));

    isr.replaceRefused(proposal(5, 1));
    assertThat(isr.isInMaximalSet(2)).as("an earlier sending may still be accepted").isTrue();

    isr.accept(List.of(1), 6);
    assertThat(isr.isInMaximalSet(2)).isFalse();
    assertThat(isr.isProposed()).isFalse();
  }

  @Test
  void olderState_changesNothing() {
    InSyncReplicas isr = new InSyncReplicas(List.of(1), 5);
    isr.propose(proposal(5, 1, 2));

    assertThat(isr.accept(List.of(1, 3), 5)).isFalse();

    assertThat(isr.isProposed()).isTrue();
    assertThat(isr.isInMaximalSet(3)).isFalse();
  }

  @Test
  void secondProposal_isRefused() {
    InSyncReplicas isr = new InSyncReplicas(List.of(1), 5);
    isr.propose(proposal(5, 1, 2));

    assertThatThrownBy(() -> isr.propose(proposal(5, 1, 3)))
        .isInstanceOf(IllegalStateException.class);
  }
}
