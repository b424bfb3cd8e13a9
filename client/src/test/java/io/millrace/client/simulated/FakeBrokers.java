package io.millrace.client.simulated;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.message.FetchRequest;
import io.millrace.protocol.message.FetchResponse;
import io.millrace.protocol.message.FindCoordinatorRequest;
import io.millrace.protocol.message.FindCoordinatorResponse;
import io.millrace.protocol.message.ListOffsetsRequest;
import io.millrace.protocol.message.ListOffsetsResponse;
import io.millrace.protocol.message.MetadataRequest;
import io.millrace.protocol.message.MetadataResponse;
import io.millrace.protocol.message.OffsetCommitRequest;
import io.millrace.protocol.message.OffsetCommitResponse;
import io.millrace.protocol.message.OffsetFetchRequest;
import io.millrace.protocol.message.OffsetFetchResponse;
import io.millrace.protocol.message.OffsetForLeaderEpochRequest;
import io.millrace.protocol.message.OffsetForLeaderEpochResponse;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.protocol.message.ResponseMessage;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.RecordBatchBuilder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Three brokers in memory with one topic, which the first leads, and one group, which one of them
 * coordinates; its state outlives a move. What a test wants to go wrong it says in {@link #fault}.
 */
public final class FakeBrokers implements ScriptedLinks.Brokers {

  public static final String TOPIC = "orders";
  public static final Uuid TOPIC_ID = new Uuid(0x1111, 0x2222);
  public static final int FIRST_PORT = 9090;
  public static final int BROKERS = 3;

  private static final int MOST_RECORDS = 5;

  private final ManualLoop loop;
  public final FakeGroup group;
  private final long[] ends;

  /** Which broker coordinates; none answers for the group while it is negative. */
  public int coordinator = 1;

  public boolean loading;

  /** Tells of the topic's name; off: only ids are known to those who ask by name. */
  public boolean knowsNames = true;

  public int requests;
  public final List<RequestMessage> seen = new ArrayList<>();

  /** An answer instead of the broker's; a failed future breaks the connection; null: none. */
  public BiFunction<Integer, RequestMessage, @Nullable CompletableFuture<ResponseMessage>> fault =
      (port, request) -> null;

  public FakeBrokers(ManualLoop loop, int partitions) {
    this.loop = loop;
    this.group = new FakeGroup(TOPIC, TOPIC_ID, partitions);
    this.ends = new long[partitions];
  }

  public int coordinatorPort() {
    return FIRST_PORT + coordinator;
  }

  /** So many more records, to all partitions in turn. */
  public void produce(int records) {
    for (int i = 0; i < records; i++) {
      ends[i % ends.length]++;
    }
  }

  public long end(int partition) {
    return ends[partition];
  }

  public long total() {
    return Arrays.stream(ends).sum();
  }

  @Override
  public CompletableFuture<ResponseMessage> handle(
      int port, RequestMessage request, short maxVersion) {
    requests++;
    seen.add(request);
    CompletableFuture<ResponseMessage> instead = fault.apply(port, request);
    if (instead != null) {
      return instead;
    }
    if (request instanceof FetchRequest fetch) {
      return fetch(fetch);
    }
    return CompletableFuture.completedFuture(answer(port, request, maxVersion));
  }

  public ResponseMessage answer(int port, RequestMessage request, short maxVersion) {
    long now = loop.monotonicNanos();
    if (request instanceof MetadataRequest metadata) {
      return metadata(metadata);
    } else if (request instanceof FindCoordinatorRequest find) {
      return coordinatorOf(find.coordinatorKeys().get(0));
    } else if (request instanceof ConsumerGroupHeartbeatRequest heartbeat) {
      ErrorCode refused = refusal(port);
      return refused == ErrorCode.NONE ? group.heartbeat(heartbeat, now) : FakeGroup.error(refused);
    } else if (request instanceof OffsetCommitRequest commit) {
      return commit(port, commit, (short) Math.min(10, maxVersion), now);
    } else if (request instanceof OffsetFetchRequest fetch) {
      ErrorCode refused = refusal(port);
      return refused == ErrorCode.NONE
          ? group.fetch(fetch, (short) Math.min(10, maxVersion))
          : OffsetFetchResponse.builder()
              .groups(
                  List.of(
                      OffsetFetchResponse.OffsetFetchResponseGroup.builder()
                          .groupId(fetch.groups().get(0).groupId())
                          .errorCode(refused.code())
                          .build()))
              .build();
    } else if (request instanceof ListOffsetsRequest list) {
      return listOffsets(list);
    } else if (request instanceof OffsetForLeaderEpochRequest epochs) {
      return epochs(epochs);
    }
    throw new IllegalStateException("unexpected " + request.apiKey());
  }

  private ErrorCode refusal(int port) {
    if (port != coordinatorPort()) {
      return ErrorCode.NOT_COORDINATOR;
    }
    return loading ? ErrorCode.COORDINATOR_LOAD_IN_PROGRESS : ErrorCode.NONE;
  }

  private ResponseMessage commit(int port, OffsetCommitRequest commit, short version, long now) {
    ErrorCode refused = refusal(port);
    return refused == ErrorCode.NONE
        ? group.commit(commit, version, now)
        : answerTo(commit, refused);
  }

  /** Says the same of every partition. */
  public static ResponseMessage answerTo(OffsetCommitRequest commit, ErrorCode error) {
    return OffsetCommitResponse.builder()
        .topics(
            commit.topics().stream()
                .map(
                    topic ->
                        OffsetCommitResponse.OffsetCommitResponseTopic.builder()
                            .name(topic.name())
                            .topicId(topic.topicId())
                            .partitions(
                                topic.partitions().stream()
                                    .map(
                                        each ->
                                            OffsetCommitResponse.OffsetCommitResponsePartition
                                                .builder()
                                                .partitionIndex(each.partitionIndex())
                                                .errorCode(error.code())
                                                .build())
                                    .toList())
                            .build())
                .toList())
        .build();
  }

  private ResponseMessage coordinatorOf(String key) {
    return FindCoordinatorResponse.builder()
        .coordinators(
            List.of(
                FindCoordinatorResponse.Coordinator.builder()
                    .key(key)
                    .nodeId(coordinator)
                    .host("localhost")
                    .port(coordinatorPort())
                    .errorCode(
                        coordinator < 0
                            ? ErrorCode.COORDINATOR_NOT_AVAILABLE.code()
                            : ErrorCode.NONE.code())
                    .build()))
        .build();
  }

  private MetadataResponse metadata(MetadataRequest request) {
    List<MetadataResponse.MetadataResponseTopic> topics = new ArrayList<>();
    for (MetadataRequest.MetadataRequestTopic asked :
        Objects.requireNonNullElse(
            request.topics(), List.<MetadataRequest.MetadataRequestTopic>of())) {
      boolean isKnown =
          asked.name() == null
              ? asked.topicId().equals(TOPIC_ID)
              : knowsNames && TOPIC.equals(asked.name());
      MetadataResponse.MetadataResponseTopic.Builder topic =
          MetadataResponse.MetadataResponseTopic.builder();
      topics.add(
          isKnown
              ? topic.name(TOPIC).topicId(TOPIC_ID).partitions(partitions()).build()
              : topic
                  .name(asked.name())
                  .topicId(asked.topicId())
                  .errorCode(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code())
                  .build());
    }
    return MetadataResponse.builder()
        .clusterId("fake")
        .brokers(
            IntStream.range(0, BROKERS)
                .mapToObj(
                    node ->
                        MetadataResponse.MetadataResponseBroker.builder()
                            .nodeId(node)
                            .host("localhost")
                            .port(FIRST_PORT + node)
                            .build())
                .toList())
        .topics(topics)
        .build();
  }

  private List<MetadataResponse.MetadataResponsePartition> partitions() {
    return IntStream.range(0, ends.length)
        .mapToObj(
            index ->
                MetadataResponse.MetadataResponsePartition.builder()
                    .partitionIndex(index)
                    .leaderId(0)
                    .leaderEpoch(3)
                    .replicaNodes(List.of(0))
                    .isrNodes(List.of(0))
                    .build())
        .toList();
  }

  private CompletableFuture<ResponseMessage> fetch(FetchRequest request) {
    FetchResponse now = fetched(request);
    boolean hasData =
        now.responses().stream()
            .flatMap(topic -> topic.partitions().stream())
            .anyMatch(
                each ->
                    each.errorCode() != 0
                        || (each.records() instanceof MemoryRecords records
                            && records.sizeInBytes() > 0));
    if (hasData) {
      return CompletableFuture.completedFuture(now);
    }
    CompletableFuture<ResponseMessage> later = new CompletableFuture<>();
    loop.schedule(() -> later.complete(fetched(request)), request.maxWaitMs() * 1_000_000L);
    return later;
  }

  private FetchResponse fetched(FetchRequest request) {
    List<FetchResponse.FetchableTopicResponse> topics = new ArrayList<>();
    for (FetchRequest.FetchTopic topic : request.topics()) {
      List<FetchResponse.PartitionData> answers = new ArrayList<>();
      for (FetchRequest.FetchPartition asked : topic.partitions()) {
        long end = ends[asked.partition()];
        FetchResponse.PartitionData.Builder answer =
            FetchResponse.PartitionData.builder()
                .partitionIndex(asked.partition())
                .highWatermark(end);
        answers.add(
            asked.fetchOffset() > end
                ? answer.errorCode(ErrorCode.OFFSET_OUT_OF_RANGE.code()).records(null).build()
                : answer.records(records(asked.partition(), asked.fetchOffset(), end)).build());
      }
      topics.add(
          FetchResponse.FetchableTopicResponse.builder()
              .topic(topic.topic())
              .topicId(topic.topicId())
              .partitions(answers)
              .build());
    }
    return FetchResponse.builder().responses(topics).build();
  }

  private static MemoryRecords records(int partition, long from, long end) {
    if (from >= end) {
      return MemoryRecords.EMPTY;
    }
    RecordBatchBuilder batch =
        new RecordBatchBuilder(1 << 20).baseOffset(from).partitionLeaderEpoch(3);
    for (long offset = from; offset < Math.min(end, from + MOST_RECORDS); offset++) {
      batch.append(offset, null, (partition + ":" + offset).getBytes(StandardCharsets.UTF_8));
    }
    return batch.build();
  }

  private ListOffsetsResponse listOffsets(ListOffsetsRequest request) {
    return ListOffsetsResponse.builder()
        .topics(
            request.topics().stream()
                .map(
                    topic ->
                        ListOffsetsResponse.ListOffsetsTopicResponse.builder()
                            .name(topic.name())
                            .partitions(
                                topic.partitions().stream()
                                    .map(
                                        asked ->
                                            ListOffsetsResponse.ListOffsetsPartitionResponse
                                                .builder()
                                                .partitionIndex(asked.partitionIndex())
                                                .offset(
                                                    asked.timestamp() == -2
                                                        ? 0
                                                        : ends[asked.partitionIndex()])
                                                .build())
                                    .toList())
                            .build())
                .toList())
        .build();
  }

  private OffsetForLeaderEpochResponse epochs(OffsetForLeaderEpochRequest request) {
    return OffsetForLeaderEpochResponse.builder()
        .topics(
            request.topics().stream()
                .map(
                    topic ->
                        OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult.builder()
                            .topic(topic.topic())
                            .partitions(
                                topic.partitions().stream()
                                    .map(
                                        asked ->
                                            OffsetForLeaderEpochResponse.EpochEndOffset.builder()
                                                .partition(asked.partition())
                                                .leaderEpoch(asked.leaderEpoch())
                                                .endOffset(ends[asked.partition()])
                                                .build())
                                    .toList())
                            .build())
                .toList())
        .build();
  }
}
