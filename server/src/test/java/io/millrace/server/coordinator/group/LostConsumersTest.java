package io.millrace.server.coordinator.group;

import static io.millrace.server.coordinator.group.GroupFixture.GROUP;
import static io.millrace.server.coordinator.group.GroupFixture.ORDERS;
import static io.millrace.server.coordinator.group.GroupFixture.assigned;
import static io.millrace.server.coordinator.group.GroupFixture.first;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.ErrorCode;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** Members of consumer groups whose connections break; and what the coordinator keeps of all. */
class LostConsumersTest {
  private final GroupFixture fixture = new GroupFixture();

  @Test
  void consumer_isPutOutHalfAnIntervalAfterItWasToSpeak() {
    fixture.beatBy(1, first("a").build());
    fixture.beatBy(2, first("b").build());
    fixture.connection = 1;
    PartitionSet kept = assigned(fixture.beat("a", 1, null));
    for (int i = 0; i < 3; i++) { // no change for a minute: the usual interval
      fixture.connection = 1;
      fixture.beat("a", i == 0 ? 1 : 2, kept);
      fixture.connection = 2;
      fixture.beat("b", 2, null);
      fixture.loop.advance(i < 2 ? 30_000 : 0);
    }
    fixture.closed(1);

    fixture.loop.advance(7_499);
    assertThat(assigned(fixture.beat("b", 2, null))).isNull();
    fixture.loop.advance(1);
    assertThat(assigned(fixture.beat("b", 2, null)))
        .isEqualTo(PartitionSet.of(ORDERS, 0, 1, 2, 3, 4, 5));
    fixture.connection = 3;
    assertThat(fixture.beat("a", 2, null).errorCode())
        .isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
  }

  @Test
  void consumerThatIsToLetGo_isNotWaitedForWhenItIsLost() {
    fixture.beatBy(1, first("a").build());
    fixture.beatBy(2, first("b").build());
    fixture.connection = 1;
    fixture.beat("a", 1, null); // UNREVOKED from here
    fixture.closed(1);
    fixture.loop.advance(2_000); // it was told to come back within one second

    fixture.connection = 2;
    assertThat(assigned(fixture.beat("b", 2, null)))
        .isEqualTo(PartitionSet.of(ORDERS, 0, 1, 2, 3, 4, 5));
  }

  @Test
  void staticConsumer_keepsItsSession() {
    fixture.beatBy(1, first("a").instanceId("i").build());
    fixture.beatBy(2, first("b").build());
    fixture.closed(1);
    fixture.loop.advance(40_000);
    assertThat(fixture.consumerGroup().members()).containsOnlyKeys("a", "b");
  }

  @Test
  void staticConsumerThatSaidItComesBack_countsNeitherAsHereNorAsGone() {
    fixture.beatBy(1, first("a").instanceId("i").build());
    fixture.beatBy(2, first("b").build());
    fixture.beatBy(3, first("c").build());
    fixture.connection = 1;
    fixture.beat(
        first("a")
            .instanceId("i")
            .memberEpoch(ConsumerGroups.LEAVE_STATIC)
            .topicPartitions(null)
            .build());
    fixture.closed(1);
    fixture.closed(2);
    fixture.loop.advance(2_000);

    assertThat(fixture.consumerGroup().members()).containsOnlyKeys("a", "c");
  }

  @Test
  void turnedOff_sessionsCount() {
    GroupFixture off = new GroupFixture(GroupConfigs.with("removeLostMembers", false));
    off.connection = 1;
    off.beat(first("a").build());
    off.connection = 2;
    off.beat(first("b").build());
    off.closed(1);
    off.loop.advance(44_000);

    Group group = Objects.requireNonNull(Objects.requireNonNull(off.shard).group(GROUP));
    assertThat(((ConsumerGroup) group).members()).containsOnlyKeys("a", "b");
    assertThat(off.shard.presence().size()).isEqualTo(2); // by which they spoke, for late words
  }

  @Test
  void membersAndConnectionsThatComeAndGo_leaveNothing() {
    fixture.beatBy(1, first("stays").build());
    for (int i = 0; i < 300; i++) {
      fixture.beatBy(2 + i, first("m" + i).subscribedTopicNames(List.of("elsewhere")).build());
      if (i % 3 == 0) { // leaves, and the connection ends, or does not
        fixture.beat("m" + i, ConsumerGroups.LEAVE, null);
      }
      if (i % 3 < 2) {
        fixture.closed(2 + i);
      }
      if (i % 100 == 99) {
        fixture.loop.advance(4_000);
        fixture.connection = 1;
        fixture.beat("stays", 0, null);
      }
    }
    fixture.loop.advance(60_000); // more than a session

    assertThat(fixture.consumerGroup().members()).isEmpty();
    assertThat(fixture.shard().presence().size()).isZero();
  }
}
