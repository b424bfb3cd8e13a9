package io.millrace.replication.leader;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class InSyncRulesTest {

  private static final long LAG = 1_000;

  @Test
  void lags_memberAtTheLogEnd_neverLags() {
    assertThat(InSyncRules.lags(100, 100, 0, 1_000_000, LAG)).isFalse();
  }

  @Test
  void lags_behindForLongerThanAllowed_lags() {
    assertThat(InSyncRules.lags(99, 100, 0, LAG, LAG)).isFalse();
    assertThat(InSyncRules.lags(99, 100, 0, LAG + 1, LAG)).isTrue();
  }

  @Test
  void lags_clockNearItsOverflow_countsTheDifference() {
    long caughtUp = Long.MAX_VALUE - 10;
    assertThat(InSyncRules.lags(1, 2, caughtUp, caughtUp + LAG, LAG)).isFalse();
    assertThat(InSyncRules.lags(1, 2, caughtUp, caughtUp + LAG + 1, LAG)).isTrue();
  }

  @Test
  void mayJoin_needsTheHighWatermarkAndTheStartOfTheEpoch() {
    assertThat(InSyncRules.mayJoin(50, 50, 50)).isTrue();
    assertThat(InSyncRules.mayJoin(49, 50, 0)).isFalse();
    assertThat(InSyncRules.mayJoin(49, 0, 50)).isFalse();
    assertThat(InSyncRules.mayJoin(HighWatermarkRule.UNKNOWN, 0, 0)).isFalse();
  }
}
