package io.millrace.server.coordinator.group;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.message.ConsumerGroupHeartbeatResponse;
import io.millrace.server.coordinator.group.GroupRecord.CurrentValue;
import org.jspecify.annotations.Nullable;

/** Which heartbeats of consumer groups are turned away, before they can change anything. */
final class HeartbeatGate {
  private final GroupConfig config;

  HeartbeatGate(GroupConfig config) {
    this.config = config;
  }

  /** What is wrong with a request, whatever the group; null when nothing is. */
  @Nullable ConsumerGroupHeartbeatResponse refuse(ConsumerGroupHeartbeatRequest request) {
    int epoch = request.memberEpoch();
    String problem = null;
    if (request.groupId().isBlank()) {
      problem = "GroupId can't be empty.";
    } else if (request.memberId().isEmpty() && epoch != 0) {
      problem = "MemberId can't be empty.";
    } else if (isBlank(request.instanceId()) || isBlank(request.rackId())) {
      problem = "InstanceId and RackId can't be empty.";
    } else if (epoch < ConsumerGroups.LEAVE_STATIC) {
      problem =
          "MemberEpoch is " + epoch + ", must be " + ConsumerGroups.LEAVE_STATIC + " or greater.";
    } else if (epoch == ConsumerGroups.LEAVE_STATIC && request.instanceId() == null) {
      problem = "InstanceId can't be null.";
    } else if (epoch == 0) {
      if (request.rebalanceTimeoutMs() <= 0) {
        problem = "RebalanceTimeoutMs must be provided in first request.";
      } else if (request.topicPartitions() == null || !request.topicPartitions().isEmpty()) {
        problem = "TopicPartitions must be empty when (re-)joining.";
      } else if (request.subscribedTopicNames() == null && request.subscribedTopicRegex() == null) {
        problem =
            "Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when"
                + " (re-)joining.";
      }
    }
    if (problem == null) {
      problem = RequestBounds.problem(request, config.maxRecordBytes());
    }
    if (problem != null) {
      return ConsumerAnswers.failed(ErrorCode.INVALID_REQUEST, problem);
    }
    String assignor = request.serverAssignor();
    if (assignor != null && !config.consumerAssignors().contains(assignor)) {
      return ConsumerAnswers.failed(
          ErrorCode.UNSUPPORTED_ASSIGNOR,
          "ServerAssignor "
              + assignor
              + " is not supported. Supported assignors: "
              + String.join(", ", config.consumerAssignors())
              + ".");
    }
    String regex = request.subscribedTopicRegex();
    if (regex != null && !regex.isEmpty() && !TopicRegex.isValid(regex)) {
      return ConsumerAnswers.failed(
          ErrorCode.INVALID_REGULAR_EXPRESSION,
          "SubscribedTopicRegex '" + regex + "' is not RE2, too large, or not Latin-1.");
    }
    return null;
  }

  private static boolean isBlank(@Nullable String text) {
    return text != null && text.isBlank();
  }

  /** Whether the member is who it says, in the epoch that it says; null when it is. */
  @Nullable ConsumerGroupHeartbeatResponse checkMember(
      ConsumerGroup group, ConsumerGroupHeartbeatRequest request) {
    String memberId = request.memberId();
    String instanceId = request.instanceId();
    int epoch = request.memberEpoch();
    boolean known = group.members().containsKey(memberId);
    if (instanceId != null) {
      String holder = group.staticMember(instanceId);
      if (epoch == 0) {
        if (holder != null
            && !holder.equals(memberId)
            && !group.isClassic(holder) // such a one never says that it goes
            && group.current(holder).epoch() != ConsumerGroups.LEAVE_STATIC) {
          return ConsumerAnswers.failed(
              ErrorCode.UNRELEASED_INSTANCE_ID,
              "Static member with instance id " + instanceId + " has not left yet.");
        }
      } else if (holder == null) {
        return ConsumerAnswers.failed(
            ErrorCode.UNKNOWN_MEMBER_ID, "Instance id " + instanceId + " is unknown.");
      } else if (!holder.equals(memberId)) {
        return ConsumerAnswers.failed(
            ErrorCode.FENCED_INSTANCE_ID, "Instance id " + instanceId + " belongs to " + holder);
      }
      known |= epoch == 0 && holder != null;
    }
    if (!known) {
      if (epoch != 0) {
        return ConsumerAnswers.failed(
            ErrorCode.UNKNOWN_MEMBER_ID,
            "Member " + memberId + " is not a member of group " + group.id() + ".");
      }
      return group.members().size() >= config.consumerMaxSize()
          ? ConsumerAnswers.failed(
              ErrorCode.GROUP_MAX_SIZE_REACHED, "The group has reached its maximum size.")
          : null;
    }
    return epoch == 0 ? null : checkEpoch(group, request);
  }

  private static @Nullable ConsumerGroupHeartbeatResponse checkEpoch(
      ConsumerGroup group, ConsumerGroupHeartbeatRequest request) {
    CurrentValue current = group.current(request.memberId());
    if (request.memberEpoch() == current.epoch()) {
      return null;
    }
    PartitionSet reported = ConsumerAnswers.reported(request);
    // The answer that told it of its epoch may have been lost.
    if (request.memberEpoch() == current.previousEpoch()
        && request.memberEpoch() < current.epoch()
        && reported != null
        && current.assigned().containsAll(reported)) {
      return null;
    }
    return ConsumerAnswers.failed(
        ErrorCode.FENCED_MEMBER_EPOCH,
        "The member's epoch " + request.memberEpoch() + " is not the group's: " + current.epoch());
  }
}
