package io.millrace.tools.groups;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.TopicPartition;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a reset leads, and what the operator is told about it. */
class PlannedResetTest {

  private static final TopicPartition PARTITION = new TopicPartition("orders", 1);

  /** A log from 10 to 100. */
  private static PlannedReset plan(ResetRule rule, @Nullable Long committed) {
    return PlannedReset.plan(rule, List.of(new PartitionOffsets(PARTITION, committed, 10, 100)))
        .get(0);
  }

  @Test
  void earliestAndLatest_areTheEndsOfTheLog() {
    assertThat(plan(ResetRule.toEarliest(), 50L).to()).isEqualTo(10);
    assertThat(plan(ResetRule.toLatest(), 50L).to()).isEqualTo(100);
  }

  @ParameterizedTest
  @CsvSource({
    "50, 50, ''",
    "10, 10, ''",
    "100, 100, ''",
    "9, 10, 'the log starts here, 9 is gone'",
    "101, 100, 'the log ends here, not 101'"
  })
  void offsetOutsideOfTheLog_isMovedIntoIt_andSaid(long wanted, long to, String note) {
    PlannedReset reset = plan(ResetRule.toOffset(wanted), 50L);

    assertThat(reset.to()).isEqualTo(to);
    assertThat(reset.note()).isEqualTo(note);
  }

  @ParameterizedTest
  @CsvSource({
    "5, 55, +5, ''",
    "-5, 45, -5, ''",
    "0, 50, 0, ''",
    "-60, 10, -40, 'the log starts here'",
    "-9223372036854775808, 10, -40, 'the log starts here'",
    "9223372036854775807, 100, +50, 'the log ends here'"
  })
  void shift_countsFromTheCommit(long by, long to, String difference, String note) {
    PlannedReset reset = plan(ResetRule.shiftBy(by), 50L);

    assertThat(reset.to()).isEqualTo(to);
    assertThat(reset.difference()).isEqualTo(difference);
    assertThat(reset.note()).isEqualTo(note);
    assertThat(reset.isChange()).isEqualTo(to != 50);
  }

  @Test
  void shiftWithoutACommit_namesThePartition() {
    assertThatThrownBy(() -> plan(ResetRule.shiftBy(1), null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("orders-1");
  }

  @Test
  void current_isTheCommit_orTheEndWhereThereIsNone() {
    assertThat(plan(ResetRule.toCurrent(), 50L).isChange()).isFalse();
    assertThat(plan(ResetRule.toCurrent(), null).to()).isEqualTo(100);
    assertThat(plan(ResetRule.toCurrent(), null).difference()).isEqualTo("new");
  }

  @Test
  void currentThatRetentionHasTaken_movesToTheStart() {
    PlannedReset reset = plan(ResetRule.toCurrent(), 3L);

    assertThat(reset.to()).isEqualTo(10);
    assertThat(reset.note()).contains("3 is gone");
  }

  @Test
  void timeWithoutARecordSoYoung_isTheEnd() {
    assertThat(plan(ResetRule.toTime(Map.of(PARTITION, 42L)), 50L).to()).isEqualTo(42);
    assertThat(plan(ResetRule.toTime(Map.of(PARTITION, -1L)), 50L).to()).isEqualTo(100);
  }

  @Test
  void file_mustNameThePartition() {
    assertThat(plan(ResetRule.toOffsets(Map.of(PARTITION, 42L)), null).to()).isEqualTo(42);
    assertThatThrownBy(() -> plan(ResetRule.toOffsets(Map.of()), 50L))
        .hasMessageContaining("orders-1");
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13})
  void everyPlan_staysWithinTheLog(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    for (int round = 0; round < 2_000; round++) {
      long start = random.nextLong(1_000);
      long end = start + random.nextLong(1_000);
      PartitionOffsets now = new PartitionOffsets(PARTITION, random.nextLong(3_000), start, end);
      ResetRule rule =
          switch (random.nextInt(4)) {
            case 0 -> ResetRule.shiftBy(random.nextLong());
            case 1 -> ResetRule.toOffset(random.nextLong(Long.MAX_VALUE));
            case 2 -> ResetRule.toTime(Map.of(PARTITION, random.nextLong(-1, 4_000)));
            default -> ResetRule.toCurrent();
          };

      PlannedReset reset = PlannedReset.plan(rule, List.of(now)).get(0);

      assertThat(reset.to()).as("seed %d round %d", seed, round).isBetween(start, end);
    }
  }

  @Test
  void lag_countsAsKafkaDoes_andSaysWhatIsGone() {
    assertThat(new PartitionOffsets(PARTITION, null, 10, 100).lag()).isNull();
    assertThat(new PartitionOffsets(PARTITION, 40L, 10, 100).lag()).isEqualTo(60);
    assertThat(new PartitionOffsets(PARTITION, 120L, 10, 100).lag()).isZero();
    PartitionOffsets behind = new PartitionOffsets(PARTITION, 3L, 10, 100);
    assertThat(behind.lag()).isEqualTo(97);
    assertThat(behind.lost()).isEqualTo(7);
    assertThat(behind.firstUnread()).isEqualTo(10);
  }
}
