package io.millrace.client.admin;

import io.millrace.client.BrokerInfo;
import io.millrace.client.GroupDescription;
import io.millrace.client.GroupMember;
import io.millrace.client.GroupState;
import io.millrace.client.GroupType;
import io.millrace.client.MillraceException;
import io.millrace.client.TopicPartition;
import io.millrace.client.admin.ByCoordinator.Outcome;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.network.Failures;
import io.millrace.client.network.LinkUse;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ConsumerGroupDescribeRequest;
import io.millrace.protocol.message.ConsumerGroupDescribeResponse;
import io.millrace.protocol.message.DescribeGroupsRequest;
import io.millrace.protocol.message.DescribeGroupsResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/**
 * Asks a coordinator about groups of either protocol: first by KIP-848's request, then by the
 * classic one for those that are not of that kind, or all when the broker does not know the former.
 * On the client's loop.
 */
final class GroupDescriber {

  private static final byte CLASSIC_MEMBER = 0;

  private final ClusterClient cluster;

  GroupDescriber(ClusterClient cluster) {
    this.cluster = cluster;
  }

  /** A {@link ByCoordinator.Question}. */
  CompletableFuture<Map<String, Outcome<GroupDescription>>> ask(
      BrokerInfo coordinator, List<String> groups, long timeoutNanos) {
    ConsumerGroupDescribeRequest request =
        ConsumerGroupDescribeRequest.builder().groupIds(groups).build();
    CompletableFuture<Map<String, Outcome<GroupDescription>>> result = new CompletableFuture<>();
    cluster
        .sendTo(coordinator, LinkUse.REQUESTS, request, Short.MAX_VALUE, timeoutNanos)
        .whenComplete(
            (answer, failure) -> {
              Map<String, Outcome<GroupDescription>> known = new HashMap<>();
              if (answer instanceof ConsumerGroupDescribeResponse response) {
                response.groups().forEach(group -> read(group, coordinator, known));
              } else {
                MillraceException reason =
                    failure == null ? Failures.closed() : Failures.of(failure);
                if (reason.error() != ErrorCode.UNSUPPORTED_VERSION) {
                  result.completeExceptionally(reason);
                  return;
                }
              }
              askClassic(coordinator, groups, known, timeoutNanos, result);
            });
    return result;
  }

  private void askClassic(
      BrokerInfo coordinator,
      List<String> groups,
      Map<String, Outcome<GroupDescription>> known,
      long timeoutNanos,
      CompletableFuture<Map<String, Outcome<GroupDescription>>> result) {
    List<String> left = groups.stream().filter(group -> !known.containsKey(group)).toList();
    if (left.isEmpty()) {
      result.complete(known);
      return;
    }
    cluster
        .sendTo(
            coordinator,
            LinkUse.REQUESTS,
            DescribeGroupsRequest.builder().groups(left).build(),
            Short.MAX_VALUE,
            timeoutNanos)
        .whenComplete(
            (answer, failure) -> {
              if (answer instanceof DescribeGroupsResponse response) {
                response.groups().forEach(group -> read(group, coordinator, known));
                result.complete(known);
              } else {
                result.completeExceptionally(
                    failure == null ? Failures.closed() : Failures.of(failure));
              }
            });
  }

  private static void read(
      ConsumerGroupDescribeResponse.DescribedGroup group,
      BrokerInfo coordinator,
      Map<String, Outcome<GroupDescription>> known) {
    MillraceException failure =
        Answers.failure(group.errorCode(), group.errorMessage(), "group '" + group.groupId() + "'");
    if (failure == null) {
      known.put(group.groupId(), Outcome.of(consumerGroup(group, coordinator)));
    } else if (failure.error() != ErrorCode.GROUP_ID_NOT_FOUND
        && failure.error() != ErrorCode.UNSUPPORTED_VERSION) {
      known.put(group.groupId(), Outcome.failed(failure));
    }
  }

  private static void read(
      DescribeGroupsResponse.DescribedGroup group,
      BrokerInfo coordinator,
      Map<String, Outcome<GroupDescription>> known) {
    String id = group.groupId();
    MillraceException failure =
        Answers.failure(group.errorCode(), group.errorMessage(), "group '" + id + "'");
    boolean isDead = GroupState.ofWireName(group.groupState()) == GroupState.DEAD;
    if (failure == null && isDead) {
      // Brokers before version 6 of this request say so of a group that they do not know.
      failure =
          new MillraceException(
              ErrorCode.GROUP_ID_NOT_FOUND, "group '" + id + "': " + ErrorCode.GROUP_ID_NOT_FOUND);
    }
    known.put(
        id,
        failure == null ? Outcome.of(classicGroup(group, coordinator)) : Outcome.failed(failure));
  }

  private static GroupDescription consumerGroup(
      ConsumerGroupDescribeResponse.DescribedGroup group, BrokerInfo coordinator) {
    List<GroupMember> members = new ArrayList<>();
    for (ConsumerGroupDescribeResponse.Member member : group.members()) {
      members.add(
          new GroupMember(
              member.memberId(),
              member.instanceId(),
              member.rackId(),
              member.clientId(),
              member.clientHost(),
              member.memberEpoch(),
              member.memberType() == CLASSIC_MEMBER,
              member.subscribedTopicNames(),
              member.subscribedTopicRegex(),
              partitions(member.assignment()),
              partitions(member.targetAssignment())));
    }
    return new GroupDescription(
        group.groupId(),
        GroupType.CONSUMER,
        GroupState.ofWireName(group.groupState()),
        "consumer",
        group.assignorName(),
        coordinator,
        group.groupEpoch(),
        group.assignmentEpoch(),
        members);
  }

  private static Set<TopicPartition> partitions(
      ConsumerGroupDescribeResponse.Assignment assignment) {
    Set<TopicPartition> partitions = new HashSet<>();
    for (ConsumerGroupDescribeResponse.TopicPartitions topic : assignment.topicPartitions()) {
      topic
          .partitions()
          .forEach(partition -> partitions.add(new TopicPartition(topic.topicName(), partition)));
    }
    return partitions;
  }

  private static GroupDescription classicGroup(
      DescribeGroupsResponse.DescribedGroup group, BrokerInfo coordinator) {
    // Others, such as Connect's workers, use the same protocol with bytes of their own.
    boolean isOfConsumers = group.protocolType().equals("consumer");
    List<GroupMember> members = new ArrayList<>();
    for (DescribeGroupsResponse.DescribedGroupMember member : group.members()) {
      Set<TopicPartition> assignment =
          isOfConsumers ? ClassicMemberData.partitions(member.memberAssignment()) : Set.of();
      members.add(
          new GroupMember(
              member.memberId(),
              member.groupInstanceId(),
              null,
              member.clientId(),
              member.clientHost(),
              -1,
              true,
              isOfConsumers ? ClassicMemberData.topics(member.memberMetadata()) : List.of(),
              null,
              assignment,
              assignment));
    }
    return new GroupDescription(
        group.groupId(),
        GroupType.CLASSIC,
        GroupState.ofWireName(group.groupState()),
        group.protocolType(),
        group.protocolData(),
        coordinator,
        -1,
        -1,
        members);
  }
}
