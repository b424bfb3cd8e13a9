package io.millrace.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Nodes die at any moment under load; whatever was acknowledged is there, once, in order, the same
 * on every replica.
 */
class KillIT {

  private static final String TOPIC = "killed";
  private static final int PARTITIONS = 4;
  private static final int RECORDS_PER_SECOND = 400;

  @TempDir private Path directory;

  @Test
  void leaderKilledUnderLoad_losesNothingAndAnotherLeads() throws Exception {
    try (ProcessCluster cluster = ProcessCluster.start(directory, 3)) {
      cluster.createTopic(TOPIC, PARTITIONS, 3);
      try (Workload load =
          new Workload(cluster.bootstrap(), TOPIC, PARTITIONS, RECORDS_PER_SECOND)) {
        load.awaitProgress(500);
        int leader = cluster.leaderOf(TOPIC, 0);

        cluster.node(leader).kill();
        load.awaitProgress(500);

        assertThat(cluster.leaderOf(TOPIC, 0)).isNotEqualTo(leader);
        cluster.node(leader).restart();
        cluster.awaitInSync(TOPIC);
        load.finish();
        load.verify();
      }
      ReplicaFiles.assertSame(cluster, TOPIC, PARTITIONS);
    }
  }

  @Test
  void controllerKilledUnderLoad_losesNothingAndAnotherControls() throws Exception {
    try (ProcessCluster cluster = ProcessCluster.start(directory, 3)) {
      cluster.createTopic(TOPIC, PARTITIONS, 3);
      try (Workload load =
          new Workload(cluster.bootstrap(), TOPIC, PARTITIONS, RECORDS_PER_SECOND)) {
        load.awaitProgress(500);
        int controller = cluster.controller();

        cluster.node(controller).kill();
        load.awaitProgress(500);

        assertThat(cluster.controller()).isNotEqualTo(controller);
        cluster.node(controller).restart();
        cluster.awaitInSync(TOPIC);
        load.finish();
        load.verify();
      }
      ReplicaFiles.assertSame(cluster, TOPIC, PARTITIONS);
    }
  }

  @Test
  void allKilledUnderLoad_losesNothing() throws Exception {
    try (ProcessCluster cluster = ProcessCluster.start(directory, 3)) {
      cluster.createTopic(TOPIC, PARTITIONS, 3);
      try (Workload load =
          new Workload(cluster.bootstrap(), TOPIC, PARTITIONS, RECORDS_PER_SECOND)) {
        for (int round = 0; round < 2; round++) {
          load.awaitProgress(400);
          cluster.nodes().forEach(NodeProcess::kill);
          for (NodeProcess node : cluster.nodes()) {
            node.restart();
          }
          load.awaitProgress(400);
        }
        cluster.awaitInSync(TOPIC);
        load.finish();
        load.verify();
      }
      ReplicaFiles.assertSame(cluster, TOPIC, PARTITIONS);
    }
  }

  @Test
  void anyNodeKilledAgainAndAgain_losesNothing() throws Exception {
    long seed = Long.getLong("millrace.seed", System.nanoTime());
    SplittableRandom random = new SplittableRandom(seed);
    try (ProcessCluster cluster = ProcessCluster.start(directory, 3)) {
      cluster.createTopic(TOPIC, PARTITIONS, 3);
      try (Workload load =
          new Workload(cluster.bootstrap(), TOPIC, PARTITIONS, RECORDS_PER_SECOND)) {
        for (int round = 0; round < 5; round++) {
          load.awaitProgress(100 + random.nextInt(200));
          NodeProcess victim = cluster.node(1 + random.nextInt(3));
          victim.kill();
          load.awaitProgress(100 + random.nextInt(200));
          victim.restart();
          cluster.awaitInSync(TOPIC);
        }
        load.finish();
        load.verify();
      } catch (AssertionError e) {
        throw new AssertionError("seed " + seed + "\n" + cluster.outputs(), e);
      }
      ReplicaFiles.assertSame(cluster, TOPIC, PARTITIONS);
    }
  }

  @Test
  void frozenLeader_isFencedAndItsReturnLosesNothing() throws Exception {
    try (ProcessCluster cluster = ProcessCluster.start(directory, 3)) {
      cluster.createTopic(TOPIC, PARTITIONS, 3);
      try (Workload load =
          new Workload(cluster.bootstrap(), TOPIC, PARTITIONS, RECORDS_PER_SECOND)) {
        load.awaitProgress(300);
        int leader = cluster.leaderOf(TOPIC, 0);

        cluster.node(leader).freeze();
        Await.until(
            "another leader", Duration.ofSeconds(40), () -> cluster.leaderOf(TOPIC, 0) != leader);
        load.awaitProgress(300);
        cluster.node(leader).unfreeze();

        cluster.awaitInSync(TOPIC);
        load.finish();
        load.verify();
      }
      ReplicaFiles.assertSame(cluster, TOPIC, PARTITIONS);
    }
  }
}
