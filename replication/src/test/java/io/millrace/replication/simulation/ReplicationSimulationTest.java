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

  @Test
  void clusterUnderFaults_keepsItsPromises() {
    Long only = Long.getLong("millrace.simulation.seed");
    if (only != null) {
      runSeed(only);
      return;
    }
    long first =
        Long.getLong("millrace.simulation.first", new SplittableRandom().nextLong(1L << 40));
    int seeds = Integer.getInteger("millrace.simulation.seeds", DEFAULT_SEEDS);
    System.out.println("simulating seeds " + first + " to " + (first + seeds - 1));
    long acknowledged = 0;
    long consumed = 0;
    for (int i = 0; i < seeds; i++) {
      Invariants seen = runSeed(first + i);
      acknowledged += seen.acknowledgedBatches();
      consumed += seen.consumedBatches();
    }
    System.out.println("acknowledged batches " + acknowledged + ", consumed " + consumed);
    assertThat(acknowledged).isGreaterThan(seeds * 50L);
    assertThat(consumed).isGreaterThan(seeds * 50L);
  }

  private static Invariants runSeed(long seed) {
    SimulatedCluster cluster = new SimulatedCluster(seed);
    try {
      cluster.run();
      return cluster.invariants();
    } catch (RuntimeException | Error e) {
      throw new AssertionError(
          "seed "
              + seed
              + " failed: "
              + e.getMessage()
              + "; run it with -Dmillrace.simulation.seed="
              + seed
              + "\n"
              + String.join("\n", cluster.history()),
          e);
    }
  }
}
