package io.millrace.server.coordinator.group;

import static io.millrace.server.coordinator.group.GroupFixture.assigned;
import static io.millrace.server.coordinator.group.GroupFixture.first;
import static io.millrace.server.coordinator.group.GroupFixture.joining;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.ErrorCode;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/** What comes by a connection that the member has replaced is not believed (decision 097). */
class LateWordsTest {
  private static final short TURNED_AWAY = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS.code();

  @Test
  void lateHeartbeat_changesNothing_whetherOrNotLostMembersAreRemoved() {
    lateHeartbeatChangesNothing(
        new GroupFixture(GroupConfigs.with("removeLostMembers", false)), () -> {});
  }

  @Test
  void lateHeartbeat_changesNothing_whenRequestsWereTurnedAwaySince() {
    GroupFixture fixture = new GroupFixture();
    lateHeartbeatChangesNothing(
        fixture,
        () -> {
          fixture.log.lead(false);
          fixture.beat("b", 2, null);
          fixture.log.lead(true);
        });
  }

  private static void lateHeartbeatChangesNothing(GroupFixture fixture, Runnable meanwhile) {
    // given: a member that is to give something up, and has not said that it did
    fixture.connection = 1;
    fixture.beat(first("a").build());
    fixture.connection = 2;
    fixture.beat(first("b").build());
    PartitionSet kept = Objects.requireNonNull(assigned(fixture.beat("a", 1, null)));
    meanwhile.run();

    fixture.connection = 1;
    assertThat(fixture.beat("a", 1, kept).errorCode()).isEqualTo(TURNED_AWAY);

    fixture.connection = 2;
    assertThat(assigned(fixture.beat("b", 2, null))).isNull();
    assertThat(fixture.beat("a", 1, kept).memberEpoch()).isEqualTo(2); // by the connection in use
  }

  @Test
  void lateJoin_ofAClassicMemberOfAConsumerGroup_changesNothing() {
    // given: a classic member of a group that became a consumer group; it has joined again
    GroupFixture fixture = new GroupFixture();
    fixture.connection = 1;
    String old = fixture.stableGroupOfOne();
    fixture.connection = 2;
    fixture.beat(first("new").build());
    assertThat(fixture.now(fixture.join(9, joining(old).build())).generationId()).isEqualTo(2);
    assertThat(fixture.now(fixture.sync(old, 2, Map.of())).errorCode()).isZero();

    // when a join arrives that it had sent before
    fixture.connection = 1;
    assertThat(fixture.now(fixture.join(9, joining(old).build())).errorCode())
        .isEqualTo(TURNED_AWAY);

    // then nobody waits for it to ask for its part
    fixture.connection = 2;
    for (int i = 0; i < 10; i++) {
      fixture.loop.advance(GroupFixture.REBALANCE / 9);
      assertThat(fixture.heartbeat(old, 2)).isZero();
    }
  }

  @Test
  void lateJoin_isTurnedAway_whenTheGroupChangedItsProtocolSince() {
    GroupFixture fixture = new GroupFixture();
    fixture.connection = 1;
    String old = fixture.stableGroupOfOne();
    fixture.connection = 2;
    assertThat(fixture.now(fixture.join(9, joining(old).build())).generationId()).isEqualTo(2);
    fixture.beat(first("new").build());

    fixture.connection = 1;
    assertThat(fixture.now(fixture.join(9, joining(old).build())).errorCode())
        .isEqualTo(TURNED_AWAY);
    fixture.connection = 2;
    fixture.beat("new", ConsumerGroups.LEAVE, null);
    assertThat(fixture.shard().group(GroupFixture.GROUP)).isInstanceOf(ClassicGroup.class);
    fixture.connection = 1;
    assertThat(fixture.now(fixture.join(9, joining(old).build())).errorCode())
        .isEqualTo(TURNED_AWAY);
  }
}
