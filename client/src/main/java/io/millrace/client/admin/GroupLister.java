package io.millrace.client.admin;

import io.millrace.client.BrokerInfo;
import io.millrace.client.ClusterDescription;
import io.millrace.client.GroupListing;
import io.millrace.client.GroupListings;
import io.millrace.client.GroupState;
import io.millrace.client.GroupType;
import io.millrace.client.MillraceException;
import io.millrace.client.PartitionDescription;
import io.millrace.client.cluster.Attempts;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.cluster.TopicDescriber;
import io.millrace.client.network.Failures;
import io.millrace.client.network.LinkUse;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ListGroupsRequest;
import io.millrace.protocol.message.ListGroupsResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * Asks every broker which groups it coordinates. A broker that does not answer is reported beside
 * what the others say: one that is down must not hide the rest. So are groups that nobody
 * coordinates, because their partition has no leader: nobody would miss them otherwise. Any thread;
 * continues on the loop.
 */
final class GroupLister {

  /**
   * How long one broker may take. A broker that is gone is soon fenced and its groups are others';
   * one that is alive needs milliseconds, or a moment while it loads its groups.
   */
  private static final long BROKER_NANOS = Duration.ofSeconds(3).toNanos();

  /** Where groups are kept, here as in Kafka. */
  private static final String TOPIC = "__consumer_offsets";

  private final ClusterClient cluster;
  private final long timeoutNanos;

  GroupLister(ClusterClient cluster, long timeoutNanos) {
    this.cluster = cluster;
    this.timeoutNanos = timeoutNanos;
  }

  CompletableFuture<GroupListings> list(
      CompletableFuture<ClusterDescription> brokers, Set<GroupState> states, Set<GroupType> types) {
    ListGroupsRequest request =
        ListGroupsRequest.builder()
            .statesFilter(states.stream().map(GroupState::wireName).sorted().toList())
            .typesFilter(types.stream().map(GroupType::wireName).sorted().toList())
            .build();
    CompletableFuture<GroupListings> result = new CompletableFuture<>();
    brokers.whenComplete(
        (description, failure) -> {
          if (description == null) {
            result.completeExceptionally(
                failure == null ? Failures.closed() : Failures.of(failure));
          } else {
            askAll(
                description.brokers().stream().filter(broker -> !broker.fenced()).toList(),
                request,
                result);
          }
        });
    return result;
  }

  private void askAll(
      List<BrokerInfo> brokers,
      ListGroupsRequest request,
      CompletableFuture<GroupListings> result) {
    List<GroupListing> groups = Collections.synchronizedList(new ArrayList<>());
    Map<BrokerInfo, MillraceException> unanswered = Collections.synchronizedMap(new HashMap<>());
    List<CompletableFuture<?>> all = new ArrayList<>();
    for (BrokerInfo broker : brokers) {
      all.add(
          ask(broker, request, groups)
              .handle(
                  (complete, failure) -> {
                    if (complete == null) {
                      unanswered.put(
                          broker, failure == null ? Failures.closed() : Failures.of(failure));
                    }
                    return true;
                  }));
    }
    CompletableFuture<List<Integer>> leaderless = leaderless();
    all.add(leaderless);
    CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new))
        .whenComplete((done, failure) -> complete(result, groups, unanswered, leaderless.join()));
  }

  /** Never fails; of a topic that is not there, or that nobody tells of, nothing is known. */
  private CompletableFuture<List<Integer>> leaderless() {
    long most = Math.min(timeoutNanos, BROKER_NANOS);
    return Objects.requireNonNull(TopicDescriber.describe(cluster, List.of(TOPIC), most).get(TOPIC))
        .thenApply(
            topic ->
                topic.partitions().stream()
                    .filter(partition -> !partition.hasLeader())
                    .map(PartitionDescription::partition)
                    .toList())
        .exceptionally(failure -> List.of());
  }

  /** Asks until a broker names all of its groups; those that it names before count too. */
  private CompletableFuture<Boolean> ask(
      BrokerInfo broker, ListGroupsRequest request, List<GroupListing> groups) {
    long most = Math.min(timeoutNanos, BROKER_NANOS);
    return Attempts.run(
        cluster,
        "listGroups",
        most,
        () ->
            cluster
                .sendTo(broker, LinkUse.REQUESTS, request, Short.MAX_VALUE, most)
                .thenApply(
                    answer -> {
                      ListGroupsResponse response = (ListGroupsResponse) answer;
                      groups.addAll(listings(response, broker));
                      Answers.require(response.errorCode(), null, "groups of broker " + broker);
                      return true;
                    }));
  }

  private static List<GroupListing> listings(ListGroupsResponse answer, BrokerInfo broker) {
    return answer.groups().stream()
        .map(
            group ->
                new GroupListing(
                    group.groupId(),
                    GroupType.ofWireName(group.groupType()),
                    GroupState.ofWireName(group.groupState()),
                    group.protocolType(),
                    broker.id()))
        .toList();
  }

  /** A refusal that every broker gives is the answer; nobody at all is no answer either. */
  private static void complete(
      CompletableFuture<GroupListings> result,
      List<GroupListing> groups,
      Map<BrokerInfo, MillraceException> unanswered,
      List<Integer> leaderless) {
    // A coordinator that moves meanwhile, or is asked again, may be listed twice.
    Map<String, GroupListing> byId = new TreeMap<>();
    groups.forEach(group -> byId.put(group.groupId(), group));
    MillraceException refusal =
        unanswered.values().stream()
            .filter(reason -> reason.error() == ErrorCode.UNSUPPORTED_VERSION)
            .findFirst()
            .orElse(null);
    if (refusal != null) {
      result.completeExceptionally(refusal);
    } else {
      result.complete(new GroupListings(List.copyOf(byId.values()), unanswered, leaderless));
    }
  }
}
