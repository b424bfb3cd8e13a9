package io.millrace.server.handler;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.PartitionImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.codec.WireReader;
import io.millrace.protocol.codec.WireWriter;
import io.millrace.protocol.message.ConsumerGroupDescribeRequest;
import io.millrace.protocol.message.ConsumerGroupDescribeResponse;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.message.ConsumerGroupHeartbeatResponse;
import io.millrace.protocol.message.DeleteGroupsRequest;
import io.millrace.protocol.message.DeleteGroupsResponse;
import io.millrace.protocol.message.DescribeGroupsRequest;
import io.millrace.protocol.message.DescribeGroupsResponse;
import io.millrace.protocol.message.HeartbeatRequest;
import io.millrace.protocol.message.HeartbeatResponse;
import io.millrace.protocol.message.JoinGroupRequest;
import io.millrace.protocol.message.JoinGroupRequest.JoinGroupRequestProtocol;
import io.millrace.protocol.message.JoinGroupResponse;
import io.millrace.protocol.message.LeaveGroupRequest;
import io.millrace.protocol.message.LeaveGroupRequest.MemberIdentity;
import io.millrace.protocol.message.LeaveGroupResponse;
import io.millrace.protocol.message.ListGroupsRequest;
import io.millrace.protocol.message.ListGroupsResponse;
import io.millrace.protocol.message.MessageRegistry;
import io.millrace.protocol.message.OffsetCommitRequest;
import io.millrace.protocol.message.OffsetCommitRequest.OffsetCommitRequestPartition;
import io.millrace.protocol.message.OffsetCommitRequest.OffsetCommitRequestTopic;
import io.millrace.protocol.message.OffsetCommitResponse;
import io.millrace.protocol.message.OffsetDeleteRequest;
import io.millrace.protocol.message.OffsetDeleteRequest.OffsetDeleteRequestPartition;
import io.millrace.protocol.message.OffsetDeleteRequest.OffsetDeleteRequestTopic;
import io.millrace.protocol.message.OffsetDeleteResponse;
import io.millrace.protocol.message.OffsetFetchRequest;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestGroup;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestTopic;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestTopics;
import io.millrace.protocol.message.OffsetFetchResponse;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.protocol.message.ResponseMessage;
import io.millrace.protocol.message.SyncGroupRequest;
import io.millrace.protocol.message.SyncGroupRequest.SyncGroupRequestAssignment;
import io.millrace.protocol.message.SyncGroupResponse;
import io.millrace.server.coordinator.CoordinatorRuntime;
import io.millrace.server.coordinator.ManualLoop;
import io.millrace.server.coordinator.MemoryLog;
import io.millrace.server.coordinator.group.GroupConfig;
import io.millrace.server.coordinator.group.GroupCoordinator;
import io.millrace.server.coordinator.group.GroupRecord;
import io.millrace.server.coordinator.group.GroupRecordCodec;
import io.millrace.server.coordinator.group.GroupShard;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The APIs of groups as a client sees them: each request goes through the bytes of its version, and
 * so does its answer.
 */
class GroupHandlersTest {
  private static final Uuid ORDERS = new Uuid(1, 1);
  private static final Uuid NOBODY = new Uuid(9, 9);
  private static final String ODD_GROUP = "\u0000 /\\..\n\uD83D\uDE00 ${x} ' \"; drop";

  private final ManualLoop loop = new ManualLoop();
  private final MetadataImage image = image();
  private final CoordinatorRuntime<GroupShard, GroupRecord> runtime =
      new CoordinatorRuntime<>(
          new CoordinatorRuntime.Setup<>(
              GroupCoordinator.TOPIC,
              partition -> new GroupShard(GroupConfig.DEFAULT, partition),
              new GroupRecordCodec(),
              loop,
              () -> image,
              partition -> loop));
  private final RequestDispatcher dispatcher =
      new RequestDispatcher(GroupRoutes.of(new GroupCoordinator(runtime, () -> 2), () -> image));

  GroupHandlersTest() {
    runtime.start(0, 1, new MemoryLog());
    runtime.start(1, 1, new MemoryLog());
    loop.run();
  }

  private static MetadataImage image() {
    List<PartitionImage> partitions =
        IntStream.range(0, 3)
            .mapToObj(i -> new PartitionImage(i, List.of(1), List.of(1), 1, 0, 0))
            .toList();
    MetadataImage empty = MetadataImage.EMPTY;
    return new MetadataImage(
        1,
        empty.term(),
        empty.cluster(),
        empty.topics().with(new TopicImage(ORDERS, "orders", partitions)),
        empty.configs(),
        empty.nextProducerId());
  }

  // ---- the wire

  private <R extends ResponseMessage> CompletableFuture<R> send(
      Class<R> type, ApiKey key, int version, RequestMessage request) {
    short v = (short) version;
    assertThat(dispatcher.accepts(key, v)).isTrue();
    WireWriter out = new WireWriter(UnpooledByteBufAllocator.DEFAULT);
    request.write(out, v);
    RequestMessage received = MessageRegistry.readRequest(key, new WireReader(bytes(out)), v);
    RequestContext context =
        new RequestContext(key, v, false, 1, "client", "PLAINTEXT", "/10.0.0.7:4711", loop);
    CompletableFuture<Reply> reply = dispatcher.process(context, received);
    loop.run();
    return reply.thenApply(answer -> type.cast(throughTheWire(key, v, answer)));
  }

  private static ResponseMessage throughTheWire(ApiKey key, short version, Reply reply) {
    ResponseMessage message = Objects.requireNonNull(reply.message());
    WireWriter out = new WireWriter(UnpooledByteBufAllocator.DEFAULT);
    message.write(out, version);
    WireReader in = new WireReader(bytes(out));
    ResponseMessage received = MessageRegistry.readResponse(key, in, version);
    assertThat(in.remaining()).isZero();
    return received;
  }

  private static ByteBuf bytes(WireWriter out) {
    ByteBuf bare = out.finishBare();
    byte[] copy = ByteBufUtil.getBytes(bare);
    bare.release();
    return Unpooled.wrappedBuffer(copy);
  }

  private <R extends ResponseMessage> R ask(
      Class<R> type, ApiKey key, int version, RequestMessage request) {
    CompletableFuture<R> answer = send(type, key, version, request);
    assertThat(answer).isDone();
    return answer.join();
  }

  private static Stream<Integer> versions(ApiKey key) {
    return IntStream.rangeClosed(key.lowestVersion(), key.highestVersion()).boxed();
  }

  static Stream<Integer> joinVersions() {
    return versions(ApiKey.JOIN_GROUP);
  }

  static Stream<Integer> commitVersions() {
    return versions(ApiKey.OFFSET_COMMIT);
  }

  static Stream<Integer> fetchVersions() {
    return versions(ApiKey.OFFSET_FETCH);
  }

  // ---- the classic protocol

  private static JoinGroupRequest.Builder joining(String group, String memberId) {
    return JoinGroupRequest.builder()
        .groupId(group)
        .memberId(memberId)
        .sessionTimeoutMs(10_000)
        .protocolType("consumer")
        .protocols(List.of(new JoinGroupRequestProtocol("range", subscription())));
  }

  /** Version 0 of a subscription to orders. */
  private static ByteBuffer subscription() {
    ByteBuffer bytes = ByteBuffer.allocate(18);
    bytes.putShort((short) 0).putInt(1).putShort((short) 6).put("orders".getBytes(US_ASCII));
    return bytes.putInt(0).flip();
  }

  private static final java.nio.charset.Charset US_ASCII =
      java.nio.charset.StandardCharsets.US_ASCII;

  private JoinGroupResponse join(int version, String group) {
    JoinGroupRequest first = joining(group, "").build();
    JoinGroupResponse answer = ask(JoinGroupResponse.class, ApiKey.JOIN_GROUP, version, first);
    return answer.errorCode() == ErrorCode.MEMBER_ID_REQUIRED.code()
        ? ask(
            JoinGroupResponse.class,
            ApiKey.JOIN_GROUP,
            version,
            joining(group, answer.memberId()).build())
        : answer;
  }

  private SyncGroupResponse sync(int version, String group, String memberId, int generation) {
    return ask(
        SyncGroupResponse.class,
        ApiKey.SYNC_GROUP,
        version,
        SyncGroupRequest.builder()
            .groupId(group)
            .memberId(memberId)
            .generationId(generation)
            .protocolType(version >= 5 ? "consumer" : null)
            .protocolName(version >= 5 ? "range" : null)
            .assignments(List.of(new SyncGroupRequestAssignment(memberId, ByteBuffer.allocate(3))))
            .build());
  }

  @ParameterizedTest
  @MethodSource("joinVersions")
  void memberOfAClassicGroup_livesAndLeavesInEveryVersion(int version) {
    JoinGroupResponse joined = join(version, ODD_GROUP);
    assertThat(joined.errorCode()).isZero();
    assertThat(joined.generationId()).isEqualTo(1);
    assertThat(joined.protocolName()).isEqualTo("range");
    assertThat(joined.leader()).isEqualTo(joined.memberId()).startsWith("client-");
    assertThat(joined.members()).hasSize(1);

    int syncVersion = Math.min(version, ApiKey.SYNC_GROUP.highestVersion());
    SyncGroupResponse synced = sync(syncVersion, ODD_GROUP, joined.memberId(), 1);
    assertThat(synced.errorCode()).isZero();
    assertThat(synced.assignment().remaining()).isEqualTo(3);

    int beatVersion = Math.min(version, ApiKey.HEARTBEAT.highestVersion());
    assertThat(beat(beatVersion, ODD_GROUP, joined.memberId(), 1)).isZero();
    assertThat(beat(beatVersion, ODD_GROUP, joined.memberId(), -5))
        .isEqualTo(ErrorCode.ILLEGAL_GENERATION.code());

    int leaveVersion = Math.min(version, ApiKey.LEAVE_GROUP.highestVersion());
    assertThat(leave(leaveVersion, ODD_GROUP, joined.memberId())).isZero();
    assertThat(leave(leaveVersion, ODD_GROUP, joined.memberId()))
        .isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID.code());
  }

  private short beat(int version, String group, String memberId, int generation) {
    return ask(
            HeartbeatResponse.class,
            ApiKey.HEARTBEAT,
            version,
            new HeartbeatRequest(group, generation, memberId, null))
        .errorCode();
  }

  private short leave(int version, String group, String memberId) {
    LeaveGroupRequest.Builder request = LeaveGroupRequest.builder().groupId(group);
    if (version < 3) {
      request.memberId(memberId);
    } else {
      request.members(List.of(new MemberIdentity(memberId, null, null)));
    }
    LeaveGroupResponse answer =
        ask(LeaveGroupResponse.class, ApiKey.LEAVE_GROUP, version, request.build());
    return version < 3 ? answer.errorCode() : answer.members().get(0).errorCode();
  }

  @Test
  void joinOfASecondMember_waitsForTheFirst() {
    JoinGroupResponse first = join(9, "g");
    sync(5, "g", first.memberId(), 1);
    CompletableFuture<JoinGroupResponse> second =
        send(JoinGroupResponse.class, ApiKey.JOIN_GROUP, 3, joining("g", "").build());
    assertThat(second).isNotDone();
    assertThat(beat(4, "g", first.memberId(), 1)).isEqualTo(ErrorCode.REBALANCE_IN_PROGRESS.code());

    send(JoinGroupResponse.class, ApiKey.JOIN_GROUP, 9, joining("g", first.memberId()).build());
    assertThat(second.join().generationId()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 9})
  void joinOfTenMegabytes_isRefusedAndHarmsNobody(int version) {
    JoinGroupResponse other = join(9, "g");
    JoinGroupRequest large =
        joining("g", "")
            .protocols(
                List.of(new JoinGroupRequestProtocol("range", ByteBuffer.allocate(10 << 20))))
            .build();
    assertThat(ask(JoinGroupResponse.class, ApiKey.JOIN_GROUP, version, large).errorCode())
        .isEqualTo(ErrorCode.GROUP_MAX_SIZE_REACHED.code());
    assertThat(sync(5, "g", other.memberId(), 1).errorCode()).isZero();
  }

  @Test
  void joinWithNonsense_isRefused() {
    assertThat(joinError(joining("", ""))).isEqualTo(ErrorCode.INVALID_GROUP_ID);
    assertThat(joinError(joining("x".repeat(32_000), ""))).isEqualTo(ErrorCode.INVALID_GROUP_ID);
    assertThat(joinError(joining("g", "stranger"))).isEqualTo(ErrorCode.UNKNOWN_MEMBER_ID);
    assertThat(joinError(joining("g", "").sessionTimeoutMs(-1)))
        .isEqualTo(ErrorCode.INVALID_SESSION_TIMEOUT);
    assertThat(joinError(joining("g", "").protocols(List.of())))
        .isEqualTo(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    assertThat(joinError(joining("g", "").protocolType("")))
        .isEqualTo(ErrorCode.INCONSISTENT_GROUP_PROTOCOL);
    assertThat(joinError(joining("g", "").groupInstanceId("i".repeat(32_000))))
        .isEqualTo(ErrorCode.INVALID_REQUEST);
    List<JoinGroupRequestProtocol> many =
        IntStream.range(0, 5_000)
            .mapToObj(i -> new JoinGroupRequestProtocol("p" + i, ByteBuffer.allocate(0)))
            .toList();
    assertThat(joinError(joining("g", "").protocols(many))).isEqualTo(ErrorCode.INVALID_REQUEST);
    assertThat(listed(5)).isEmpty();
  }

  private ErrorCode joinError(JoinGroupRequest.Builder request) {
    return ErrorCode.forCode(
        ask(JoinGroupResponse.class, ApiKey.JOIN_GROUP, 9, request.build()).errorCode());
  }

  @Test
  void syncWithoutProtocol_isRefusedSinceVersionFive() {
    JoinGroupResponse joined = join(9, "g");
    SyncGroupRequest bare =
        SyncGroupRequest.builder().groupId("g").memberId(joined.memberId()).generationId(1).build();
    assertThat(ask(SyncGroupResponse.class, ApiKey.SYNC_GROUP, 5, bare).errorCode())
        .isEqualTo(ErrorCode.INCONSISTENT_GROUP_PROTOCOL.code());
    assertThat(ask(SyncGroupResponse.class, ApiKey.SYNC_GROUP, 4, bare).errorCode()).isZero();
  }

  @Test
  void leaveOfFiveThousandStrangers_isAnsweredForEach() {
    List<MemberIdentity> strangers =
        IntStream.range(0, 5_000).mapToObj(i -> new MemberIdentity("m" + i, null, "x")).toList();
    LeaveGroupResponse answer =
        ask(
            LeaveGroupResponse.class,
            ApiKey.LEAVE_GROUP,
            5,
            LeaveGroupRequest.builder().groupId("g").members(strangers).build());
    assertThat(answer.members())
        .hasSize(5_000)
        .allMatch(member -> member.errorCode() == ErrorCode.UNKNOWN_MEMBER_ID.code());
  }

  // ---- consumer groups

  private static ConsumerGroupHeartbeatRequest.Builder first(String memberId) {
    return ConsumerGroupHeartbeatRequest.builder()
        .groupId("c")
        .memberId(memberId)
        .memberEpoch(0)
        .rebalanceTimeoutMs(30_000)
        .subscribedTopicNames(List.of("orders"))
        .topicPartitions(List.of());
  }

  private ConsumerGroupHeartbeatResponse heartbeat(
      int version, ConsumerGroupHeartbeatRequest.Builder request) {
    return ask(
        ConsumerGroupHeartbeatResponse.class,
        ApiKey.CONSUMER_GROUP_HEARTBEAT,
        version,
        request.build());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1})
  void memberOfAConsumerGroup_isAssignedAndDescribed(int version) {
    ConsumerGroupHeartbeatResponse answer = heartbeat(version, first("m"));
    assertThat(answer.errorCode()).isZero();
    assertThat(Objects.requireNonNull(answer.assignment()).topicPartitions().get(0).partitions())
        .containsExactly(0, 1, 2);

    ConsumerGroupDescribeResponse described =
        ask(
            ConsumerGroupDescribeResponse.class,
            ApiKey.CONSUMER_GROUP_DESCRIBE,
            version,
            new ConsumerGroupDescribeRequest(List.of("c", "none", "c", "", ODD_GROUP), true));
    assertThat(described.groups()).hasSize(4);
    ConsumerGroupDescribeResponse.DescribedGroup group = described.groups().get(0);
    assertThat(group.groupState()).isEqualTo("Stable");
    assertThat(group.authorizedOperations()).isEqualTo(AuthorizedOperations.GROUP);
    assertThat(group.members().get(0).clientHost()).isEqualTo("/10.0.0.7");
    assertThat(described.groups().get(1).errorCode())
        .isEqualTo(ErrorCode.GROUP_ID_NOT_FOUND.code());
    assertThat(described.groups().get(1).authorizedOperations())
        .isEqualTo(AuthorizedOperations.NOT_ASKED);
  }

  @Test
  void heartbeatWithoutId_isForTheFirstVersionOnly() {
    assertThat(heartbeat(1, first("")).errorCode()).isEqualTo(ErrorCode.INVALID_REQUEST.code());
    ConsumerGroupHeartbeatResponse chosen = heartbeat(0, first(""));
    assertThat(chosen.errorCode()).isZero();
    assertThat(chosen.memberId()).isNotEmpty();
  }

  @Test
  void heartbeatWithNonsense_isRefused() {
    List<String> manyTopics = IntStream.range(0, 50_000).mapToObj(i -> "topic-" + i).toList();
    for (ConsumerGroupHeartbeatRequest.Builder nonsense :
        List.of(
            first("m").groupId(" "),
            first("m".repeat(32_000)),
            first("m").memberEpoch(-7),
            first("m").rebalanceTimeoutMs(-1),
            first("m").instanceId("i".repeat(32_000)),
            first("m").rackId("r".repeat(32_000)),
            first("m").subscribedTopicNames(null),
            first("m").subscribedTopicNames(manyTopics))) {
      ConsumerGroupHeartbeatResponse answer = heartbeat(1, nonsense);
      assertThat(ErrorCode.forCode(answer.errorCode())).isEqualTo(ErrorCode.INVALID_REQUEST);
      assertThat(answer.errorMessage()).isNotEmpty();
    }
    assertThat(heartbeat(1, first("m").groupId("x".repeat(32_000))).errorCode())
        .isEqualTo(ErrorCode.INVALID_GROUP_ID.code());
    assertThat(heartbeat(1, first("m").subscribedTopicRegex("(")).errorCode())
        .isEqualTo(ErrorCode.INVALID_REGULAR_EXPRESSION.code());
    assertThat(heartbeat(1, first("m").subscribedTopicRegex("((a{1000}){1000}){1000}")).errorCode())
        .isEqualTo(ErrorCode.INVALID_REGULAR_EXPRESSION.code());
    assertThat(listed(5)).isEmpty();
  }

  // ---- offsets

  private static OffsetCommitRequest commit(int version, Uuid id, String name, int partition) {
    return OffsetCommitRequest.builder()
        .groupId(ODD_GROUP)
        .topics(
            List.of(
                new OffsetCommitRequestTopic(
                    version >= 10 ? "" : name,
                    version >= 10 ? id : Uuid.ZERO,
                    List.of(new OffsetCommitRequestPartition(partition, 42, -1, "note")))))
        .build();
  }

  private ErrorCode committed(int version, Uuid id, String name, int partition) {
    OffsetCommitResponse answer =
        ask(
            OffsetCommitResponse.class,
            ApiKey.OFFSET_COMMIT,
            version,
            commit(version, id, name, partition));
    assertThat(answer.topics()).hasSize(1);
    assertThat(answer.topics().get(0).topicId()).isEqualTo(version >= 10 ? id : Uuid.ZERO);
    assertThat(answer.topics().get(0).name()).isEqualTo(version >= 10 ? "" : name);
    return ErrorCode.forCode(answer.topics().get(0).partitions().get(0).errorCode());
  }

  @ParameterizedTest
  @MethodSource("commitVersions")
  void commit_takesKnownPartitionsInEveryVersion(int version) {
    ErrorCode unknown =
        version >= 10 ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.UNKNOWN_TOPIC_OR_PARTITION;
    assertThat(committed(version, ORDERS, "orders", 2)).isEqualTo(ErrorCode.NONE);
    assertThat(committed(version, ORDERS, "orders", 3))
        .isEqualTo(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    assertThat(committed(version, ORDERS, "orders", -1))
        .isEqualTo(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION);
    assertThat(committed(version, NOBODY, "nobody", 0)).isEqualTo(unknown);
    assertThat(committed(version, Uuid.ZERO, "", 0)).isEqualTo(unknown);
  }

  @Test
  void commitOfNonsense_isRefused() {
    OffsetCommitRequest valid = commit(9, Uuid.ZERO, "orders", 0);
    assertThat(commitError(9, valid.toBuilder().groupId(""))).isEqualTo(ErrorCode.INVALID_GROUP_ID);
    assertThat(commitError(9, valid.toBuilder().generationIdOrMemberEpoch(7)))
        .isEqualTo(ErrorCode.GROUP_ID_NOT_FOUND);
    assertThat(commitError(8, valid.toBuilder().generationIdOrMemberEpoch(7)))
        .isEqualTo(ErrorCode.ILLEGAL_GENERATION);
    OffsetCommitRequestPartition large =
        new OffsetCommitRequestPartition(0, 1, -1, "x".repeat(5_000));
    assertThat(
            commitError(
                9,
                valid.toBuilder()
                    .topics(
                        List.of(
                            new OffsetCommitRequestTopic("orders", Uuid.ZERO, List.of(large))))))
        .isEqualTo(ErrorCode.OFFSET_METADATA_TOO_LARGE);
    assertThat(
            ask(
                    OffsetCommitResponse.class,
                    ApiKey.OFFSET_COMMIT,
                    9,
                    valid.toBuilder().topics(List.of()).build())
                .topics())
        .isEmpty();
  }

  private ErrorCode commitError(int version, OffsetCommitRequest.Builder request) {
    return ErrorCode.forCode(
        ask(OffsetCommitResponse.class, ApiKey.OFFSET_COMMIT, version, request.build())
            .topics()
            .get(0)
            .partitions()
            .get(0)
            .errorCode());
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 10})
  void commitLargerThanABatch_isTakenWhole(int version) {
    String note = "x".repeat(4_000);
    List<OffsetCommitRequestPartition> many =
        IntStream.range(0, 3_000)
            .mapToObj(i -> new OffsetCommitRequestPartition(i % 3, i, -1, note))
            .toList();
    OffsetCommitResponse answer =
        ask(
            OffsetCommitResponse.class,
            ApiKey.OFFSET_COMMIT,
            version,
            OffsetCommitRequest.builder()
                .groupId("large")
                .topics(
                    List.of(
                        new OffsetCommitRequestTopic(
                            version >= 10 ? "" : "orders",
                            version >= 10 ? ORDERS : Uuid.ZERO,
                            many)))
                .build());
    assertThat(answer.topics().get(0).partitions())
        .hasSize(3_000)
        .allMatch(partition -> partition.errorCode() == 0);
  }

  @ParameterizedTest
  @MethodSource("fetchVersions")
  void fetch_findsWhatWasCommittedInEveryVersion(int version) {
    committed(9, ORDERS, "orders", 1);
    OffsetFetchRequest request =
        version < 8
            ? OffsetFetchRequest.builder()
                .groupId(ODD_GROUP)
                .topics(
                    List.of(
                        new OffsetFetchRequestTopic("orders", List.of(1, 0, -4)),
                        new OffsetFetchRequestTopic("nobody", List.of(0))))
                .build()
            : OffsetFetchRequest.builder()
                .groups(
                    List.of(
                        new OffsetFetchRequestGroup(
                            ODD_GROUP,
                            null,
                            -1,
                            List.of(
                                fetching(version, ORDERS, "orders", 1, 0, -4),
                                fetching(version, NOBODY, "nobody", 0))),
                        new OffsetFetchRequestGroup("other", null, -1, null),
                        new OffsetFetchRequestGroup("", null, -1, null)))
                .build();
    OffsetFetchResponse answer =
        ask(OffsetFetchResponse.class, ApiKey.OFFSET_FETCH, version, request);

    if (version < 8) {
      assertThat(answer.errorCode()).isZero();
      assertThat(answer.topics().get(0).partitions())
          .extracting(OffsetFetchResponse.OffsetFetchResponsePartition::committedOffset)
          .containsExactly(42L, -1L, -1L);
      assertThat(answer.topics().get(0).partitions().get(0).metadata()).isEqualTo("note");
      assertThat(answer.topics().get(1).partitions().get(0).errorCode()).isZero();
      return;
    }
    OffsetFetchResponse.OffsetFetchResponseGroup group = answer.groups().get(0);
    assertThat(group.groupId()).isEqualTo(ODD_GROUP);
    assertThat(group.topics().get(0).partitions())
        .extracting(OffsetFetchResponse.OffsetFetchResponsePartitions::committedOffset)
        .containsExactly(42L, -1L, -1L);
    assertThat(ErrorCode.forCode(group.topics().get(1).partitions().get(0).errorCode()))
        .isEqualTo(version >= 10 ? ErrorCode.UNKNOWN_TOPIC_ID : ErrorCode.NONE);
    assertThat(answer.groups().get(1).topics()).isEmpty();
    assertThat(answer.groups().get(1).errorCode()).isZero();
    assertThat(answer.groups().get(2).errorCode()).isEqualTo(ErrorCode.INVALID_GROUP_ID.code());
  }

  private static OffsetFetchRequestTopics fetching(
      int version, Uuid id, String name, Integer... partitions) {
    return new OffsetFetchRequestTopics(
        version >= 10 ? "" : name, version >= 10 ? id : Uuid.ZERO, List.of(partitions));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 7, 8, 10})
  void fetchOfEverything_listsWhatThereIs(int version) {
    committed(9, ORDERS, "orders", 1);
    OffsetFetchResponse answer =
        ask(
            OffsetFetchResponse.class,
            ApiKey.OFFSET_FETCH,
            version,
            version < 8
                ? OffsetFetchRequest.builder().groupId(ODD_GROUP).topics(null).build()
                : OffsetFetchRequest.builder()
                    .groups(List.of(new OffsetFetchRequestGroup(ODD_GROUP, null, -1, null)))
                    .build());
    if (version < 8) {
      assertThat(answer.topics().get(0).name()).isEqualTo("orders");
    } else {
      assertThat(answer.groups().get(0).topics().get(0).topicId())
          .isEqualTo(version >= 10 ? ORDERS : Uuid.ZERO);
    }
  }

  @Test
  void fetchThatNamesAGroupAgain_isRefused() {
    OffsetFetchRequestGroup group = new OffsetFetchRequestGroup("g", null, -1, null);
    OffsetFetchResponse answer =
        ask(
            OffsetFetchResponse.class,
            ApiKey.OFFSET_FETCH,
            9,
            OffsetFetchRequest.builder().groups(List.of(group, group)).build());
    assertThat(answer.groups()).hasSize(1);
    assertThat(answer.groups().get(0).errorCode()).isEqualTo(ErrorCode.INVALID_REQUEST.code());
  }

  @Test
  void offsetDelete_tellsOfEachTopic() {
    committed(9, ORDERS, "orders", 1);
    OffsetDeleteRequest request =
        new OffsetDeleteRequest(
            ODD_GROUP,
            List.of(
                new OffsetDeleteRequestTopic(
                    "orders", List.of(new OffsetDeleteRequestPartition(1))),
                new OffsetDeleteRequestTopic(
                    "nobody", List.of(new OffsetDeleteRequestPartition(0)))));
    OffsetDeleteResponse answer = ask(OffsetDeleteResponse.class, ApiKey.OFFSET_DELETE, 0, request);
    assertThat(answer.errorCode()).isZero();
    assertThat(answer.topics().get(0).partitions().get(0).errorCode()).isZero();
    assertThat(answer.topics().get(1).partitions().get(0).errorCode())
        .isEqualTo(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code());
    OffsetDeleteResponse gone =
        ask(
            OffsetDeleteResponse.class,
            ApiKey.OFFSET_DELETE,
            0,
            new OffsetDeleteRequest("nothing", request.topics()));
    assertThat(gone.errorCode()).isEqualTo(ErrorCode.GROUP_ID_NOT_FOUND.code());
  }

  // ---- administration

  private List<String> listed(int version, String... filters) {
    ListGroupsRequest.Builder request = ListGroupsRequest.builder();
    if (filters.length > 0) {
      request.statesFilter(List.of(filters[0]));
    }
    if (filters.length > 1) {
      request.typesFilter(List.of(filters[1]));
    }
    ListGroupsResponse answer =
        ask(ListGroupsResponse.class, ApiKey.LIST_GROUPS, version, request.build());
    assertThat(answer.errorCode()).isZero();
    return answer.groups().stream().map(ListGroupsResponse.ListedGroup::groupId).sorted().toList();
  }

  @Test
  void listGroups_hasAllShardsAndFilters() {
    heartbeat(1, first("m"));
    join(9, "classic-a");
    join(9, "classic-b");
    committed(9, ORDERS, "orders", 0);
    for (int version = 0; version <= 5; version++) {
      assertThat(listed(version)).containsExactly(ODD_GROUP, "c", "classic-a", "classic-b");
    }
    assertThat(listed(4, "stable")).containsExactly("c");
    assertThat(listed(4, "EMPTY")).containsExactly(ODD_GROUP);
    assertThat(listed(5, "CompletingRebalance", "classic"))
        .containsExactly("classic-a", "classic-b");
    assertThat(listed(5, "nonsense", "nonsense")).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6})
  void describeGroups_describesEachOnce(int version) {
    JoinGroupResponse joined = join(9, "g");
    sync(5, "g", joined.memberId(), 1);
    DescribeGroupsResponse answer =
        ask(
            DescribeGroupsResponse.class,
            ApiKey.DESCRIBE_GROUPS,
            version,
            DescribeGroupsRequest.builder()
                .groups(List.of("g", "none", "g"))
                .includeAuthorizedOperations(version >= 3)
                .build());
    assertThat(answer.groups()).hasSize(2);
    DescribeGroupsResponse.DescribedGroup group = answer.groups().get(0);
    assertThat(group.groupState()).isEqualTo("Stable");
    assertThat(group.protocolData()).isEqualTo("range");
    assertThat(group.members().get(0).clientHost()).isEqualTo("/10.0.0.7");
    assertThat(group.members().get(0).memberAssignment().remaining()).isEqualTo(3);
    assertThat(group.authorizedOperations())
        .isEqualTo(version >= 3 ? AuthorizedOperations.GROUP : AuthorizedOperations.NOT_ASKED);
    assertThat(answer.groups().get(1).groupState()).isEqualTo("Dead");
    assertThat(ErrorCode.forCode(answer.groups().get(1).errorCode()))
        .isEqualTo(version >= 6 ? ErrorCode.GROUP_ID_NOT_FOUND : ErrorCode.NONE);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void deleteGroups_deletesTheEmptyOnes(int version) {
    join(9, "busy");
    committed(9, ORDERS, "orders", 0);
    DeleteGroupsResponse answer =
        ask(
            DeleteGroupsResponse.class,
            ApiKey.DELETE_GROUPS,
            version,
            new DeleteGroupsRequest(List.of(ODD_GROUP, "busy", "none", "", ODD_GROUP)));
    assertThat(answer.results())
        .extracting(result -> ErrorCode.forCode(result.errorCode()))
        .containsExactly(
            ErrorCode.NONE,
            ErrorCode.NON_EMPTY_GROUP,
            ErrorCode.GROUP_ID_NOT_FOUND,
            ErrorCode.INVALID_GROUP_ID);
    assertThat(listed(5)).containsExactly("busy");
  }

  @Test
  void withoutItsShard_everyRequestSaysSo() {
    runtime.stopAll("the test says so");
    loop.run();
    assertThat(join(9, "g").errorCode()).isEqualTo(ErrorCode.NOT_COORDINATOR.code());
    assertThat(committed(9, ORDERS, "orders", 0)).isEqualTo(ErrorCode.NOT_COORDINATOR);
    assertThat(heartbeat(1, first("m")).errorCode()).isEqualTo(ErrorCode.NOT_COORDINATOR.code());
    assertThat(listed(5)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/10.0.0.7:4711=/10.0.0.7",
        "localhost/127.0.0.1:1=/127.0.0.1",
        "/[0:0:0:0:0:0:0:1]:9=/0:0:0:0:0:0:0:1",
        "?=/?"
      })
  void host_isTheAddressAlone(String example) {
    String[] sides = example.split("=");
    assertThat(GroupRoutes.hostOf(sides[0])).isEqualTo(sides[1]);
  }
}
