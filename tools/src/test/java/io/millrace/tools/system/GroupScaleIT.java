package io.millrace.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Very many members and groups, which only beat; see {@link RawMembers}. */
class GroupScaleIT {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int MEMBERS = 200;
  private static final int PARTITIONS = 400;
  private static final int GROUPS = 1000;

  /** More of them for a longer trial. */
  private static final int ROUNDS = Integer.getInteger("millrace.rounds", 1);

  @TempDir private static Path directory;
  private static ProcessCluster cluster;

  @BeforeAll
  static void startCluster() throws IOException {
    cluster =
        GroupClusters.start(
            directory,
            3,
            Map.of(
                "group.consumer.session.timeout.ms", "10000",
                "group.consumer.heartbeat.interval.ms", "1500"));
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  @Test
  void twoHundredMembersThatComeAndGo_shareFourHundredPartitions() throws Exception {
    long seed = Long.getLong("millrace.seed", System.nanoTime());
    SplittableRandom random = new SplittableRandom(seed);
    String topic = "wide";
    cluster.createTopic(topic, PARTITIONS, 1);
    try (RawMembers members = new RawMembers(cluster.bootstrap())) {
      List<String> living = new ArrayList<>();
      for (int i = 0; i < MEMBERS; i++) {
        living.add("member-" + i);
        members.join("crowd", "member-" + i, topic);
      }
      awaitShared(members, living.size());

      for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < 40; i++) {
          String leaver = living.remove(random.nextInt(living.size()));
          if (random.nextInt(3) == 0) {
            members.die("crowd", leaver);
          } else {
            members.leave("crowd", leaver);
          }
          String comer = "member-" + round + "-" + i;
          living.add(comer);
          members.join("crowd", comer, topic);
        }
        awaitShared(members, living.size());
      }

      assertThat(members.wrong()).as("seed %d", seed).isEmpty();
    } catch (AssertionError e) {
      throw new AssertionError("seed " + seed + "\n" + e.getMessage() + cluster.outputs(), e);
    }
  }

  private static void awaitShared(RawMembers members, int living) {
    try {
      Await.until(
          living + " members own " + PARTITIONS / MEMBERS + " partitions each",
          LIMIT,
          () -> {
            Map<String, Integer> owned = members.owned("crowd");
            return owned.size() == living
                && owned.values().stream().allMatch(count -> count == PARTITIONS / MEMBERS);
          });
    } catch (AssertionError e) {
      throw new AssertionError(
          e.getMessage() + "\n" + members.owned("crowd") + "\n" + members.wrong(), e);
    }
  }

  @Test
  void thousandGroups_keepTheirMembersWhileACoordinatorDies() throws Exception {
    String topic = "narrow";
    cluster.createTopic(topic, 1, 3);
    try (RawMembers members = new RawMembers(cluster.bootstrap())) {
      IntStream.range(0, GROUPS).forEach(i -> members.join("group-" + i, "only", topic));
      Await.until("every group has its member", LIMIT, () -> members.idle() == 0);
      int fencedBefore = members.fenced();

      cluster.node(2).kill();
      awaitMoreBeats(members);
      cluster.node(2).restart();
      cluster.awaitBrokers(3);
      awaitMoreBeats(members);

      assertThat(members.fenced()).as("members told that they are none").isEqualTo(fencedBefore);
      assertThat(members.idle()).isZero();
      assertThat(members.wrong()).isEmpty();
    } catch (AssertionError e) {
      throw new AssertionError(e.getMessage() + cluster.outputs(), e);
    }
  }

  private static void awaitMoreBeats(RawMembers members) {
    Map<String, Long> before = members.beats();
    Await.until(
        "every group's heartbeat is answered, twice",
        LIMIT,
        () -> {
          Map<String, Long> now = members.beats();
          return before.entrySet().stream()
              .allMatch(entry -> now.getOrDefault(entry.getKey(), 0L) >= entry.getValue() + 2);
        });
  }
}
