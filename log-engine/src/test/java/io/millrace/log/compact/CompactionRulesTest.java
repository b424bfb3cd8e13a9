package io.millrace.log.compact;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.log.compact.CompactionRules.Dirt;
import io.millrace.log.compact.CompactionRules.Piece;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class CompactionRulesTest {

  private static final List<Piece> THREE =
      List.of(
          new Piece(0, 10, 100, 1000), new Piece(10, 20, 200, 3000), new Piece(20, 30, 300, 2000));

  @Test
  void cleanable_endsAtTheLimitAndAtTheFirstYoungSegment() {
    assertThat(CompactionRules.cleanable(THREE, 30, 5000, 0)).isEqualTo(3);
    assertThat(CompactionRules.cleanable(THREE, 29, 5000, 0)).isEqualTo(2);
    assertThat(CompactionRules.cleanable(THREE, 30, 5000, 2000)).isEqualTo(3);
    assertThat(CompactionRules.cleanable(THREE, 30, 5000, 2001)).isEqualTo(1);
    assertThat(CompactionRules.cleanable(THREE, 30, 5000, Long.MAX_VALUE)).isZero();
  }

  @Test
  void dirt_countsASegmentThatIsPartlyDirtyAsDirty() {
    assertThat(CompactionRules.dirt(THREE, 0)).isEqualTo(new Dirt(0, 600));
    assertThat(CompactionRules.dirt(THREE, 10)).isEqualTo(new Dirt(100, 500));
    assertThat(CompactionRules.dirt(THREE, 15)).isEqualTo(new Dirt(100, 500));
    assertThat(CompactionRules.dirt(THREE, 30).ratio()).isZero();
  }

  @Test
  void due_byRatioByAgeOrByATombstonesHorizon() {
    Dirt half = new Dirt(100, 100);
    assertThat(isDue(half, 0.5, -1, Long.MAX_VALUE, Long.MAX_VALUE)).isTrue();
    assertThat(isDue(half, 0.51, -1, Long.MAX_VALUE, Long.MAX_VALUE)).isFalse();
    assertThat(isDue(half, 0.51, 4000, 999, Long.MAX_VALUE)).isTrue();
    assertThat(isDue(half, 0.51, 4000, 1000, Long.MAX_VALUE)).isFalse();
    assertThat(isDue(new Dirt(100, 0), 0, 0, 1, Long.MAX_VALUE)).isFalse();
    assertThat(isDue(new Dirt(100, 0), 1, -1, Long.MAX_VALUE, 5000)).isTrue();
  }

  private static boolean isDue(Dirt dirt, double ratio, long oldest, long maxLag, long horizon) {
    return CompactionRules.isDue(dirt, ratio, oldest, maxLag, horizon, 5000);
  }

  @Test
  void groups_holdTheLimits_forAnySizes() {
    for (long seed = 0; seed < 200; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      List<Piece> pieces = new ArrayList<>();
      long offset = 0;
      for (int i = random.nextInt(20); i > 0; i--) {
        long next = offset + random.nextLong(1, 1L << 31);
        pieces.add(new Piece(offset, next, random.nextLong(150), 0));
        offset = next;
      }
      List<Integer> ends = CompactionRules.groupEnds(pieces, 100, 4);
      int first = 0;
      for (int end : ends) {
        List<Piece> group = pieces.subList(first, end);
        assertThat(group).as("seed=" + seed).isNotEmpty().hasSizeLessThanOrEqualTo(4);
        if (group.size() > 1) {
          assertThat(group.stream().mapToLong(Piece::bytes).sum()).isLessThanOrEqualTo(100);
          assertThat(group.get(group.size() - 1).nextOffset() - group.get(0).baseOffset())
              .isLessThanOrEqualTo(Integer.MAX_VALUE);
        }
        first = end;
      }
      assertThat(first).as("seed=" + seed).isEqualTo(pieces.size());
    }
  }
}
