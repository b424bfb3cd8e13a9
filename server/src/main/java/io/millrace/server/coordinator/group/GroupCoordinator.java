package io.millrace.server.coordinator.group;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.ConsumerGroupDescribeRequest;
import io.millrace.protocol.message.ConsumerGroupDescribeResponse;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.message.ConsumerGroupHeartbeatResponse;
import io.millrace.protocol.message.DeleteGroupsRequest;
import io.millrace.protocol.message.DeleteGroupsResponse;
import io.millrace.protocol.message.DeleteGroupsResponse.DeletableGroupResult;
import io.millrace.protocol.message.DescribeGroupsRequest;
import io.millrace.protocol.message.DescribeGroupsResponse;
import io.millrace.protocol.message.HeartbeatRequest;
import io.millrace.protocol.message.HeartbeatResponse;
import io.millrace.protocol.message.JoinGroupRequest;
import io.millrace.protocol.message.JoinGroupResponse;
import io.millrace.protocol.message.LeaveGroupRequest;
import io.millrace.protocol.message.LeaveGroupResponse;
import io.millrace.protocol.message.ListGroupsRequest;
import io.millrace.protocol.message.ListGroupsResponse;
import io.millrace.protocol.message.ListGroupsResponse.ListedGroup;
import io.millrace.protocol.message.OffsetCommitRequest;
import io.millrace.protocol.message.OffsetCommitResponse;
import io.millrace.protocol.message.OffsetDeleteRequest;
import io.millrace.protocol.message.OffsetDeleteResponse;
import io.millrace.protocol.message.OffsetFetchRequest;
import io.millrace.protocol.message.OffsetFetchResponse;
import io.millrace.protocol.message.OffsetFetchResponse.OffsetFetchResponseGroup;
import io.millrace.protocol.message.SyncGroupRequest;
import io.millrace.protocol.message.SyncGroupResponse;
import io.millrace.server.coordinator.CoordinatorOperation;
import io.millrace.server.coordinator.CoordinatorRuntime;
import io.millrace.server.coordinator.CoordinatorStats;
import io.millrace.server.coordinator.CoordinatorTurn;
import io.millrace.server.coordinator.group.GroupAdministration.Expiring;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.IntSupplier;

/**
 * The group coordinator of this broker, as the handlers of requests see it: sends each group's
 * request to its shard, and gives the answer the form of the request's version. Any thread; every
 * failure is an answer.
 */
public final class GroupCoordinator {

  /** The internal topic. */
  public static final String TOPIC = "__consumer_offsets";

  private static final short FIRST_JOIN_WITH_NULL_PROTOCOL = 7;

  private final CoordinatorRuntime<GroupShard, GroupRecord> runtime;
  private final IntSupplier partitions;
  private final LongAdder committedOffsets = new LongAdder();

  /**
   * @param partitions how many the internal topic has
   */
  public GroupCoordinator(
      CoordinatorRuntime<GroupShard, GroupRecord> runtime, IntSupplier partitions) {
    this.runtime = runtime;
    this.partitions = partitions;
  }

  /** The partition of the internal topic that a group lives in; Kafka's rule. */
  public static int partitionFor(String groupId, int partitions) {
    int hash = groupId.hashCode();
    return (hash == Integer.MIN_VALUE ? 0 : Math.abs(hash)) % partitions;
  }

  // ---- members

  public CompletableFuture<JoinGroupResponse> joinGroup(
      GroupClient client, JoinGroupRequest request) {
    return this.<JoinGroupResponse>submit(
            request.groupId(),
            (shard, turn, answer) -> shard.joinGroup(turn, client, request, answer),
            error -> ClassicAnswers.joinError(request.memberId(), error))
        .thenApply(
            response ->
                client.version() < FIRST_JOIN_WITH_NULL_PROTOCOL && response.protocolName() == null
                    ? response.toBuilder().protocolName("").build()
                    : response);
  }

  public CompletableFuture<SyncGroupResponse> syncGroup(
      GroupClient client, SyncGroupRequest request) {
    return submit(
        request.groupId(),
        (shard, turn, answer) -> shard.syncGroup(turn, client, request, answer),
        ClassicAnswers::syncError);
  }

  public CompletableFuture<HeartbeatResponse> heartbeat(
      GroupClient client, HeartbeatRequest request) {
    return submit(
        request.groupId(),
        (shard, turn, answer) -> shard.heartbeat(turn, client, request, answer),
        // A member must not believe that it is forgotten, only because its group is being loaded.
        error ->
            HeartbeatResponse.builder()
                .errorCode(error == ErrorCode.COORDINATOR_LOAD_IN_PROGRESS ? 0 : error.code())
                .build());
  }

  /**
   * More was asked by the connection of a heartbeat whose answer may have been kept back: it goes
   * before whatever is answered from now on.
   */
  public void letHeartbeatGo(HeartbeatRequest request, HeartbeatRelease why) {
    int count = partitions.getAsInt();
    if (count > 0) {
      runtime.tell(
          partitionFor(request.groupId(), count),
          (shard, turn) -> shard.letHeartbeatGo(turn, request, why));
    }
  }

  public CompletableFuture<LeaveGroupResponse> leaveGroup(
      short version, LeaveGroupRequest request) {
    return ask(
        request.groupId(),
        (shard, turn) -> shard.leaveGroup(turn, version, request),
        error -> LeaveGroupResponse.builder().errorCode(error.code()).build());
  }

  public CompletableFuture<ConsumerGroupHeartbeatResponse> consumerGroupHeartbeat(
      GroupClient client, ConsumerGroupHeartbeatRequest request) {
    return submit(
        request.groupId(),
        (shard, turn, answer) -> {
          ConsumerGroupHeartbeatResponse response =
              shard.consumerGroupHeartbeat(turn, client, request);
          if (turn.isReadOnly() && tellsNothingNew(request, response)) {
            turn.answerAtOnce(answer, response);
          } else {
            turn.answer(answer, response);
          }
        },
        error -> ConsumerAnswers.failed(error, "The coordinator is not ready: " + error));
  }

  private static boolean tellsNothingNew(
      ConsumerGroupHeartbeatRequest request, ConsumerGroupHeartbeatResponse response) {
    return response.errorCode() == ErrorCode.NONE.code()
        && response.memberEpoch() == request.memberEpoch()
        && response.assignment() == null;
  }

  // ---- offsets

  public CompletableFuture<OffsetCommitResponse> commitOffsets(
      GroupClient client, OffsetCommitRequest request) {
    return ask(
            request.groupId(),
            (shard, turn) -> shard.commitOffsets(turn, client, request),
            error -> CommittedOffsets.commitAnswer(request, (topic, partition) -> error))
        .thenApply(this::count);
  }

  private OffsetCommitResponse count(OffsetCommitResponse response) {
    response
        .topics()
        .forEach(
            topic ->
                topic
                    .partitions()
                    .forEach(
                        partition -> {
                          if (partition.errorCode() == ErrorCode.NONE.code()) {
                            committedOffsets.increment();
                          }
                        }));
    return response;
  }

  /** Offsets committed so far. */
  public long committedOffsets() {
    return committedOffsets.sum();
  }

  /** What the shards of this broker have done. */
  public CoordinatorStats stats() {
    return runtime.stats();
  }

  /** Partitions of the internal topic whose groups are coordinated here. */
  public int activeShards() {
    return runtime.active();
  }

  /** Those of them that are still being read. */
  public int loadingShards() {
    return runtime.loading();
  }

  public CompletableFuture<OffsetFetchResponse> fetchOffsets(
      short version, OffsetFetchRequest request) {
    List<CompletableFuture<OffsetFetchResponseGroup>> answers = new ArrayList<>();
    OffsetFetchForms.groups(version, request)
        .forEach(
            group ->
                answers.add(
                    ask(
                        group.groupId(),
                        (shard, turn) -> shard.fetchOffsets(turn, group, version),
                        error ->
                            new OffsetFetchResponseGroup(
                                group.groupId(), List.of(), error.code()))));
    return all(answers).thenApply(groups -> OffsetFetchForms.answer(version, request, groups));
  }

  public CompletableFuture<OffsetDeleteResponse> deleteOffsets(OffsetDeleteRequest request) {
    return ask(
        request.groupId(),
        (shard, turn) -> shard.administration().deleteOffsets(turn, request),
        error -> OffsetDeleteResponse.builder().errorCode(error.code()).build());
  }

  // ---- administration

  public CompletableFuture<ListGroupsResponse> listGroups(ListGroupsRequest request) {
    List<CompletableFuture<ListGroupsResponse>> answers = new ArrayList<>();
    Map<Integer, CompletableFuture<ListGroupsResponse>> asked =
        runtime.submitToAll(
            (shard, turn, answer) ->
                turn.answerAtOnce(
                    answer,
                    ListGroupsResponse.builder()
                        .groups(shard.administration().list(request))
                        .build()));
    asked
        .values()
        .forEach(
            answer ->
                answers.add(
                    CoordinatorRuntime.orElse(
                        answer,
                        error ->
                            // A shard that has just left is listed by its new leader.
                            ListGroupsResponse.builder()
                                .errorCode(error == ErrorCode.NOT_COORDINATOR ? 0 : error.code())
                                .build())));
    return all(answers).thenApply(GroupCoordinator::merge);
  }

  /** The error of any shard, and all the same the groups of the others. */
  private static ListGroupsResponse merge(List<ListGroupsResponse> parts) {
    List<ListedGroup> groups = new ArrayList<>();
    short error = 0;
    for (ListGroupsResponse part : parts) {
      groups.addAll(part.groups());
      error = part.errorCode() != 0 ? part.errorCode() : error;
    }
    return ListGroupsResponse.builder().errorCode(error).groups(groups).build();
  }

  public CompletableFuture<DescribeGroupsResponse> describeGroups(
      short version, DescribeGroupsRequest request) {
    return lookAtEach(
            request.groups(),
            (shard, turn, group) -> shard.administration().describe(version, group),
            (group, error) ->
                DescribeGroupsResponse.DescribedGroup.builder()
                    .groupId(group)
                    .errorCode(error.code())
                    .build())
        .thenApply(groups -> DescribeGroupsResponse.builder().groups(groups).build());
  }

  public CompletableFuture<ConsumerGroupDescribeResponse> describeConsumerGroups(
      ConsumerGroupDescribeRequest request) {
    return lookAtEach(
            request.groupIds(),
            (shard, turn, group) -> shard.administration().describeConsumer(turn.image(), group),
            (group, error) ->
                ConsumerGroupDescribeResponse.DescribedGroup.builder()
                    .groupId(group)
                    .errorCode(error.code())
                    .build())
        .thenApply(groups -> ConsumerGroupDescribeResponse.builder().groups(groups).build());
  }

  public CompletableFuture<DeleteGroupsResponse> deleteGroups(DeleteGroupsRequest request) {
    return each(
            request.groupsNames(),
            group ->
                ask(
                    group,
                    (shard, turn) -> shard.administration().deleteGroup(turn, group),
                    error -> new DeletableGroupResult(group, error.code(), null)))
        .thenApply(results -> DeleteGroupsResponse.builder().results(results).build());
  }

  // ---- connections

  /** The partition that a group lives in, -1 while there is none. */
  public int partitionOf(String groupId) {
    int count = partitions.getAsInt();
    return count <= 0 ? -1 : partitionFor(groupId, count);
  }

  /**
   * A connection by which groups of a partition were spoken to is gone: its peer closed it, or it
   * broke.
   */
  public void onConnectionGone(int partition, long connection) {
    runtime.tell(partition, (shard, turn) -> shard.onConnectionGone(turn, connection));
  }

  // ---- housekeeping

  /** The controller has deleted topics: their offsets go. */
  public void onTopicsDeleted(Set<Uuid> topics) {
    runtime.tellAll((shard, turn) -> shard.onTopicsDeleted(turn, topics));
  }

  /** Topics have got more partitions: groups that read them start those at their beginning. */
  public void onPartitionsAdded(Set<Uuid> topics) {
    runtime.tellAll((shard, turn) -> shard.onPartitionsAdded(turn, topics));
  }

  /**
   * Deletes offsets whose time is over. To be called every {@code
   * offsets.retention.check.interval.ms}.
   *
   * @param endLookup finds the ends of partitions; leaves out what it cannot learn
   * @return how many offsets went
   */
  public CompletableFuture<Integer> expireOffsets(
      Function<Collection<Expiring>, CompletableFuture<Map<Expiring, Long>>> endLookup) {
    Map<Integer, CompletableFuture<List<Expiring>>> due =
        runtime.submitToAll(
            (shard, turn, answer) -> turn.answer(answer, shard.administration().expiring(turn)));
    List<CompletableFuture<Integer>> gone = new ArrayList<>();
    due.forEach(
        (partition, candidates) ->
            gone.add(
                CoordinatorRuntime.orElse(
                    candidates.thenCompose(
                        list ->
                            endLookup
                                .apply(list)
                                .thenCompose(
                                    ends ->
                                        runtime.<Integer>submit(
                                            partition,
                                            (shard, turn, answer) ->
                                                turn.answer(
                                                    answer,
                                                    shard
                                                        .administration()
                                                        .expire(turn, ends, list))))),
                    error -> 0)));
    return all(gone).thenApply(counts -> counts.stream().mapToInt(Integer::intValue).sum());
  }

  // ---- how to ask

  private <T> CompletableFuture<T> submit(
      String groupId,
      CoordinatorOperation<GroupShard, GroupRecord, T> operation,
      Function<ErrorCode, T> onError) {
    if (!RequestBounds.isText(groupId)) {
      return CompletableFuture.completedFuture(onError.apply(ErrorCode.INVALID_GROUP_ID));
    }
    int count = partitions.getAsInt();
    if (count <= 0) {
      return CompletableFuture.completedFuture(onError.apply(ErrorCode.COORDINATOR_NOT_AVAILABLE));
    }
    return CoordinatorRuntime.orElse(
        runtime.submit(partitionFor(groupId, count), operation), onError);
  }

  private <T> CompletableFuture<T> ask(
      String groupId,
      BiFunction<GroupShard, CoordinatorTurn<GroupRecord>, T> question,
      Function<ErrorCode, T> onError) {
    return submit(
        groupId,
        (shard, turn, answer) -> turn.answer(answer, question.apply(shard, turn)),
        onError);
  }

  /** A question about one group of many. */
  private interface GroupQuestion<T> {
    T ask(GroupShard shard, CoordinatorTurn<GroupRecord> turn, String group);
  }

  /**
   * Shows groups as they are now, which waits for no commit: an operator looks when commits are
   * stuck, too. What is shown may be changed by the next coordinator, as it may be by the next
   * request.
   */
  private <T> CompletableFuture<List<T>> lookAtEach(
      List<String> groups, GroupQuestion<T> question, BiFunction<String, ErrorCode, T> onError) {
    return each(
        groups,
        group ->
            submit(
                group,
                (shard, turn, answer) ->
                    turn.answerAtOnce(answer, question.ask(shard, turn, group)),
                error -> onError.apply(group, error)));
  }

  private static <T> CompletableFuture<List<T>> each(
      List<String> groups, Function<String, CompletableFuture<T>> question) {
    return all(groups.stream().map(question).toList());
  }

  private static <T> CompletableFuture<List<T>> all(List<CompletableFuture<T>> answers) {
    return CompletableFuture.allOf(answers.toArray(new CompletableFuture<?>[0]))
        .thenApply(done -> answers.stream().map(CompletableFuture::join).toList());
  }
}
