package io.millrace.client.consumer;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.ConsumerRecord;
import io.millrace.client.RebalanceListener;
import io.millrace.client.TopicPartition;
import io.millrace.client.consumer.GroupHarness.Member;
import io.millrace.client.simulated.FakeBrokers;
import io.millrace.client.simulated.FakeGroup.Committed;
import io.millrace.protocol.message.FetchRequest;
import io.millrace.protocol.message.ResponseMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Whole consumers come, go, are killed and fall asleep, on a network that cuts and a coordinator
 * that moves, by a seed. Checked throughout: a partition has one owner in the eyes of the
 * applications, unless the other was thrown out and has not looked since; a committed offset never
 * goes back and never goes beyond what was handed over. In the end: every record was read, and
 * where nothing went wrong, once.
 */
@Timeout(120)
class GroupSimulationTest {

  private static final int SEEDS = Integer.getInteger("millrace.client.seeds", 60);
  private static final int PARTITIONS = 6;

  private GroupHarness harness = new GroupHarness(PARTITIONS, 0);
  private FakeBrokers brokers = harness.brokers;
  private final List<Node> nodes = new ArrayList<>();
  private final Map<Integer, Node> owners = new HashMap<>();
  private final List<BitSet> read = new ArrayList<>();
  private final Map<Integer, Long> committed = new HashMap<>();
  private long handedOver;

  static LongStream seeds() {
    return LongStream.range(0, SEEDS);
  }

  /** A member, and what its application knows. */
  private final class Node implements RebalanceListener {
    final Member member;
    final String id;
    long asleepUntil;

    Node() {
      member = harness.member(builder -> builder.maxPollInterval(Duration.ofSeconds(6)));
      id = member.consumer().memberIdentity().memberId();
      member.consumer().subscribe(List.of(FakeBrokers.TOPIC), this);
    }

    @Override
    public void onAssigned(Collection<TopicPartition> partitions) {
      for (TopicPartition partition : partitions) {
        if (brokers.group.isOut(id)) {
          continue; // it does not know yet, and nothing that it does will count
        }
        Node before = owners.put(partition.partition(), this);
        assertThat(before == null || before == this || brokers.group.isOut(before.id))
            .as("atMostOneOwner of %s, journal %s", partition, harness.journal)
            .isTrue();
      }
    }

    @Override
    public void onRevoked(Collection<TopicPartition> partitions) {
      partitions.forEach(partition -> owners.remove(partition.partition(), this));
    }

    void poll() {
      for (ConsumerRecord<String, String> record : member.consumer().poll(Duration.ZERO)) {
        assertThat(record.value()).isEqualTo(record.partition() + ":" + record.offset());
        read.get(record.partition()).set((int) record.offset());
        handedOver++;
      }
    }
  }

  private void begin(long seed) {
    harness = new GroupHarness(PARTITIONS, seed);
    brokers = harness.brokers;
    for (int i = 0; i < PARTITIONS; i++) {
      read.add(new BitSet());
    }
  }

  private void checkCommits() {
    for (Map.Entry<Integer, Committed> each : brokers.group.offsets.entrySet()) {
      int partition = each.getKey();
      long now = each.getValue().offset();
      Long before = committed.put(partition, now);
      assertThat(before == null || before <= now)
          .as("committedNeverGoesBack partition %s from %s to %s", partition, before, now)
          .isTrue();
      assertThat((long) read.get(partition).nextClearBit(0))
          .as("committedOnlyWhatWasHandedOver partition %s", partition)
          .isGreaterThanOrEqualTo(now);
    }
  }

  private void step(SplittableRandom random) {
    for (Node node : List.copyOf(nodes)) {
      if (node.asleepUntil <= harness.loop.monotonicNanos() && random.nextInt(4) > 0) {
        node.poll();
      }
    }
    harness.loop.advance(random.nextLong(30_000_000));
    checkCommits();
  }

  private void finish(SplittableRandom random) {
    brokers.fault = (port, request) -> null;
    brokers.loading = false;
    brokers.coordinator = Math.max(0, brokers.coordinator);
    for (int port = 0; port < FakeBrokers.BROKERS; port++) {
      harness.links.up(FakeBrokers.FIRST_PORT + port);
    }
    if (nodes.isEmpty()) {
      nodes.add(new Node());
    }
    nodes.forEach(node -> node.asleepUntil = 0);
    long end = harness.loop.monotonicNanos() + 60 * GroupHarness.SECOND;
    while (missing() > 0 || !isAllCommitted()) {
      assertThat(harness.loop.monotonicNanos())
          .as("everyRecordIsRead missing %s, journal %s", missing(), harness.journal)
          .isLessThan(end);
      step(random);
    }
    for (Node node : nodes) {
      node.member.consumer().close();
      checkCommits();
    }
  }

  private boolean isAllCommitted() {
    for (int partition = 0; partition < PARTITIONS; partition++) {
      Committed last = brokers.group.offsets.get(partition);
      if (last == null || last.offset() < brokers.end(partition)) {
        return false;
      }
    }
    return true;
  }

  private long missing() {
    return brokers.total() - read.stream().mapToLong(BitSet::cardinality).sum();
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void membersThatComeAndGoInOrder_readEveryRecordOnce(long seed) {
    // given
    begin(seed);
    SplittableRandom random = new SplittableRandom(seed);

    // when
    for (int round = 0; round < 150; round++) {
      int dice = random.nextInt(100);
      if (dice < 6 && nodes.size() < 5) {
        nodes.add(new Node());
      } else if (dice < 9 && nodes.size() > 1) {
        nodes.remove(random.nextInt(nodes.size())).member.consumer().close();
      }
      brokers.produce(random.nextInt(10));
      step(random);
    }
    finish(random);

    // then
    assertThat(handedOver).as("eachRecordOnce").isEqualTo(brokers.total());
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void faultsOfAllKinds_loseNoRecord_andNeverGiveAPartitionTwice(long seed) {
    // given
    begin(seed);
    SplittableRandom random = new SplittableRandom(seed);
    SplittableRandom dropping = random.split();
    brokers.fault =
        (port, request) -> {
          int dice = dropping.nextInt(200);
          if (dice >= 8) {
            return null;
          }
          if (dice < 4 && !(request instanceof FetchRequest)) { // done, but nobody hears of it
            brokers.answer(port, request, Short.MAX_VALUE);
          }
          return dice == 7
              ? new CompletableFuture<ResponseMessage>()
              : CompletableFuture.failedFuture(new IllegalStateException("cut"));
        };

    // when
    for (int round = 0; round < 200; round++) {
      trouble(random);
      brokers.produce(random.nextInt(10));
      step(random);
    }

    // then
    finish(random);
  }

  private void trouble(SplittableRandom random) {
    int dice = random.nextInt(100);
    if (dice < 7 && nodes.size() < 5) {
      nodes.add(new Node());
    } else if (dice < 9 && nodes.size() > 1) {
      nodes.remove(random.nextInt(nodes.size())).member.consumer().close(Duration.ofSeconds(1));
    } else if (dice < 11 && nodes.size() > 1) {
      nodes.remove(random.nextInt(nodes.size())).member.kill(harness.loop);
    } else if (dice < 15 && !nodes.isEmpty()) {
      Node sleeper = nodes.get(random.nextInt(nodes.size()));
      sleeper.asleepUntil =
          harness.loop.monotonicNanos() + random.nextLong(10 * GroupHarness.SECOND);
    } else if (dice < 18) {
      brokers.coordinator = random.nextInt(-1, FakeBrokers.BROKERS);
    } else if (dice < 20) {
      brokers.loading = !brokers.loading;
    } else if (dice < 22) {
      harness.links.down(FakeBrokers.FIRST_PORT + random.nextInt(FakeBrokers.BROKERS));
    } else if (dice < 30) {
      harness.links.up(FakeBrokers.FIRST_PORT + random.nextInt(FakeBrokers.BROKERS));
    } else if (dice < 32 && !nodes.isEmpty()) {
      brokers.group.expel(nodes.get(random.nextInt(nodes.size())).id);
    }
  }
}
