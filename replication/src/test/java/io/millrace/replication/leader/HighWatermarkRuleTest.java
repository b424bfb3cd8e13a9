package io.millrace.replication.leader;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HighWatermarkRuleTest {

  @ParameterizedTest(name = "seed {0}")
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void next_isTheLowestDurableEndButNeverMovesBack(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 2_000; round++) {
      // given
      long current = random.nextLong(100);
      long leader = random.nextLong(200);
      long[] followers = new long[random.nextInt(5)];
      long lowest = leader;
      for (int i = 0; i < followers.length; i++) {
        followers[i] = random.nextLong(-1, 200);
        lowest = Math.min(lowest, followers[i]);
      }

      // when
      long next = HighWatermarkRule.next(current, leader, followers);

      // then
      assertThat(next).isGreaterThanOrEqualTo(current);
      if (next > current) {
        assertThat(next).isEqualTo(lowest);
      } else {
        assertThat(lowest).isLessThanOrEqualTo(current);
      }
    }
  }

  @Test
  void next_memberThatHasNotFetchedInThisEpoch_staysWhereItIs() {
    assertThat(HighWatermarkRule.next(10, 50, 40, HighWatermarkRule.UNKNOWN)).isEqualTo(10);
  }

  @Test
  void next_leaderHasNotFlushed_waitsForTheLeadersDisk() {
    assertThat(HighWatermarkRule.next(10, 12, 40, 40)).isEqualTo(12);
  }
}
