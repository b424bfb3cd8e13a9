package io.millrace.server.coordinator.group;

import static io.millrace.server.coordinator.group.GroupFixture.ORDERS;
import static io.millrace.server.coordinator.group.GroupFixture.cooperative;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.HeartbeatRequest;
import io.millrace.protocol.message.JoinGroupRequest;
import io.millrace.protocol.message.JoinGroupResponse;
import io.millrace.protocol.message.SyncGroupRequest;
import io.millrace.protocol.message.SyncGroupRequest.SyncGroupRequestAssignment;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Members of classic groups that go on reading while a generation is formed. */
class CooperativeMembersTest {
  private static final String INSTANCE = "i1";

  private final GroupFixture fixture = new GroupFixture();

  @Test
  void staticMemberThatRestartsBeforeItGaveSomethingUp_startsARebalance() {
    // given: a static member that is to give partition 1 up, and then to join again
    String one = now(join("", INSTANCE, 0, 1)).memberId();
    share(one, INSTANCE, 1, Map.of(one, PartitionSet.of(ORDERS, 0)));
    assertThat(fixture.state()).isEqualTo("Stable");

    // when it dies, and its successor knows of nothing
    JoinGroupResponse successor = now(join("", INSTANCE));

    // then partition 1 is shared out
    assertThat(successor.generationId()).isEqualTo(2);
    assertThat(fixture.state()).isEqualTo("CompletingRebalance");
  }

  @Test
  void staticMemberThatRestartsAndOwesNothing_takesItsPlace() {
    String one = now(join("", INSTANCE, 0, 1)).memberId();
    share(one, INSTANCE, 1, Map.of(one, PartitionSet.of(ORDERS, 0, 1)));

    assertThat(now(join("", INSTANCE)).generationId()).isEqualTo(1);
    assertThat(fixture.state()).isEqualTo("Stable");
  }

  @Test
  void memberThatClaimsWhatWasGivenToAnother_mustLetGoOfIt() {
    // given: a static member that missed a generation, in which its partition went to another
    String one = now(join("", INSTANCE)).memberId();
    share(one, INSTANCE, 1, Map.of(one, PartitionSet.of(ORDERS, 0)));
    CompletableFuture<JoinGroupResponse> joining = join("", null);
    for (int i = 0; i < 4; i++) { // it is alive, and does not join in time
      assertThat(joining).isNotDone();
      fixture.loop.advance(GroupFixture.REBALANCE / 4);
      beat(one, 1);
    }
    JoinGroupResponse two = now(joining);
    assertThat(two.generationId()).isEqualTo(2);
    share(two.memberId(), null, 2, Map.of(two.memberId(), PartitionSet.of(ORDERS, 0, 1)));
    assertThat(fixture.state()).isEqualTo("Stable");

    // when it joins with what it had
    JoinGroupResponse answer = now(join(one, INSTANCE, 0));

    // then it is told that it has nothing, and may come as one that has nothing
    assertThat(answer.errorCode()).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
    assertThat(fixture.commit(8, two.memberId(), 2, 0, 5)).isZero();
    assertThat(join("", INSTANCE)).isNotDone();
    assertThat(now(join(two.memberId(), null, 0, 1)).generationId()).isEqualTo(3);
  }

  @Test
  void memberThatHasNotGivenUpYetWhatIsToBeAnothers_isBelieved() {
    // given: a generation in which partition 1 is nobody's, because it is to be given up
    String one = now(join("", null, 0, 1)).memberId();
    CompletableFuture<JoinGroupResponse> joining = join("", null);
    now(join(one, null, 0, 1));
    String two = now(joining).memberId();
    share(one, null, 2, Map.of(one, PartitionSet.of(ORDERS, 0), two, PartitionSet.of(ORDERS, 2)));

    // when it joins again before it has asked for its part
    assertThat(join(one, null, 0, 1)).isNotDone();

    assertThat(now(join(two, null, 2)).generationId()).isEqualTo(3);
  }

  @Test
  void memberThatClaimsWhatWasGivenToAnother_isJudgedByTheLatestGeneration() {
    // given: the coordinator has looked once at who was given what
    String one = now(join("", INSTANCE)).memberId();
    CompletableFuture<JoinGroupResponse> joining = join("", null);
    now(join(one, INSTANCE));
    String two = now(joining).memberId();
    share(
        one, INSTANCE, 2, Map.of(one, PartitionSet.of(ORDERS, 0), two, PartitionSet.of(ORDERS, 1)));
    CompletableFuture<JoinGroupResponse> rejoining = join(one, INSTANCE, 0, 2);
    now(join(two, null, 1));
    assertThat(now(rejoining).generationId()).isEqualTo(3);

    // when partition 2, which was nobody's, is given to one member
    share(
        one,
        INSTANCE,
        3,
        Map.of(one, PartitionSet.of(ORDERS, 0), two, PartitionSet.of(ORDERS, 1, 2)));

    // then another cannot own it
    assertThat(now(join(one, INSTANCE, 0, 2)).errorCode())
        .isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
  }

  private JoinGroupResponse now(CompletableFuture<JoinGroupResponse> answer) {
    return fixture.now(answer);
  }

  /** By a version that needs no id from the coordinator first. */
  private CompletableFuture<JoinGroupResponse> join(
      String memberId, @Nullable String instanceId, Integer... owned) {
    JoinGroupRequest request = cooperative(memberId, owned).groupInstanceId(instanceId).build();
    return fixture.join(instanceId == null ? 3 : 9, request);
  }

  private void beat(String memberId, int generation) {
    fixture.now(
        fixture.groups.heartbeat(
            GroupFixture.client(4),
            new HeartbeatRequest(GroupFixture.GROUP, generation, memberId, INSTANCE)));
  }

  private void share(
      String memberId,
      @Nullable String instanceId,
      int generation,
      Map<String, PartitionSet> parts) {
    assertThat(
            fixture
                .now(
                    fixture.groups.syncGroup(
                        GroupFixture.client(3),
                        SyncGroupRequest.builder()
                            .groupId(GroupFixture.GROUP)
                            .memberId(memberId)
                            .groupInstanceId(instanceId)
                            .generationId(generation)
                            .assignments(
                                parts.entrySet().stream()
                                    .map(
                                        part ->
                                            new SyncGroupRequestAssignment(
                                                part.getKey(),
                                                ConsumerProtocol.assignment(
                                                    (short) 1, part.getValue(), fixture.image)))
                                    .toList())
                            .build()))
                .errorCode())
        .isZero();
  }
}
