package io.millrace.replication.leader;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReplicaProgressTest {

  @Test
  void onFetch_atTheLogEnd_isCaughtUpNow() {
    ReplicaProgress replica = new ReplicaProgress(2, 0, 100);

    replica.onFetch(7, 100, 50, 100);

    assertThat(replica.lastCaughtUpNanos()).isEqualTo(50);
    assertThat(replica.durableEnd()).isEqualTo(100);
    assertThat(replica.brokerEpoch()).isEqualTo(7);
  }

  @Test
  void onFetch_reachingWhereTheLeaderWasAtTheLastFetch_isCaughtUpAsOfThen() {
    ReplicaProgress replica = new ReplicaProgress(2, 0, 100);
    replica.onFetch(7, 60, 50, 100);
    assertThat(replica.lastCaughtUpNanos()).isZero();

    replica.onFetch(7, 100, 90, 300);

    assertThat(replica.lastCaughtUpNanos()).isEqualTo(50);
  }

  @Test
  void onFetch_firstOneBehind_isNotCaughtUp() {
    ReplicaProgress replica = new ReplicaProgress(2, 0, 100);

    replica.onFetch(7, 120, 50, 300);

    assertThat(replica.lastCaughtUpNanos()).isZero();
  }

  @Test
  void markIdle_isALaterCatchUp() {
    ReplicaProgress replica = new ReplicaProgress(2, 0, 100);
    replica.onFetch(7, 100, 50, 100);

    replica.markIdle(500);

    assertThat(replica.lastCaughtUpNanos()).isEqualTo(500);
  }
}
