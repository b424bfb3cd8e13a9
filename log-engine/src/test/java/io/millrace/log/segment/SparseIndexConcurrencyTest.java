package io.millrace.log.segment;

import static io.millrace.concurrent.Interleavings.check;

import io.millrace.concurrent.Interleavings;
import io.millrace.concurrent.Race;
import org.junit.jupiter.api.Test;

/** Look-ups beside the append loop, over the growth of the columns. */
final class SparseIndexConcurrencyTest {

  /** Entry i: offset 10 i, position 100 i, timestamp 1000 i. */
  private static void add(SparseIndex index, int i) {
    index.add(10 * i, 100 * i, 1000L * i);
  }

  @Test
  void lookUp_whileEntriesAreAdded_findsWhatWasAddedBefore() {
    Interleavings.explore(
        300,
        () -> {
          SparseIndex index = Interleavings.shared(new SparseIndex());
          for (int i = 0; i < 15; i++) {
            add(index, i);
          }
          Interleavings.inParallel(
              () -> {
                add(index, 15);
                add(index, 16);
              },
              () -> {
                int byOffset = index.positionAtOrBefore(160);
                check(byOffset >= 1400 && byOffset <= 1600, "by offset: " + byOffset);
                int byPosition = index.positionAtOrBeforePosition(1600);
                check(byPosition >= byOffset, "it went back: " + byPosition);
              },
              () -> {
                int byTime = index.positionForTimestamp(15_500);
                check(byTime == 1400 || byTime == 1500, "by time: " + byTime);
              });
          check(index.positionAtOrBefore(160) == 1600, "the last entry is there");
        });
  }

  @Test
  void lookUp_whileEntriesAreAdded_isNotMisledByTheProcessor() {
    Race.inVmOfItsOwn(Growing.class);
  }

  /** Ten entries more, over a growth, and a look at the last one that is there. */
  static final class Growing {
    private final SparseIndex index = new SparseIndex();
    private int found;

    Growing() {
      for (int i = 0; i < 10; i++) {
        add(index, i);
      }
    }

    private void grow() {
      for (int i = 10; i < 20; i++) {
        add(index, i);
      }
    }

    private void look() {
      found = Integer.MAX_VALUE;
      for (int i = 0; i < 20; i++) {
        found = Math.min(found, index.positionAtOrBefore(1_000));
      }
    }

    public static void main(String[] args) {
      Race.run(
          40,
          Growing::new,
          Growing::grow,
          Growing::look,
          met -> check(met.found >= 900, "an entry is counted and not there: " + met.found));
    }
  }
}
