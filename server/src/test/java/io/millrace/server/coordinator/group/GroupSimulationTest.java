package io.millrace.server.coordinator.group;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.millrace.server.coordinator.StoredRecord;
import io.millrace.server.coordinator.group.GroupRecord.OffsetRecord;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.slf4j.LoggerFactory;

/**
 * Members of both protocols that join, leave, crash, fall asleep and come back as zombies, over a
 * network that delays, loses and breaks connections, with a coordinator that dies and a log that
 * refuses. Named by what must hold:
 *
 * <ul>
 *   <li>atMostOneOwner: of two clients that both believe to own a partition, the coordinator would
 *       take a commit of one at most;
 *   <li>committedOffsetNeverMovesBack: in the log's own order, since only an owner commits, and it
 *       starts from what was committed;
 *   <li>acknowledgedCommitIsNotLost, whatIsReadIsCommitted;
 *   <li>all this for groups of one protocol, and for one whose members change from one to the other
 *       and back, of which the group follows on-line;
 *   <li>everybodySettles: once the misfortune ends, all partitions have an owner;
 *   <li>whoComesBackKeepsItsPlace: a member whose connection breaks and that goes on over another.
 * </ul>
 */
class GroupSimulationTest {
  private static final GroupRecordCodec CODEC = new GroupRecordCodec();
  private static final long SEEDS = Long.getLong("millrace.simulation.seeds", 200);
  private static final long FIRST_SEED = Long.getLong("millrace.simulation.seed", 0);

  private static final Logger LOG =
      (Logger) LoggerFactory.getLogger("io.millrace.server.coordinator");

  @BeforeAll
  static void logLess() { // a line per change of a group's state, in 200 lives, is half the time
    if (SEEDS > 1) {
      LOG.setLevel(Level.ERROR);
    }
  }

  @AfterAll
  static void logAgain() {
    LOG.setLevel(null);
  }

  static LongStream seeds() {
    return LongStream.range(FIRST_SEED, FIRST_SEED + SEEDS);
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void groupsStaySafe_andSettle(long seed) {
    SimulatedWorld world = new SimulatedWorld(seed);

    world.run(60_000, () -> atMostOneOwner(world));
    world.calmDown(() -> atMostOneOwner(world));
    // A member that fell silent last takes a session, its partitions a rebalance timeout more, and
    // a
    // request that was lost last a call's timeout.
    world.run(45_000, () -> atMostOneOwner(world));

    everybodySettles(world);
    offsetsAreSafe(world);

    long lost = world.lostMembers.sum();
    world.breakConnections(5_000, () -> atMostOneOwner(world));
    assertThat(world.lostMembers.sum()).as("whoComesBackKeepsItsPlace").isEqualTo(lost);
  }

  private static void atMostOneOwner(SimulatedWorld world) {
    Map<String, SimulatedClient> owners = new HashMap<>();
    for (SimulatedClient client : world.clients) {
      if (client.owned.isEmpty() || !client.isValid()) {
        continue;
      }
      for (int partition : client.owned) {
        SimulatedClient other = owners.put(client.group + partition, client);
        if (other != null) {
          throw new AssertionError(
              "atMostOneOwner: partition " + partition + " belongs to " + client + " and " + other);
        }
      }
    }
  }

  private static void everybodySettles(SimulatedWorld world) {
    for (String group :
        List.of(
            SimulatedWorld.CLASSIC_GROUP,
            SimulatedWorld.CONSUMER_GROUP,
            SimulatedWorld.MIXED_GROUP)) {
      TreeSet<Integer> all = new TreeSet<>();
      int count = 0;
      for (SimulatedClient client : world.clients) {
        if (client.group.equals(group)) {
          assertThat(client.isValid()).as("everybodySettles: %s", client).isTrue();
          all.addAll(client.owned);
          count += client.owned.size();
        }
      }
      assertThat(count).as("everybodySettles: %s", world.clients).isEqualTo(all.size());
      assertThat(all)
          .as("everybodySettles: %s", world.clients)
          .containsExactlyElementsOf(
              IntStream.range(0, SimulatedWorld.PARTITIONS).boxed().toList());
      Group known = Objects.requireNonNull(world.shard().group(group));
      assertThat(known.stateName()).isEqualTo("Stable");
    }
  }

  private static void offsetsAreSafe(SimulatedWorld world) {
    Map<String, Long> committed = new HashMap<>();
    for (StoredRecord stored : world.log.committed()) {
      if (CODEC.decode(stored) instanceof OffsetRecord offset && offset.value() != null) {
        long value = offset.value().offset();
        Long before = committed.put(offset.group() + offset.partition(), value);
        assertThat(before == null || before <= value)
            .as("committedOffsetNeverMovesBack: %s from %s to %s", offset, before, value)
            .isTrue();
      }
    }
    assertThat(committed).isNotEmpty();
    for (SimulatedClient client : world.clients) {
      client.acknowledged.forEach(
          (partition, offset) ->
              assertThat(committed.get(client.group + partition))
                  .as("acknowledgedCommitIsNotLost: %s", client)
                  .isGreaterThanOrEqualTo(offset));
    }
  }
}
