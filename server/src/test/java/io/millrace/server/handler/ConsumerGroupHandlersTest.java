package io.millrace.server.handler;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ConsumerGroupDescribeRequest;
import io.millrace.protocol.message.ConsumerGroupDescribeResponse;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.message.ConsumerGroupHeartbeatResponse;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The protocol of KIP-848 as a client sees it. */
class ConsumerGroupHandlersTest extends GroupApiFixture {

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void memberOfAConsumerGroup_isAssignedAndDescribed(int version) {
    ConsumerGroupHeartbeatResponse answer = heartbeat(version, first("m"));
    assertThat(answer.errorCode()).isZero();
    assertThat(Objects.requireNonNull(answer.assignment()).topicPartitions().get(0).partitions())
        .containsExactly(0, 1, 2);

    ConsumerGroupDescribeResponse described =
        ask(
            ConsumerGroupDescribeResponse.class,
            ApiKey.CONSUMER_GROUP_DESCRIBE,
            version,
            new ConsumerGroupDescribeRequest(List.of("c", "none", "c", "", ODD_GROUP), true));
    assertThat(described.groups()).hasSize(4);
    ConsumerGroupDescribeResponse.DescribedGroup group = described.groups().get(0);
    assertThat(group.groupState()).isEqualTo("Stable");
    assertThat(group.authorizedOperations()).isEqualTo(AuthorizedOperations.GROUP);
    assertThat(group.members().get(0).clientHost()).isEqualTo("/10.0.0.7");
    assertThat(described.groups().get(1).errorCode())
        .isEqualTo(ErrorCode.GROUP_ID_NOT_FOUND.code());
    assertThat(described.groups().get(1).authorizedOperations())
        .isEqualTo(AuthorizedOperations.NOT_ASKED);
  }

  @Test
  void heartbeatWithoutId_isForTheFirstVersionOnly() {
    assertThat(heartbeat(1, first("")).errorCode()).isEqualTo(ErrorCode.INVALID_REQUEST.code());
    ConsumerGroupHeartbeatResponse chosen = heartbeat(0, first(""));
    assertThat(chosen.errorCode()).isZero();
    assertThat(chosen.memberId()).isNotEmpty();
  }

  @Test
  void heartbeatWithNonsense_isRefused() {
    List<String> manyTopics = IntStream.range(0, 50_000).mapToObj(i -> "topic-" + i).toList();
    for (ConsumerGroupHeartbeatRequest.Builder nonsense :
        List.of(
            first("m").groupId(" "),
            first("m".repeat(32_000)),
            first("m").memberEpoch(-7),
            first("m").rebalanceTimeoutMs(-1),
            first("m").instanceId("i".repeat(32_000)),
            first("m").rackId("r".repeat(32_000)),
            first("m").subscribedTopicNames(null),
            first("m").subscribedTopicNames(manyTopics))) {
      ConsumerGroupHeartbeatResponse answer = heartbeat(1, nonsense);
      assertThat(ErrorCode.forCode(answer.errorCode())).isEqualTo(ErrorCode.INVALID_REQUEST);
      assertThat(answer.errorMessage()).isNotEmpty();
    }
    assertThat(heartbeat(1, first("m").groupId("x".repeat(32_000))).errorCode())
        .isEqualTo(ErrorCode.INVALID_GROUP_ID.code());
    assertThat(heartbeat(1, first("m").subscribedTopicRegex("(")).errorCode())
        .isEqualTo(ErrorCode.INVALID_REGULAR_EXPRESSION.code());
    assertThat(heartbeat(1, first("m").subscribedTopicRegex("((a{1000}){1000}){1000}")).errorCode())
        .isEqualTo(ErrorCode.INVALID_REGULAR_EXPRESSION.code());
    assertThat(listed(5)).isEmpty();
  }
}
