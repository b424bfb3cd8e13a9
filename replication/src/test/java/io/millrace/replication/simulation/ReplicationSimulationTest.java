package io.millrace.replication.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Runs the cluster under many seeds. A failure names its seed; {@code -Dmillrace.simulation.seed=N}
 * runs that one alone, {@code -Dmillrace.simulation.seeds=N} sets how many are run, {@code
 * -Dmillrace.simulation.first=N} where they begin.
 */
class ReplicationSimulationTest {

  private static final int DEFAULT_SEEDS = 240;
  private static final int COMPACTED_SHARE = 4; // one seed of so many again, with a compacted topic

  @Test
  void clusterUnderFaults_keepsItsPromises() {
    Long only = Long.getLong("millrace.simulation.seed");
    if (only != null) {
      runSeed(only, false);
      return;
    }
    simulate(false, Integer.getInteger("millrace.simulation.seeds", DEFAULT_SEEDS));
  }

  @Test
  void compactedTopicUnderFaults_keepsTheLatestOfEachKey() {
    Long only = Long.getLong("millrace.simulation.seed");
    if (only != null) {
      runSeed(only, true);
      return;
    }
    int seeds = Integer.getInteger("millrace.simulation.seeds", DEFAULT_SEEDS) / COMPACTED_SHARE;
    long removed = simulate(true, seeds);
    assertThat(removed).as("records removed by compaction").isGreaterThan(seeds * 50L);
  }

  /** Returns how many records compaction removed. */
  private static long simulate(boolean compacted, int seeds) {
    long first =
        Long.getLong("millrace.simulation.first", new SplittableRandom().nextLong(1L << 40));
    System.out.println("simulating seeds " + first + " to " + (first + seeds - 1));
    long acknowledged = 0;
    long consumed = 0;
    long removed = 0;
    for (int i = 0; i < seeds; i++) {
      Invariants seen = runSeed(first + i, compacted);
      removed += seen.removedRecords();
      acknowledged += seen.acknowledgedBatches();
      consumed += seen.consumedBatches();
    }
    System.out.println(
        "acknowledged batches "
            + acknowledged
            + ", consumed "
            + consumed
            + ", records removed by compaction "
            + removed);
    assertThat(acknowledged).isGreaterThan(seeds * 50L);
    assertThat(consumed).isGreaterThan(seeds * 50L);
    return removed;
  }

  private static Invariants runSeed(long seed, boolean compacted) {
    SimulatedCluster cluster = new SimulatedCluster(seed, compacted);
    try {
      cluster.run();
      return cluster.invariants();
    } catch (RuntimeException | Error e) {
      throw new AssertionError(
          "seed "
              + seed
              + " failed: "
              + e.getMessage()
              + (compacted ? " (compacted topic)" : "")
              + "; run it with -Dmillrace.simulation.seed="
              + seed
              + "\n"
              + String.join("\n", cluster.history()),
          e);
    }
  }
}
