package io.millrace.client.admin;

import io.millrace.client.BrokerInfo;
import io.millrace.client.GroupDescription;
import io.millrace.client.MemberToRemove;
import io.millrace.client.MillraceException;
import io.millrace.client.admin.ByCoordinator.Outcome;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.network.Failures;
import io.millrace.client.network.LinkUse;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.DeleteGroupsRequest;
import io.millrace.protocol.message.DeleteGroupsResponse;
import io.millrace.protocol.message.LeaveGroupRequest;
import io.millrace.protocol.message.LeaveGroupRequest.MemberIdentity;
import io.millrace.protocol.message.LeaveGroupResponse;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Describes and deletes groups, and removes members. Any thread; continues on the loop. */
final class GroupOperations {

  private final ClusterClient cluster;
  private final GroupDescriber describer;
  private final long timeoutNanos;

  GroupOperations(ClusterClient cluster, long timeoutNanos) {
    this.cluster = cluster;
    this.describer = new GroupDescriber(cluster);
    this.timeoutNanos = timeoutNanos;
  }

  Map<String, CompletableFuture<GroupDescription>> describe(Collection<String> groups) {
    return ByCoordinator.run(cluster, "describeGroups", groups, timeoutNanos, describer::ask);
  }

  Map<String, CompletableFuture<Void>> delete(Collection<String> groups) {
    return ByCoordinator.run(cluster, "deleteGroups", groups, timeoutNanos, this::askToDelete);
  }

  private CompletableFuture<Map<String, Outcome<Void>>> askToDelete(
      BrokerInfo coordinator, List<String> groups, long requestNanos) {
    return cluster
        .sendTo(
            coordinator,
            LinkUse.REQUESTS,
            DeleteGroupsRequest.builder().groupsNames(groups).build(),
            Short.MAX_VALUE,
            requestNanos)
        .thenApply(
            answer -> {
              Map<String, Outcome<Void>> outcomes = new HashMap<>();
              for (DeleteGroupsResponse.DeletableGroupResult group :
                  ((DeleteGroupsResponse) answer).results()) {
                outcomes.put(
                    group.groupId(),
                    new Outcome<>(
                        null,
                        Answers.failure(
                            group.errorCode(),
                            group.errorMessage(),
                            "delete group '" + group.groupId() + "'")));
              }
              return outcomes;
            });
  }

  Map<MemberToRemove, CompletableFuture<Void>> removeMembers(
      String group, Collection<MemberToRemove> members, String reason) {
    List<MemberToRemove> leaving = List.copyOf(members);
    CompletableFuture<Map<MemberToRemove, ErrorCode>> answer =
        Objects.requireNonNull(
            ByCoordinator.<Map<MemberToRemove, ErrorCode>>run(
                    cluster,
                    "removeMembers",
                    List.of(group),
                    timeoutNanos,
                    (coordinator, groups, requestNanos) ->
                        askToRemove(coordinator, group, leaving, reason, requestNanos))
                .get(group));
    return each(leaving, answer, "remove from group '" + group + "'");
  }

  private CompletableFuture<Map<String, Outcome<Map<MemberToRemove, ErrorCode>>>> askToRemove(
      BrokerInfo coordinator,
      String group,
      List<MemberToRemove> members,
      String reason,
      long requestNanos) {
    LeaveGroupRequest request =
        LeaveGroupRequest.builder()
            .groupId(group)
            .members(
                members.stream()
                    .map(
                        member ->
                            MemberIdentity.builder()
                                .memberId(member.memberId())
                                .groupInstanceId(member.instanceId())
                                .reason(reason)
                                .build())
                    .toList())
            .build();
    return cluster
        .sendTo(coordinator, LinkUse.REQUESTS, request, Short.MAX_VALUE, requestNanos)
        .thenApply(
            answer -> {
              LeaveGroupResponse response = (LeaveGroupResponse) answer;
              MillraceException failure =
                  Answers.failure(response.errorCode(), null, "group '" + group + "'");
              return Map.of(
                  group,
                  failure == null
                      ? Outcome.of(errorsOf(members, response))
                      : Outcome.failed(failure));
            });
  }

  /**
   * Answers are in the order of the request; a static member's may have its member id filled in.
   */
  private static Map<MemberToRemove, ErrorCode> errorsOf(
      List<MemberToRemove> members, LeaveGroupResponse response) {
    Map<MemberToRemove, ErrorCode> errors = new HashMap<>();
    for (LeaveGroupResponse.MemberResponse each : response.members()) {
      for (MemberToRemove member : members) {
        boolean isMeant =
            member.instanceId() == null
                ? member.memberId().equals(each.memberId())
                : member.instanceId().equals(each.groupInstanceId());
        if (isMeant) {
          errors.put(member, ErrorCode.forCode(each.errorCode()));
        }
      }
    }
    return errors;
  }

  /** Splits one answer about several things into a future for each. */
  static <K> Map<K, CompletableFuture<Void>> each(
      Collection<K> keys, CompletableFuture<Map<K, ErrorCode>> answer, String operation) {
    Map<K, CompletableFuture<Void>> results = new LinkedHashMap<>();
    keys.forEach(key -> results.put(key, new CompletableFuture<>()));
    answer.whenComplete(
        (errors, failure) ->
            results.forEach(
                (key, result) -> {
                  if (errors == null) {
                    result.completeExceptionally(
                        failure == null ? Failures.closed() : Failures.of(failure));
                  } else {
                    complete(result, errors.get(key), operation + ": " + key);
                  }
                }));
    return results;
  }

  @SuppressWarnings("NullAway") // Void has no other value
  private static void complete(
      CompletableFuture<Void> result, @Nullable ErrorCode error, String operation) {
    if (error == ErrorCode.NONE) {
      result.complete(null);
    } else if (error == null) {
      result.completeExceptionally(
          new MillraceException(
              ErrorCode.UNKNOWN_SERVER_ERROR, operation + ": the broker's answer leaves it out"));
    } else {
      result.completeExceptionally(
          new MillraceException(error, operation + ": " + error.message()));
    }
  }
}
