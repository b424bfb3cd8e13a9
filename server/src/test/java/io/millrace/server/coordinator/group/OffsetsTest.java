package io.millrace.server.coordinator.group;

import static io.millrace.server.coordinator.group.GroupFixture.GROUP;
import static io.millrace.server.coordinator.group.GroupFixture.ORDERS;
import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.DeleteGroupsRequest;
import io.millrace.protocol.message.OffsetDeleteRequest;
import io.millrace.protocol.message.OffsetDeleteRequest.OffsetDeleteRequestPartition;
import io.millrace.protocol.message.OffsetDeleteRequest.OffsetDeleteRequestTopic;
import io.millrace.protocol.message.OffsetDeleteResponse;
import io.millrace.protocol.message.OffsetFetchRequest;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestGroup;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestTopics;
import io.millrace.protocol.message.OffsetFetchResponse;
import io.millrace.server.coordinator.group.GroupAdministration.Expiring;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class OffsetsTest {
  private static final long RETENTION_MILLIS = TimeUnit.DAYS.toMillis(7);
  private static final Uuid REBORN = new Uuid(9, 9);

  private final GroupFixture fixture = new GroupFixture();

  private short commitAlone(int partition, long offset) {
    return fixture.commit(9, "", -1, partition, offset);
  }

  // ---- commit and fetch

  @Test
  void consumerWithoutAGroup_commitsAndFetches_alsoAfterFailover() {
    assertThat(commitAlone(1, 42)).isZero();
    assertThat(fixture.fetch(1)).isEqualTo(42);
    assertThat(fixture.fetch(2)).isEqualTo(-1);
    fixture.failOver();
    assertThat(fixture.fetch(1)).isEqualTo(42);
    assertThat(fixture.state()).isEqualTo("Empty");
  }

  @Test
  void commitIsNotAnswered_beforeItIsCommitted_norSeen() {
    fixture.log.hold();
    CompletableFuture<?> answer =
        fixture.groups.commitOffsets(
            GroupFixture.client(9),
            io.millrace.protocol.message.OffsetCommitRequest.builder()
                .groupId(GROUP)
                .memberId("")
                .generationIdOrMemberEpoch(-1)
                .topics(
                    List.of(
                        new io.millrace.protocol.message.OffsetCommitRequest
                            .OffsetCommitRequestTopic(
                            "orders",
                            Uuid.ZERO,
                            List.of(
                                new io.millrace.protocol.message.OffsetCommitRequest
                                    .OffsetCommitRequestPartition(0, 7, 0, null)))))
                .build());
    fixture.loop.run();
    assertThat(answer).isNotDone();
    fixture.log.release();
    fixture.loop.run();
    assertThat(answer).isDone();
    assertThat(fixture.fetch(0)).isEqualTo(7);
  }

  @Test
  void commitOfAMemberOfNoGroup_isRefusedByVersion() {
    assertThat(fixture.commit(8, "m", 3, 0, 1)).isEqualTo(ErrorCode.ILLEGAL_GENERATION.code());
    assertThat(fixture.commit(9, "m", 3, 0, 1)).isEqualTo(ErrorCode.GROUP_ID_NOT_FOUND.code());
    assertThat(fixture.state()).isEqualTo("gone");
  }

  @Test
  void whileMembersLive_onlyTheyCommit() {
    String member = fixture.stableGroupOfOne();
    assertThat(commitAlone(0, 5)).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
    assertThat(fixture.commit(9, "zombie", 1, 0, 5)).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
    assertThat(fixture.commit(9, member, 1, 0, 5)).isZero();
    assertThat(fixture.fetch(0)).isEqualTo(5);
  }

  @Test
  void unknownTopics_areRefusedOneByOne() {
    assertThat(fixture.commit(9, "", -1, "nothing", Uuid.ZERO, 0, 1))
        .isEqualTo(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code());
    assertThat(fixture.commit(9, "", -1, "orders", Uuid.ZERO, 6, 1))
        .isEqualTo(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code());
    assertThat(fixture.commit(10, "", -1, "", new Uuid(7, 7), 0, 1))
        .isEqualTo(ErrorCode.UNKNOWN_TOPIC_ID.code());
    assertThat(fixture.commit(10, "", -1, "", ORDERS, 0, 1)).isZero();
    assertThat(fixture.fetch(0)).isEqualTo(1);
  }

  @Test
  void recreatedTopic_hasNoOffsets() {
    commitAlone(0, 42);
    fixture.image = Images.without(fixture.image, ORDERS);
    fixture.image = Images.with(fixture.image, REBORN, "orders", 6);
    assertThat(fixture.fetch(0)).isEqualTo(-1);
    commitAlone(0, 3);
    assertThat(fixture.fetch(0)).isEqualTo(3);
    fixture.groups.onTopicsDeleted(java.util.Set.of(ORDERS)); // late news
    assertThat(fixture.fetch(0)).isEqualTo(3);
  }

  @Test
  void deletedTopic_takesItsOffsetsAlong() {
    commitAlone(0, 42);
    fixture.groups.onTopicsDeleted(java.util.Set.of(ORDERS));
    assertThat(fixture.fetch(0)).isEqualTo(-1);
  }

  @Test
  void fetch_answersInTheFormOfEachVersion() {
    commitAlone(3, 30);
    OffsetFetchResponse old =
        fixture.now(
            fixture.groups.fetchOffsets(
                (short) 2, OffsetFetchRequest.builder().groupId(GROUP).topics(null).build()));
    assertThat(old.topics()).hasSize(1);
    assertThat(old.topics().get(0).partitions().get(0).committedOffset()).isEqualTo(30);
    assertThat(old.groups()).isEmpty();

    OffsetFetchResponse byId =
        fixture.now(
            fixture.groups.fetchOffsets(
                (short) 10,
                OffsetFetchRequest.builder()
                    .groups(
                        List.of(
                            new OffsetFetchRequestGroup(GROUP, null, -1, null),
                            new OffsetFetchRequestGroup(
                                GROUP,
                                null,
                                -1,
                                List.of(
                                    new OffsetFetchRequestTopics("", new Uuid(7, 7), List.of(0)))),
                            new OffsetFetchRequestGroup("other", null, -1, null)))
                    .build()));
    assertThat(byId.groups().get(0).topics().get(0).topicId()).isEqualTo(ORDERS);
    assertThat(byId.groups().get(1).topics().get(0).partitions().get(0).errorCode())
        .isEqualTo(ErrorCode.UNKNOWN_TOPIC_ID.code());
    assertThat(byId.groups().get(2).topics()).isEmpty();
  }

  @Test
  void metadataThatIsTooLong_isRefused() {
    GroupFixture strict = new GroupFixture(GroupConfigs.with("offsetMetadataMaxBytes", 0));
    assertThat(strict.commit(9, "", -1, 0, 1))
        .isEqualTo(ErrorCode.OFFSET_METADATA_TOO_LARGE.code());
  }

  // ---- deletion

  private OffsetDeleteResponse delete(String topic) {
    return fixture.now(
        fixture.groups.deleteOffsets(
            new OffsetDeleteRequest(
                GROUP,
                List.of(
                    new OffsetDeleteRequestTopic(
                        topic, List.of(new OffsetDeleteRequestPartition(0)))))));
  }

  @Test
  void offsetsThatMembersRead_cannotBeDeleted() {
    assertThat(delete("orders").errorCode()).isEqualTo(ErrorCode.GROUP_ID_NOT_FOUND.code());
    String member = fixture.stableGroupOfOne();
    fixture.commit(9, member, 1, 0, 5);
    assertThat(delete("orders").topics().get(0).partitions().get(0).errorCode())
        .isEqualTo(ErrorCode.GROUP_SUBSCRIBED_TO_TOPIC.code());
    assertThat(fixture.fetch(0)).isEqualTo(5);
    fixture.leave(member);
    assertThat(delete("orders").topics().get(0).partitions().get(0).errorCode()).isZero();
    assertThat(fixture.fetch(0)).isEqualTo(-1);
  }

  private short deleteGroup() {
    return fixture
        .now(fixture.groups.deleteGroups(new DeleteGroupsRequest(List.of(GROUP))))
        .results()
        .get(0)
        .errorCode();
  }

  @Test
  void groupWithMembers_cannotBeDeleted_anEmptyOneGoesForGood() {
    assertThat(deleteGroup()).isEqualTo(ErrorCode.GROUP_ID_NOT_FOUND.code());
    String member = fixture.stableGroupOfOne();
    fixture.commit(9, member, 1, 0, 5);
    assertThat(deleteGroup()).isEqualTo(ErrorCode.NON_EMPTY_GROUP.code());
    fixture.leave(member);
    assertThat(deleteGroup()).isZero();
    fixture.failOver();
    assertThat(fixture.state()).isEqualTo("gone");
    assertThat(fixture.fetch(0)).isEqualTo(-1);
  }

  // ---- retention

  private int expire(Map<Integer, Long> ends) {
    return fixture.now(
        fixture.groups.expireOffsets(
            due -> {
              Map<Expiring, Long> known = new HashMap<>();
              due.forEach(
                  candidate -> {
                    Long end = ends.get(candidate.partition());
                    if (end != null) {
                      known.put(candidate, end);
                    }
                  });
              return CompletableFuture.completedFuture(known);
            }));
  }

  @Test
  void unusedOffsets_expireWhenAllWasRead() {
    commitAlone(0, 10);
    commitAlone(1, 10);
    commitAlone(2, 10);
    Map<Integer, Long> allRead = Map.of(0, 10L, 1, 10L, 2, 10L);
    fixture.loop.advance(RETENTION_MILLIS - 1);
    assertThat(expire(allRead)).isZero();
    fixture.loop.advance(1);

    // while there is data after one, or nobody knows, the group goes on where it was in all
    assertThat(expire(Map.of(0, 10L, 1, 11L, 2, 10L))).isZero();
    assertThat(expire(Map.of(0, 10L, 1, 10L))).isZero();
    assertThat(fixture.fetch(0)).isEqualTo(10);

    assertThat(expire(allRead)).isEqualTo(3);
    assertThat(fixture.fetch(0)).isEqualTo(-1);
    assertThat(fixture.state()).isEqualTo("gone");
  }

  @Test
  void offsetsOfAGroupWithoutMembers_expireTogether() {
    commitAlone(0, 10);
    fixture.loop.advance(RETENTION_MILLIS / 2);
    commitAlone(1, 10); // by somebody who assigns partitions to himself, and finds nothing new in 0
    Map<Integer, Long> allRead = Map.of(0, 10L, 1, 10L);

    fixture.loop.advance(RETENTION_MILLIS / 2);
    assertThat(expire(allRead)).isZero();
    fixture.loop.advance(RETENTION_MILLIS / 2);
    assertThat(expire(allRead)).isEqualTo(2);
  }

  @Test
  void offsetsOfLivingMembers_neverExpire() {
    String member = fixture.stableGroupOfOne();
    fixture.commit(9, member, 1, 0, 10);
    for (long passed = 0; passed <= RETENTION_MILLIS; passed += 5_000_000) {
      fixture.loop.advance(9_000);
      fixture.heartbeat(member, 1);
    }
    assertThat(expire(Map.of(0, 10L))).isZero();
  }

  @Test
  void groupThatBecomesEmpty_keepsOffsetsForAWholeRetentionTime() {
    commitAlone(0, 10);
    fixture.loop.advance(RETENTION_MILLIS - 1_000);
    String member = fixture.stableGroupOfOne();
    fixture.leave(member);
    fixture.loop.advance(RETENTION_MILLIS - 1);
    assertThat(expire(Map.of(0, 10L))).isZero();
    fixture.loop.advance(1);
    assertThat(expire(Map.of(0, 10L))).isEqualTo(1);
    assertThat(fixture.state()).isEqualTo("gone");
  }
}
