package io.millrace.client.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.client.BrokerInfo;
import io.millrace.client.ClusterDescription;
import io.millrace.client.GroupListing;
import io.millrace.client.GroupListings;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.simulated.ManualLoop;
import io.millrace.client.simulated.ScriptedLinks;
import io.millrace.client.simulated.SimulatedClient;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ListGroupsRequest;
import io.millrace.protocol.message.ListGroupsResponse;
import io.millrace.protocol.message.MetadataRequest;
import io.millrace.protocol.message.MetadataResponse;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.protocol.message.ResponseMessage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a listing says of groups whose coordinators cannot be asked; time and network by hand. */
class GroupListerTest {

  private static final long SECOND = 1_000_000_000L;

  private final ManualLoop loop = new ManualLoop();
  private final Set<Integer> hanging = new HashSet<>();
  private final Set<Integer> loading = new HashSet<>();
  private final List<Integer> leaders = new ArrayList<>(List.of(1, 2, 1));
  private final ClusterClient cluster =
      SimulatedClient.cluster(
          loop,
          loop,
          new ScriptedLinks(loop, this::handle),
          "localhost:9091",
          "localhost:9092",
          "localhost:9093");

  private CompletableFuture<ResponseMessage> handle(
      int port, RequestMessage request, short maxVersion) {
    if (hanging.contains(port)) {
      return new CompletableFuture<>();
    }
    if (request instanceof ListGroupsRequest) {
      ListGroupsResponse.ListedGroup group =
          ListGroupsResponse.ListedGroup.builder()
              .groupId("of-" + port)
              .groupState("Stable")
              .groupType("consumer")
              .build();
      return CompletableFuture.completedFuture(
          ListGroupsResponse.builder()
              .errorCode(loading.contains(port) ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS.code() : 0)
              .groups(List.of(group))
              .build());
    }
    assertThat(request).isInstanceOf(MetadataRequest.class);
    return CompletableFuture.completedFuture(metadata());
  }

  private MetadataResponse metadata() {
    return MetadataResponse.builder()
        .brokers(
            List.of(
                MetadataResponse.MetadataResponseBroker.builder()
                    .nodeId(1)
                    .host("localhost")
                    .port(9091)
                    .build()))
        .topics(
            List.of(
                MetadataResponse.MetadataResponseTopic.builder()
                    .name("__consumer_offsets")
                    .partitions(
                        IntStream.range(0, leaders.size())
                            .mapToObj(
                                index ->
                                    MetadataResponse.MetadataResponsePartition.builder()
                                        .partitionIndex(index)
                                        .leaderId(leaders.get(index))
                                        .errorCode(
                                            leaders.get(index) < 0
                                                ? ErrorCode.LEADER_NOT_AVAILABLE.code()
                                                : 0)
                                        .build())
                            .toList())
                    .build()))
        .build();
  }

  private GroupListings list() {
    List<BrokerInfo> brokers =
        IntStream.rangeClosed(1, 3)
            .mapToObj(id -> new BrokerInfo(id, "localhost", 9090 + id, null, id == 3))
            .toList();
    CompletableFuture<GroupListings> listings =
        new GroupLister(cluster, 10 * SECOND)
            .list(
                CompletableFuture.completedFuture(new ClusterDescription("id", 1, brokers)),
                Set.of(),
                Set.of());
    loop.advanceUntil(listings::isDone, 4);
    return listings.join();
  }

  @Test
  void brokerThatHangs_isNamedAfterThreeSeconds_besideTheGroupsOfTheOthers() {
    // given
    hanging.add(9092);
    long begin = loop.monotonicNanos();

    // when
    GroupListings listings = list();

    // then
    assertThat(listings.groups()).extracting(GroupListing::groupId).containsExactly("of-9091");
    assertThat(listings.unanswered().keySet()).extracting(BrokerInfo::id).containsExactly(2);
    assertThat(listings.isComplete()).isFalse();
    assertThat(loop.monotonicNanos() - begin).isEqualTo(3 * SECOND);
  }

  @Test
  void brokerThatIsStillLoading_isNamed_besideTheGroupsThatItHas() {
    // given
    loading.add(9092);

    // when
    GroupListings listings = list();

    // then
    assertThat(listings.groups())
        .extracting(GroupListing::groupId)
        .containsExactly("of-9091", "of-9092");
    assertThat(listings.unanswered().keySet()).extracting(BrokerInfo::id).containsExactly(2);
  }

  @Test
  void groupsThatNobodyCoordinates_areSaidToBeMissing() {
    // given
    leaders.set(1, -1);

    // when
    GroupListings listings = list();

    // then
    assertThat(listings.groups()).hasSize(2);
    assertThat(listings.leaderless()).containsExactly(1);
    assertThat(listings.isComplete()).isFalse();
  }

  @Test
  void fencedBrokers_areNotAsked_becauseTheirGroupsAreOthers() {
    // given
    hanging.add(9093);

    // when, then
    assertThat(list().isComplete()).isTrue();
  }
}
