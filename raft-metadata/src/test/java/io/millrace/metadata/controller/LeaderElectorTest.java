package io.millrace.metadata.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.metadata.image.PartitionImage;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LeaderElectorTest {

  private static final int NONE = PartitionImage.NO_LEADER;

  @Test
  void lostFollower_leavesIsr_leaderAndItsEpochStay() {
    PartitionImage next =
        LeaderElector.withoutBroker(state(1, 1, 2, 3), 3, Set.of(1, 2)::contains, false);

    assertThat(next).isEqualTo(new PartitionImage(0, List.of(1, 2, 3), List.of(1, 2), 1, 5, 10));
  }

  @Test
  void lostLeader_isFollowedByFirstActiveIsrMember_inOrderOfReplicas() {
    PartitionImage next =
        LeaderElector.withoutBroker(state(1, 3, 2, 1), 1, Set.of(2, 3)::contains, false);

    assertThat(next.leader()).isEqualTo(2);
    assertThat(next.leaderEpoch()).isEqualTo(6);
    assertThat(next.isr()).containsExactly(3, 2);
  }

  @Test
  void lastIsrMember_staysInIsr_withoutLeadership() {
    PartitionImage next =
        LeaderElector.withoutBroker(state(1, 1), 1, Set.of(2, 3)::contains, false);

    assertThat(next.isr()).containsExactly(1);
    assertThat(next.leader()).isEqualTo(NONE);
    assertThat(next.leaderEpoch()).isEqualTo(6);
  }

  @Test
  void lastIsrMemberLost_uncleanAllowed_anotherLeadsAlone() {
    PartitionImage next = LeaderElector.withoutBroker(state(1, 1), 1, Set.of(2, 3)::contains, true);

    assertThat(next.leader()).isEqualTo(2);
    assertThat(next.isr()).containsExactly(2);
  }

  @Test
  void brokerOutsideIsr_changesNothing() {
    PartitionImage state = state(1, 1, 2);

    assertThat(LeaderElector.withoutBroker(state, 3, Set.of(1, 2)::contains, true)).isSameAs(state);
  }

  @Test
  void leaderlessPartition_isLedByReturningIsrMember_notByAnother() {
    PartitionImage state = state(NONE, 1);

    assertThat(LeaderElector.elect(state, Set.of(2, 3)::contains, false)).isSameAs(state);
    assertThat(LeaderElector.elect(state, Set.of(1, 2)::contains, false).leader()).isEqualTo(1);
  }

  @Test
  void preferredLeader_takesOver_onlyWhenActiveAndInSync() {
    PartitionImage state = state(2, 2, 1);

    assertThat(LeaderElector.electPreferred(state, Set.of(1, 2)::contains).leader()).isEqualTo(1);
    assertThat(LeaderElector.electPreferred(state, Set.of(2)::contains)).isSameAs(state);
    assertThat(LeaderElector.electPreferred(state(2, 2), Set.of(1, 2)::contains))
        .satisfies(s -> assertThat(s.leader()).isEqualTo(2));
  }

  @Test
  void shuttingDownSoleReplica_keepsLeading() {
    PartitionImage state = state(1, 1);

    assertThat(LeaderElector.moveAway(state, 1, Set.of(2, 3)::contains)).isSameAs(state);
    assertThat(LeaderElector.moveAway(state(1, 1, 2), 1, Set.of(2, 3)::contains).leader())
        .isEqualTo(2);
  }

  private static PartitionImage state(int leader, Integer... isr) {
    return new PartitionImage(0, List.of(1, 2, 3), List.of(isr), leader, 5, 9);
  }
}
