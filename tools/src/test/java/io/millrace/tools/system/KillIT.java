package io.millrace.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Nodes die at any moment under load; whatever was acknowledged is there, once, in order, the same
 * on every replica.
 */
class KillIT {

  private static final String TOPIC = "killed";
  private static final int PARTITIONS = 4;
  private static final int RECORDS_PER_SECOND = 400;

  @TempDir private Path directory;

  /** Does something to a cluster that a workload writes to. */
  private interface Trouble {
    void make(ProcessCluster cluster, Workload load) throws Exception;
  }

  /** Who is killed. */
  private enum Victim {
    LEADER,
    CONTROLLER;

    int id(ProcessCluster cluster) throws Exception {
      return this == LEADER ? cluster.leaderOf(TOPIC, 0) : cluster.controller();
    }
  }

  /** Whatever happens, what was acknowledged is there once, in order, the same on all replicas. */
  private void losesNothing(Trouble trouble) throws Exception {
    try (ProcessCluster cluster = ProcessCluster.start(directory, 3)) {
      cluster.createTopic(TOPIC, PARTITIONS, 3);
      try (Workload load =
          new Workload(cluster.bootstrap(), TOPIC, PARTITIONS, RECORDS_PER_SECOND)) {
        trouble.make(cluster, load);
        cluster.awaitInSync(TOPIC);
        load.finish();
        load.verify();
      } catch (AssertionError e) {
        throw new AssertionError(cluster.outputs(), e);
      }
      ReplicaFiles.assertSame(cluster, TOPIC, PARTITIONS);
    }
  }

  @ParameterizedTest
  @EnumSource
  void oneKilledUnderLoad_losesNothing_andAnotherTakesOver(Victim victim) throws Exception {
    losesNothing(
        (cluster, load) -> {
          load.awaitProgress(500);
          int id = victim.id(cluster);

          cluster.node(id).kill();
          load.awaitProgress(500);

          assertThat(victim.id(cluster)).isNotEqualTo(id);
          cluster.node(id).restart();
        });
  }

  @Test
  void allKilledUnderLoad_losesNothing() throws Exception {
    losesNothing(
        (cluster, load) -> {
          for (int round = 0; round < 2; round++) {
            load.awaitProgress(400);
            cluster.nodes().forEach(NodeProcess::kill);
            for (NodeProcess node : cluster.nodes()) {
              node.restart();
            }
            load.awaitProgress(400);
          }
        });
  }

  @Test
  void anyNodeKilledAgainAndAgain_losesNothing() throws Exception {
    long seed = Long.getLong("millrace.seed", System.nanoTime());
    SplittableRandom random = new SplittableRandom(seed);
    try {
      losesNothing(
          (cluster, load) -> {
            for (int round = 0; round < 5; round++) {
              load.awaitProgress(100 + random.nextInt(200));
              NodeProcess victim = cluster.node(1 + random.nextInt(3));
              victim.kill();
              load.awaitProgress(100 + random.nextInt(200));
              victim.restart();
              cluster.awaitInSync(TOPIC);
            }
          });
    } catch (AssertionError e) {
      throw new AssertionError("seed " + seed, e);
    }
  }

  @Test
  void frozenLeader_isFencedAndItsReturnLosesNothing() throws Exception {
    losesNothing(
        (cluster, load) -> {
          load.awaitProgress(300);
          int leader = cluster.leaderOf(TOPIC, 0);

          cluster.node(leader).freeze();
          Await.until(
              "another leader", Duration.ofSeconds(40), () -> cluster.leaderOf(TOPIC, 0) != leader);
          load.awaitProgress(300);
          cluster.node(leader).unfreeze();
        });
  }
}
