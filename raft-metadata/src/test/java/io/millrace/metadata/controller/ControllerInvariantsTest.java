package io.millrace.metadata.controller;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.request.AlterPartition;
import io.millrace.metadata.request.AlterPartition.IsrChange;
import io.millrace.metadata.request.AlterPartition.Member;
import io.millrace.metadata.request.CreateTopics;
import io.millrace.metadata.request.CreateTopics.NewTopic;
import io.millrace.metadata.simulation.SimulatedQuorum.Weather;
import io.millrace.protocol.Uuid;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ControllerInvariantsTest {

  private static final long SECOND = SimulatedControllers.SECOND;

  @Test
  void topics_createdConcurrently_shareTransactions() {
    SimulatedControllers cluster = new SimulatedControllers(1, Weather.FAIR);
    cluster.quorum.elect(1);
    cluster.startBroker(1);
    cluster.awaitActive(1);
    long before = cluster.image().revision();

    List<CompletableFuture<Reply<CreateTopics.Response>>> answers = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      answers.add(cluster.ask(new CreateTopics(List.of(new NewTopic("t" + i, 3, 1)), false)));
    }
    cluster.time.runUntil(
        "all answered", () -> answers.stream().allMatch(CompletableFuture::isDone), SECOND);

    assertThat(answers)
        .allMatch(answer -> answer.join().response().topics().get(0).result().isOk());
    assertThat(cluster.image().topics().byId().size()).isEqualTo(1_000);
    assertThat(cluster.image().revision() - before).isLessThan(20);
  }

  @Test
  void brokerThatCameBack_leadsAgainOnceItIsInSyncEverywhere_andEachPartitionMovesOnce() {
    SimulatedControllers cluster = new SimulatedControllers(3, Weather.FAIR);
    cluster.quorum.elect(1);
    for (int id = 11; id <= 13; id++) {
      cluster.startBroker(id);
    }
    cluster.awaitActive(11, 12, 13);
    cluster.await(new CreateTopics(List.of(new NewTopic("t", 6, 3)), false));
    List<PartitionImage> before = partitions(cluster);
    assertThat(before).anyMatch(state -> state.leader() == 12);

    cluster.stopBroker(12);
    cluster.time.runUntil(
        "12 is out",
        () -> partitions(cluster).stream().noneMatch(state -> state.isr().contains(12)),
        30 * SECOND);
    cluster.startBroker(12);
    cluster.awaitActive(12);
    cluster.time.runFor(30 * SECOND);
    assertThat(partitions(cluster)).noneMatch(state -> state.leader() == 12);

    cluster.time.runFor(SECOND);
    expandIsr(cluster, 11);
    cluster.time.runFor(5 * SECOND);
    assertThat(partitions(cluster)).noneMatch(state -> state.leader() == 12);
    expandIsr(cluster, 13);
    cluster.time.runFor(2 * SECOND);

    List<PartitionImage> after = partitions(cluster);
    for (PartitionImage state : after) {
      assertThat(state.leader()).isEqualTo(state.preferredLeader());
      int moves = state.leaderEpoch() - before.get(state.partition()).leaderEpoch();
      assertThat(moves).isEqualTo(state.preferredLeader() == 12 ? 2 : 0);
    }
  }

  @Test
  void standstillOfTheControllerAndItsBrokers_fencesNobody() {
    SimulatedControllers cluster = new SimulatedControllers(5, Weather.FAIR);
    cluster.quorum.elect(1);
    for (int id = 11; id <= 13; id++) {
      cluster.startBroker(id);
    }
    cluster.awaitActive(11, 12, 13);
    long before = cluster.image().revision();

    cluster.time.freeze(20 * SECOND);
    cluster.time.runFor(10 * SECOND);

    assertThat(cluster.image().revision()).isEqualTo(before);
    cluster.stopBroker(12);
    cluster.time.runUntil(
        "a silent broker is fenced still",
        () -> !cluster.image().cluster().isActive(12),
        7 * SECOND);
  }

  @Test
  void controllerThatTakesOver_waitsForNobodyWhoWasGoneBefore() {
    // given: of four brokers two are fenced
    SimulatedControllers cluster = new SimulatedControllers(5, Weather.FAIR);
    cluster.quorum.elect(1);
    for (int id = 11; id <= 14; id++) {
      cluster.startBroker(id);
    }
    cluster.awaitActive(11, 12, 13, 14);
    cluster.stopBroker(13);
    cluster.stopBroker(14);
    awaitFenced(cluster, 13);
    awaitFenced(cluster, 14);

    // when the controller goes, and one of those who were left
    cluster.stopBroker(12);
    cluster.quorum.elect(2);
    long since = cluster.time.monotonicNanos();
    awaitFenced(cluster, 12);

    // then half of those who may be heard were, and the grace counts instead of a session
    assertThat(cluster.time.monotonicNanos() - since).isLessThan(2 * SECOND);
  }

  private static void awaitFenced(SimulatedControllers cluster, int id) {
    cluster.time.runUntil(
        "broker " + id + " fenced", () -> !cluster.image().cluster().isActive(id), 30 * SECOND);
  }

  private static List<PartitionImage> partitions(SimulatedControllers cluster) {
    return cluster.image().topics().byName().iterator().next().partitions().stream().toList();
  }

  /** All replicas of what a broker leads are in sync again. */
  private static void expandIsr(SimulatedControllers cluster, int leader) {
    TopicImage topic = cluster.image().topics().byName().iterator().next();
    List<IsrChange> changes =
        topic.partitions().stream()
            .filter(state -> state.leader() == leader)
            .map(
                state ->
                    new IsrChange(
                        topic.id(),
                        state.partition(),
                        state.leaderEpoch(),
                        state.partitionEpoch(),
                        state.replicas().stream().map(id -> new Member(id, -1)).toList()))
            .toList();
    assertThat(changes).isNotEmpty();
    long epoch = java.util.Objects.requireNonNull(cluster.image().cluster().broker(leader)).epoch();
    AlterPartition.Response answer = cluster.await(new AlterPartition(leader, epoch, changes));
    assertThat(answer.partitions()).allMatch(partition -> partition.result().isOk());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
  void invariants_holdUnderFailures(long seed) {
    SimulatedControllers cluster = new SimulatedControllers(seed, Weather.FOUL);
    cluster.quorum.elect(1);
    for (int id = 11; id <= 15; id++) {
      cluster.startBroker(id);
    }
    cluster.awaitActive(11, 12, 13, 14, 15);
    for (int i = 0; i < 3; i++) {
      cluster.ask(new CreateTopics(List.of(new NewTopic("t" + i, 4, 3)), false));
    }
    cluster.time.runFor(2 * SECOND);

    for (int step = 0; step < 150; step++) {
      int id = 11 + cluster.random.nextInt(5);
      switch (cluster.random.nextInt(8)) {
        case 0 -> cluster.quorum.elect(1 + cluster.random.nextInt(3));
        case 1 -> cluster.stopBroker(id);
        case 2, 3 -> {
          if (!cluster.isRunning(id)) {
            cluster.startBroker(id);
          }
        }
        default -> alterSomePartition(cluster);
      }
      cluster.time.runFor(cluster.random.nextLong(2 * SECOND));
    }

    // When it calms down every partition with a live ISR member has a leader that is alive.
    for (int id = 11; id <= 15; id++) {
      if (!cluster.isRunning(id)) {
        cluster.startBroker(id);
      }
    }
    cluster.time.runFor(20 * SECOND);
    checkHistory(cluster.history);
    for (TopicImage topic : cluster.image().topics().byName()) {
      for (PartitionImage state : topic.partitions()) {
        assertThat(state.hasLeader()).as("seed %d: %s-%s", seed, topic.name(), state).isTrue();
        assertThat(cluster.image().cluster().isActive(state.leader())).isTrue();
      }
    }
  }

  private static void alterSomePartition(SimulatedControllers cluster) {
    List<IsrChange> changes = new ArrayList<>();
    int leader = -1;
    for (TopicImage topic : cluster.image().topics().byName()) {
      PartitionImage state =
          topic.partitions().get(cluster.random.nextInt(topic.partitions().size()));
      if (!state.hasLeader() || (leader != -1 && leader != state.leader())) {
        continue;
      }
      leader = state.leader();
      List<Member> isr = new ArrayList<>();
      for (int replica : state.replicas()) {
        if (replica == leader || cluster.random.nextInt(3) > 0) {
          isr.add(new Member(replica, -1));
        }
      }
      changes.add(
          new IsrChange(
              topic.id(), state.partition(), state.leaderEpoch(), state.partitionEpoch(), isr));
    }
    if (leader != -1) {
      long epoch =
          java.util.Objects.requireNonNull(cluster.image().cluster().broker(leader)).epoch();
      cluster.ask(new AlterPartition(leader, epoch, changes));
    }
  }

  /**
   * atMostOneLeaderPerEpoch, epochsMonotone, noUncleanElection; leader in ISR and ISR not empty are
   * checked by the type.
   */
  private static void checkHistory(List<MetadataImage> history) {
    Map<String, Integer> leaders = new HashMap<>();
    Map<String, PartitionImage> last = new HashMap<>();
    for (MetadataImage image : history) {
      for (TopicImage topic : image.topics().byName()) {
        for (PartitionImage state : topic.partitions()) {
          String name = key(topic.id(), state.partition());
          PartitionImage before = last.put(name, state);
          Integer sameEpoch = leaders.putIfAbsent(name + "@" + state.leaderEpoch(), state.leader());
          assertThat(sameEpoch == null || sameEpoch == state.leader())
              .as("one leader per epoch of %s", name)
              .isTrue();
          if (before != null && !before.equals(state)) {
            assertThat(state.partitionEpoch()).isGreaterThan(before.partitionEpoch());
            assertThat(state.leaderEpoch()).isGreaterThanOrEqualTo(before.leaderEpoch());
            if (state.leader() != before.leader() && state.hasLeader()) {
              assertThat(before.isr()).as("clean election of %s", name).contains(state.leader());
            }
          }
        }
      }
    }
    assertThat(last).isNotEmpty();
  }

  private static String key(Uuid topic, int partition) {
    return topic + "-" + partition;
  }
}
