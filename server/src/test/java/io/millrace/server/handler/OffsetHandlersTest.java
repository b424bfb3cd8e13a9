package io.millrace.server.handler;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.OffsetCommitRequest;
import io.millrace.protocol.message.OffsetCommitRequest.OffsetCommitRequestPartition;
import io.millrace.protocol.message.OffsetCommitRequest.OffsetCommitRequestTopic;
import io.millrace.protocol.message.OffsetCommitResponse;
import io.millrace.protocol.message.OffsetDeleteRequest;
import io.millrace.protocol.message.OffsetDeleteRequest.OffsetDeleteRequestPartition;
import io.millrace.protocol.message.OffsetDeleteRequest.OffsetDeleteRequestTopic;
import io.millrace.protocol.message.OffsetDeleteResponse;
import io.millrace.protocol.message.OffsetFetchRequest;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestGroup;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestTopic;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestTopics;
import io.millrace.protocol.message.OffsetFetchResponse;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Offsets of groups as a client sees them. */
class OffsetHandlersTest extends GroupApiFixture {

  static Stream<Integer> commitVersions() {
    return versions(ApiKey.OFFSET_COMMIT);
  }

  static Stream<Integer> fetchVersions() {
    return versions(ApiKey.OFFSET_FETCH);
  }

  @ParameterizedTest
  @MethodSource("commitVersions")
  void commit_takesKnownPartitionsInEveryVersion(int version) {
    ErrorCode unknown =
        version >= 10 ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    assertThat(committed(version, ORDERS, "orders", 2)).isEqualTo(ErrorCode.NONE);
    assertThat(committed(version, ORDERS, "orders", 3))
        .isEqualTo(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    assertThat(committed(version, ORDERS, "orders", -1))
        .isEqualTo(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    assertThat(committed(version, NOBODY, "nobody", 0)).isEqualTo(unknown);
    assertThat(committed(version, Uuid.ZERO, "", 0)).isEqualTo(unknown);
  }

  @Test
  void commitOfNonsense_isRefused() {
    OffsetCommitRequest valid = commit(9, Uuid.ZERO, "orders", 0);
    assertThat(commitError(9, valid.toBuilder().groupId(""))).isEqualTo(ErrorCode.INVALID_GROUP_ID);
    assertThat(commitError(9, valid.toBuilder().generationIdOrMemberEpoch(7)))
        .isEqualTo(ErrorCode.GROUP_ID_NOT_FOUND);
    assertThat(commitError(8, valid.toBuilder().generationIdOrMemberEpoch(7)))
        .isEqualTo(ErrorCode.ILLEGAL_GENERATION);
    OffsetCommitRequestPartition large =
        new OffsetCommitRequestPartition(0, 1, -1, "x".repeat(5_000));
    assertThat(
            commitError(
                9,
                valid.toBuilder()
                    .topics(
                        List.of(
                            new OffsetCommitRequestTopic("orders", Uuid.ZERO, List.of(large))))))
        .isEqualTo(ErrorCode.OFFSET_METADATA_TOO_LARGE);
    assertThat(
            ask(
                    OffsetCommitResponse.class,
                    ApiKey.OFFSET_COMMIT,
                    9,
                    valid.toBuilder().topics(List.of()).build())
                .topics())
        .isEmpty();
  }

  private ErrorCode commitError(int version, OffsetCommitRequest.Builder request) {
    return ErrorCode.forCode(
        ask(OffsetCommitResponse.class, ApiKey.OFFSET_COMMIT, version, request.build())
            .topics()
            .get(0)
            .partitions()
            .get(0)
            .errorCode());
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 10})
  void commitLargerThanABatch_isTakenWhole(int version) {
    String note = "x".repeat(4_000);
    List<OffsetCommitRequestPartition> many =
        IntStream.range(0, 3_000)
            .mapToObj(i -> new OffsetCommitRequestPartition(i % 3, i, -1, note))
            .toList();
    OffsetCommitResponse answer =
        ask(
            OffsetCommitResponse.class,
            ApiKey.OFFSET_COMMIT,
            version,
            OffsetCommitRequest.builder()
                .groupId("large")
                .topics(
                    List.of(
                        new OffsetCommitRequestTopic(
                            version >= 10 ? "" : "orders",
                            version >= 10 ? ORDERS : Uuid.ZERO,
                            many)))
                .build());
    assertThat(answer.topics().get(0).partitions())
        .hasSize(3_000)
        .allMatch(partition -> partition.errorCode() == 0);
  }

  @ParameterizedTest
  @MethodSource("fetchVersions")
  void fetch_findsWhatWasCommittedInEveryVersion(int version) {
    committed(9, ORDERS, "orders", 1);
    OffsetFetchRequest request =
        version < 8
            ? OffsetFetchRequest.builder()
                .groupId(ODD_GROUP)
                .topics(
                    List.of(
                        new OffsetFetchRequestTopic("orders", List.of(1, 0, -4)),
                        new OffsetFetchRequestTopic("nobody", List.of(0))))
                .build()
            : OffsetFetchRequest.builder()
                .groups(
                    List.of(
                        new OffsetFetchRequestGroup(
                            ODD_GROUP,
                            null,
                            -1,
                            List.of(
                                fetching(version, ORDERS, "orders", 1, 0, -4),
                                fetching(version, NOBODY, "nobody", 0))),
                        new OffsetFetchRequestGroup("other", null, -1, null),
                        new OffsetFetchRequestGroup("", null, -1, null)))
                .build();
    OffsetFetchResponse answer =
        ask(OffsetFetchResponse.class, ApiKey.OFFSET_FETCH, version, request);

    if (version < 8) {
      assertThat(answer.errorCode()).isZero();
      assertThat(answer.topics().get(0).partitions())
          .extracting(OffsetFetchResponse.OffsetFetchResponsePartition::committedOffset)
          .containsExactly(42L, -1L, -1L);
      assertThat(answer.topics().get(0).partitions().get(0).metadata()).isEqualTo("note");
      assertThat(answer.topics().get(1).partitions().get(0).errorCode()).isZero();
      return;
    }
    OffsetFetchResponse.OffsetFetchResponseGroup group = answer.groups().get(0);
    assertThat(group.groupId()).isEqualTo(ODD_GROUP);
    assertThat(group.topics().get(0).partitions())
        .extracting(OffsetFetchResponse.OffsetFetchResponsePartitions::committedOffset)
        .containsExactly(42L, -1L, -1L);
    assertThat(ErrorCode.forCode(group.topics().get(1).partitions().get(0).errorCode()))
        .isEqualTo(version >= 10 ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.NONE);
    assertThat(answer.groups().get(1).topics()).isEmpty();
    assertThat(answer.groups().get(1).errorCode()).isZero();
    assertThat(answer.groups().get(2).errorCode()).isEqualTo(ErrorCode.INVALID_GROUP_ID.code());
  }

  private static OffsetFetchRequestTopics fetching(
      int version, Uuid id, String name, Integer... partitions) {
    return new OffsetFetchRequestTopics(
        version >= 10 ? "" : name, version >= 10 ? id : Uuid.ZERO, List.of(partitions));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 7, 8, 10})
  void fetchOfEverything_listsWhatThereIs(int version) {
    committed(9, ORDERS, "orders", 1);
    OffsetFetchResponse answer =
        ask(
            OffsetFetchResponse.class,
            ApiKey.OFFSET_FETCH,
            version,
            version < 8
                ? OffsetFetchRequest.builder().groupId(ODD_GROUP).topics(null).build()
                : OffsetFetchRequest.builder()
                    .groups(List.of(new OffsetFetchRequestGroup(ODD_GROUP, null, -1, null)))
                    .build());
    if (version < 8) {
      assertThat(answer.topics().get(0).name()).isEqualTo("orders");
    } else {
      assertThat(answer.groups().get(0).topics().get(0).topicId())
          .isEqualTo(version >= 10 ? ORDERS : Uuid.ZERO);
    }
  }

  @Test
  void fetchThatNamesAGroupAgain_isRefused() {
    OffsetFetchRequestGroup group = new OffsetFetchRequestGroup("g", null, -1, null);
    OffsetFetchResponse answer =
        ask(
            OffsetFetchResponse.class,
            ApiKey.OFFSET_FETCH,
            9,
            OffsetFetchRequest.builder().groups(List.of(group, group)).build());
    assertThat(answer.groups()).hasSize(1);
    assertThat(answer.groups().get(0).errorCode()).isEqualTo(ErrorCode.INVALID_REQUEST.code());
  }

  @Test
  void offsetDelete_tellsOfEachTopic() {
    committed(9, ORDERS, "orders", 1);
    OffsetDeleteRequest request =
        new OffsetDeleteRequest(
            ODD_GROUP,
            List.of(
                new OffsetDeleteRequestTopic(
                    "orders", List.of(new OffsetDeleteRequestPartition(1))),
                new OffsetDeleteRequestTopic(
                    "nobody", List.of(new OffsetDeleteRequestPartition(0)))));
    OffsetDeleteResponse answer = ask(OffsetDeleteResponse.class, ApiKey.OFFSET_DELETE, 0, request);
    assertThat(answer.errorCode()).isZero();
    assertThat(answer.topics().get(0).partitions().get(0).errorCode()).isZero();
    assertThat(answer.topics().get(1).partitions().get(0).errorCode())
        .isEqualTo(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code());
    OffsetDeleteResponse gone =
        ask(
            OffsetDeleteResponse.class,
            ApiKey.OFFSET_DELETE,
            0,
            new OffsetDeleteRequest("nothing", request.topics()));
    assertThat(gone.errorCode()).isEqualTo(ErrorCode.GROUP_ID_NOT_FOUND.code());
  }
}
