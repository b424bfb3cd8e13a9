package io.millrace.server.coordinator.group;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.message.ConsumerGroupHeartbeatResponse;
import io.millrace.protocol.message.ConsumerGroupHeartbeatResponse.Assignment;
import io.millrace.protocol.message.ConsumerGroupHeartbeatResponse.TopicPartitions;
import io.millrace.server.coordinator.group.GroupRecord.CurrentValue;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What members of a consumer group say in their heartbeats, and are told. Stateless. */
final class ConsumerAnswers {
  private ConsumerAnswers() {}

  /** What the member says it owns; null when it does not say. */
  static @Nullable PartitionSet reported(ConsumerGroupHeartbeatRequest request) {
    if (request.topicPartitions() == null) {
      return null;
    }
    Map<Uuid, List<Integer>> owned = new HashMap<>();
    request
        .topicPartitions()
        .forEach(
            topic ->
                owned
                    .computeIfAbsent(topic.topicId(), key -> new ArrayList<>())
                    .addAll(topic.partitions()));
    return PartitionSet.of(owned);
  }

  /** Tells the assignment when it has changed, or may not be known to the member. */
  static ConsumerGroupHeartbeatResponse answer(
      ConsumerGroupHeartbeatRequest request,
      CurrentValue after,
      CurrentValue before,
      int intervalMs) {
    boolean full =
        request.memberEpoch() == 0
            || (request.rebalanceTimeoutMs() != -1
                && (request.subscribedTopicNames() != null
                    || request.subscribedTopicRegex() != null)
                && request.topicPartitions() != null);
    boolean lostAnswer = request.memberEpoch() != before.epoch();
    ConsumerGroupHeartbeatResponse.Builder response =
        ConsumerGroupHeartbeatResponse.builder()
            .memberId(request.memberId())
            .memberEpoch(after.epoch())
            .heartbeatIntervalMs(intervalMs);
    if (full || lostAnswer || !after.assigned().equals(before.assigned())) {
      response.assignment(
          new Assignment(
              after.assigned().byTopic().entrySet().stream()
                  .map(topic -> new TopicPartitions(topic.getKey(), List.copyOf(topic.getValue())))
                  .toList()));
    }
    return response.build();
  }

  static ConsumerGroupHeartbeatResponse failed(ErrorCode error, String message) {
    return ConsumerGroupHeartbeatResponse.builder()
        .errorCode(error.code())
        .errorMessage(message)
        .build();
  }
}
