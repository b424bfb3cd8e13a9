package io.millrace.client.admin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.client.GroupDescription;
import io.millrace.client.GroupType;
import io.millrace.client.MillraceException;
import io.millrace.client.OffsetAndMetadata;
import io.millrace.client.TopicPartition;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.simulated.FakeBrokers;
import io.millrace.client.simulated.ManualLoop;
import io.millrace.client.simulated.ScriptedLinks;
import io.millrace.client.simulated.SimulatedClient;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ConsumerGroupDescribeRequest;
import io.millrace.protocol.message.ConsumerGroupDescribeResponse;
import io.millrace.protocol.message.DeleteGroupsRequest;
import io.millrace.protocol.message.DeleteGroupsResponse;
import io.millrace.protocol.message.DescribeGroupsRequest;
import io.millrace.protocol.message.DescribeGroupsResponse;
import io.millrace.protocol.message.FindCoordinatorRequest;
import io.millrace.protocol.message.FindCoordinatorResponse;
import io.millrace.protocol.message.OffsetCommitRequest;
import io.millrace.protocol.message.OffsetFetchRequest;
import io.millrace.protocol.message.OffsetFetchResponse;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.protocol.message.ResponseMessage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/** Operations on groups whose coordinators differ, move and fail; time and network by hand. */
class GroupOperationsTest {

  private static final int BOOTSTRAP = 9090;
  private static final long TIMEOUT = Duration.ofSeconds(10).toNanos();
  private static final TopicPartition PARTITION = new TopicPartition("orders", 2);

  private final ManualLoop loop = new ManualLoop();
  private final ScriptedLinks links = new ScriptedLinks(loop, this::handle);
  private final Map<String, Integer> coordinators = new HashMap<>();
  private final Map<String, GroupType> groups = new HashMap<>();
  private final List<String> asked = new ArrayList<>();
  private short commitVersion = -1;
  private ErrorCode commitError = ErrorCode.NONE;
  private final ClusterClient cluster =
      SimulatedClient.cluster(loop, loop, links, "localhost:" + BOOTSTRAP);

  private CompletableFuture<ResponseMessage> handle(
      int port, RequestMessage request, short maxVersion) {
    asked.add(request.apiKey().apiName() + "@" + port);
    if (request instanceof FindCoordinatorRequest find) {
      return answer(
          FindCoordinatorResponse.builder()
              .coordinators(find.coordinatorKeys().stream().map(this::coordinator).toList())
              .build());
    } else if (request instanceof ConsumerGroupDescribeRequest describe) {
      return answer(
          ConsumerGroupDescribeResponse.builder()
              .groups(describe.groupIds().stream().map(group -> consumer(group, port)).toList())
              .build());
    } else if (request instanceof DescribeGroupsRequest describe) {
      return answer(
          DescribeGroupsResponse.builder()
              .groups(describe.groups().stream().map(this::classic).toList())
              .build());
    } else if (request instanceof DeleteGroupsRequest delete) {
      return answer(
          DeleteGroupsResponse.builder()
              .results(
                  delete.groupsNames().stream()
                      .map(
                          group ->
                              DeleteGroupsResponse.DeletableGroupResult.builder()
                                  .groupId(group)
                                  .errorCode(
                                      group.equals("busy")
                                          ? ErrorCode.NON_EMPTY_GROUP.code()
                                          : ErrorCode.NONE.code())
                                  .build())
                      .toList())
              .build());
    } else if (request instanceof OffsetFetchRequest fetch) {
      assertThat(maxVersion).isEqualTo((short) 9);
      return answer(
          OffsetFetchResponse.builder()
              .groups(fetch.groups().stream().map(group -> offsets(group.groupId())).toList())
              .build());
    } else if (request instanceof OffsetCommitRequest commit) {
      commitVersion = maxVersion;
      return answer(committed(commit));
    }
    throw new IllegalStateException("unexpected " + request.apiKey());
  }

  private static CompletableFuture<ResponseMessage> answer(ResponseMessage answer) {
    return CompletableFuture.completedFuture(answer);
  }

  private FindCoordinatorResponse.Coordinator coordinator(String group) {
    int port = coordinators.getOrDefault(group, -1);
    return FindCoordinatorResponse.Coordinator.builder()
        .key(group)
        .nodeId(port - BOOTSTRAP)
        .host("localhost")
        .port(port)
        .errorCode(port < 0 ? ErrorCode.COORDINATOR_NOT_AVAILABLE.code() : ErrorCode.NONE.code())
        .build();
  }

  private ConsumerGroupDescribeResponse.DescribedGroup consumer(String group, int port) {
    ErrorCode error =
        !Objects.equals(coordinators.get(group), port)
            ? ErrorCode.NOT_COORDINATOR
            : groups.get(group) == GroupType.CONSUMER
                ? ErrorCode.NONE
                : ErrorCode.GROUP_ID_NOT_FOUND;
    return ConsumerGroupDescribeResponse.DescribedGroup.builder()
        .groupId(group)
        .groupState("Stable")
        .groupEpoch(7)
        .errorCode(error.code())
        .build();
  }

  private DescribeGroupsResponse.DescribedGroup classic(String group) {
    boolean isKnown = groups.get(group) == GroupType.CLASSIC;
    return DescribeGroupsResponse.DescribedGroup.builder()
        .groupId(group)
        .groupState(isKnown ? "Empty" : "Dead")
        .build();
  }

  private static OffsetFetchResponse.OffsetFetchResponseGroup offsets(String group) {
    return OffsetFetchResponse.OffsetFetchResponseGroup.builder()
        .groupId(group)
        .topics(
            List.of(
                OffsetFetchResponse.OffsetFetchResponseTopics.builder()
                    .name(PARTITION.topic())
                    .partitions(
                        List.of(
                            OffsetFetchResponse.OffsetFetchResponsePartitions.builder()
                                .partitionIndex(PARTITION.partition())
                                .committedOffset(group.length())
                                .metadata(null)
                                .build(),
                            OffsetFetchResponse.OffsetFetchResponsePartitions.builder()
                                .partitionIndex(5)
                                .committedOffset(-1)
                                .metadata("")
                                .build()))
                    .build()))
        .build();
  }

  private ResponseMessage committed(OffsetCommitRequest commit) {
    ErrorCode now = commitError;
    commitError = ErrorCode.NONE;
    return FakeBrokers.answerTo(commit, now);
  }

  private <K, T> Map<K, CompletableFuture<T>> settled(Map<K, CompletableFuture<T>> results) {
    loop.advanceUntil(() -> results.values().stream().allMatch(CompletableFuture::isDone), 30);
    return results;
  }

  private static <K, T> T value(Map<K, CompletableFuture<T>> results, K key) {
    return Objects.requireNonNull(results.get(key)).join();
  }

  private static <K, T> ErrorCode error(Map<K, CompletableFuture<T>> results, K key) {
    try {
      value(results, key);
      return ErrorCode.NONE;
    } catch (CompletionException e) {
      return ((MillraceException) Objects.requireNonNull(e.getCause())).error();
    }
  }

  @Test
  void groupsOfOneCoordinator_shareARequest() {
    // given
    coordinators.putAll(Map.of("a", 9091, "b", 9092, "c", 9091));
    groups.putAll(
        Map.of("a", GroupType.CONSUMER, "b", GroupType.CONSUMER, "c", GroupType.CONSUMER));

    // when
    var described = settled(new GroupOperations(cluster, TIMEOUT).describe(List.of("a", "b", "c")));

    // then
    assertThat(value(described, "b").coordinator().port()).isEqualTo(9092);
    assertThat(value(described, "c").epoch()).isEqualTo(7);
    assertThat(asked)
        .containsExactlyInAnyOrder(
            "FindCoordinator@9090", "ConsumerGroupDescribe@9091", "ConsumerGroupDescribe@9092");
  }

  @Test
  void classicGroup_isFoundByTheSecondQuestion_andAnUnknownOneFailsAlone() {
    // given
    coordinators.putAll(Map.of("new", 9091, "old", 9091, "none", 9091));
    groups.putAll(Map.of("new", GroupType.CONSUMER, "old", GroupType.CLASSIC));

    // when
    var described =
        settled(new GroupOperations(cluster, TIMEOUT).describe(List.of("new", "old", "none")));

    // then
    assertThat(value(described, "new").type()).isEqualTo(GroupType.CONSUMER);
    assertThat(value(described, "old").type()).isEqualTo(GroupType.CLASSIC);
    assertThat(error(described, "none")).isEqualTo(ErrorCode.GROUP_ID_NOT_FOUND);
  }

  @Test
  void coordinatorThatMoves_isLookedUpAgain() {
    // given: the lookup still names the old one, which refuses
    coordinators.put("a", 9091);
    groups.put("a", GroupType.CONSUMER);
    CompletableFuture<GroupDescription> described =
        future(new GroupOperations(cluster, TIMEOUT).describe(List.of("a")), "a");
    loop.advanceUntil(() -> asked.contains("FindCoordinator@9090"), 5);

    // when
    coordinators.put("a", 9092);
    loop.advanceUntil(described::isDone, 30);

    // then
    assertThat(described.join().coordinator().port()).isEqualTo(9092);
    assertThat(asked).contains("ConsumerGroupDescribe@9091", "ConsumerGroupDescribe@9092");
  }

  private static <K, T> CompletableFuture<T> future(Map<K, CompletableFuture<T>> results, K key) {
    return Objects.requireNonNull(results.get(key));
  }

  @Test
  void coordinatorThatIsDown_failsWhenTheTimeIsOver_andNotBefore() {
    // given
    coordinators.put("a", 9091);
    links.down(9091);
    long started = loop.monotonicNanos();

    // when
    var deleted = settled(new GroupOperations(cluster, TIMEOUT).delete(List.of("a")));

    // then
    assertThat(error(deleted, "a")).isIn(ErrorCode.NETWORK_EXCEPTION, ErrorCode.REQUEST_TIMED_OUT);
    assertThat(loop.monotonicNanos() - started).isGreaterThanOrEqualTo(TIMEOUT);
  }

  @Test
  void groupWithMembers_isNotDeleted_andTheOthersAre() {
    coordinators.putAll(Map.of("busy", 9091, "idle", 9092));

    var deleted = settled(new GroupOperations(cluster, TIMEOUT).delete(List.of("busy", "idle")));

    assertThat(error(deleted, "busy")).isEqualTo(ErrorCode.NON_EMPTY_GROUP);
    assertThat(error(deleted, "idle")).isEqualTo(ErrorCode.NONE);
  }

  @Test
  void offsetsOfSeveralGroups_comeTogether_withoutPartitionsThatHaveNone() {
    coordinators.putAll(Map.of("a", 9091, "bb", 9091));

    var committed = settled(new GroupOffsets(cluster, TIMEOUT).committed(List.of("a", "bb")));

    assertThat(value(committed, "a")).containsOnly(Map.entry(PARTITION, new OffsetAndMetadata(1)));
    assertThat(value(committed, "bb")).containsOnly(Map.entry(PARTITION, new OffsetAndMetadata(2)));
    assertThat(asked).containsOnlyOnce("OffsetFetch@9091");
  }

  @Test
  void commitByAnOperator_speaksOfTopicsByName_andIsRepeatedWhileTheCoordinatorLoads() {
    // given
    coordinators.put("a", 9091);
    commitError = ErrorCode.COORDINATOR_LOAD_IN_PROGRESS;

    // when
    var altered =
        settled(
            new GroupOffsets(cluster, TIMEOUT)
                .alter("a", Map.of(PARTITION, new OffsetAndMetadata(42))));

    // then
    assertThat(error(altered, PARTITION)).isEqualTo(ErrorCode.NONE);
    assertThat(commitVersion).isEqualTo((short) 9);
    assertThat(asked.stream().filter("OffsetCommit@9091"::equals)).hasSize(2);
  }

  @Test
  void commitThatIsRefused_namesGroupAndPartition() {
    coordinators.put("a", 9091);
    commitError = ErrorCode.UNKNOWN_MEMBER_ID;

    var altered =
        settled(
            new GroupOffsets(cluster, TIMEOUT)
                .alter("a", Map.of(PARTITION, new OffsetAndMetadata(42))));

    assertThatThrownBy(() -> value(altered, PARTITION))
        .hasMessageContaining("'a'")
        .hasMessageContaining("orders-2")
        .hasRootCauseInstanceOf(MillraceException.class);
  }
}
