package io.millrace.client.admin;

import io.millrace.client.BrokerInfo;
import io.millrace.client.MillraceException;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.FindCoordinatorRequest;
import io.millrace.protocol.message.FindCoordinatorResponse;
import io.millrace.protocol.message.FindCoordinatorResponse.Coordinator;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Asks any broker who coordinates groups: many with one question, and keeps nothing. (A member of
 * one group remembers its coordinator: {@code CoordinatorLookup}.) Retries nothing. On the client's
 * loop.
 */
final class CoordinatorsOfGroups {

  private static final byte GROUP = 0;

  private CoordinatorsOfGroups() {}

  /**
   * Who coordinates a group, or why nobody is known to. One of the two is null.
   *
   * @param failure retriable while the coordinators' topic is being made or has no leader
   */
  record Found(@Nullable BrokerInfo coordinator, @Nullable MillraceException failure) {}

  /** Looks all groups up with one request; every group is in the answer. */
  static CompletableFuture<Map<String, Found>> groups(
      ClusterClient cluster, Collection<String> groups, long timeoutNanos) {
    List<String> asked = List.copyOf(groups);
    FindCoordinatorRequest request =
        FindCoordinatorRequest.builder().keyType(GROUP).coordinatorKeys(asked).build();
    return cluster
        .askAny(request, timeoutNanos)
        .thenApply(answer -> found((FindCoordinatorResponse) answer, asked));
  }

  private static Map<String, Found> found(FindCoordinatorResponse answer, List<String> asked) {
    Map<String, Found> found = new HashMap<>();
    for (Coordinator each : answer.coordinators()) {
      found.put(each.key(), found(each));
    }
    for (String group : asked) {
      found.computeIfAbsent(
          group,
          missing ->
              failed(ErrorCode.UNKNOWN_SERVER_ERROR, missing, "the broker's answer leaves it out"));
    }
    return found;
  }

  private static Found found(Coordinator each) {
    ErrorCode error = ErrorCode.forCode(each.errorCode());
    if (error == ErrorCode.NONE) {
      return new Found(new BrokerInfo(each.nodeId(), each.host(), each.port(), null), null);
    }
    String message = each.errorMessage();
    return failed(error, each.key(), message == null ? error.message() : message);
  }

  private static Found failed(ErrorCode error, String group, String reason) {
    return new Found(
        null,
        new MillraceException(
            error, "no coordinator of group '" + group + "': " + error + ": " + reason));
  }
}
