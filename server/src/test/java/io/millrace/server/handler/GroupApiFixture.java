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
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.message.ConsumerGroupHeartbeatResponse;
import io.millrace.protocol.message.JoinGroupRequest;
import io.millrace.protocol.message.JoinGroupRequest.JoinGroupRequestProtocol;
import io.millrace.protocol.message.JoinGroupResponse;
import io.millrace.protocol.message.ListGroupsRequest;
import io.millrace.protocol.message.ListGroupsResponse;
import io.millrace.protocol.message.MessageRegistry;
import io.millrace.protocol.message.OffsetCommitRequest;
import io.millrace.protocol.message.OffsetCommitRequest.OffsetCommitRequestPartition;
import io.millrace.protocol.message.OffsetCommitRequest.OffsetCommitRequestTopic;
import io.millrace.protocol.message.OffsetCommitResponse;
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
import io.millrace.server.network.Peer;
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

/**
 * The APIs of groups as a client sees them: each request goes through the bytes of its version, and
 * so does its answer. Two shards, on one loop.
 */
abstract class GroupApiFixture {
  static final Uuid ORDERS = new Uuid(1, 1);
  static final Uuid NOBODY = new Uuid(9, 9);
  static final String ODD_GROUP = "\u0000 /\\..\n\uD83D\uDE00 ${x} ' \"; drop";

  final ManualLoop loop = new ManualLoop();
  final Peer peer = new Peer("/10.0.0.7:4711", loop);
  final List<MemoryLog> logs = List.of(new MemoryLog(), new MemoryLog());
  final MetadataImage image = image();
  final CoordinatorRuntime<GroupShard, GroupRecord> runtime =
      new CoordinatorRuntime<>(
          new CoordinatorRuntime.Setup<>(
              GroupCoordinator.TOPIC,
              partition -> new GroupShard(GroupConfig.DEFAULT, partition),
              new GroupRecordCodec(),
              loop,
              () -> image,
              partition -> loop));
  final RequestDispatcher dispatcher =
      new RequestDispatcher(GroupRoutes.of(new GroupCoordinator(runtime, () -> 2), () -> image));

  GroupApiFixture() {
    runtime.start(0, 1, logs.get(0));
    runtime.start(1, 1, logs.get(1));
    loop.run();
  }

  static MetadataImage image() {
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

  <R extends ResponseMessage> CompletableFuture<R> send(
      Class<R> type, ApiKey key, int version, RequestMessage request) {
    short v = (short) version;
    assertThat(dispatcher.accepts(key, v)).isTrue();
    WireWriter out = new WireWriter(UnpooledByteBufAllocator.DEFAULT);
    request.write(out, v);
    RequestMessage received = MessageRegistry.readRequest(key, new WireReader(bytes(out)), v);
    RequestContext context = new RequestContext(key, v, false, 1, "client", "PLAINTEXT", peer);
    CompletableFuture<Reply> reply = dispatcher.process(context, received);
    loop.run();
    return reply.thenApply(answer -> type.cast(throughTheWire(key, v, answer)));
  }

  static ResponseMessage throughTheWire(ApiKey key, short version, Reply reply) {
    ResponseMessage message = Objects.requireNonNull(reply.message());
    WireWriter out = new WireWriter(UnpooledByteBufAllocator.DEFAULT);
    message.write(out, version);
    WireReader in = new WireReader(bytes(out));
    ResponseMessage received = MessageRegistry.readResponse(key, in, version);
    assertThat(in.remaining()).isZero();
    return received;
  }

  static ByteBuf bytes(WireWriter out) {
    ByteBuf bare = out.finishBare();
    byte[] copy = ByteBufUtil.getBytes(bare);
    bare.release();
    return Unpooled.wrappedBuffer(copy);
  }

  <R extends ResponseMessage> R ask(
      Class<R> type, ApiKey key, int version, RequestMessage request) {
    CompletableFuture<R> answer = send(type, key, version, request);
    assertThat(answer).isDone();
    return answer.join();
  }

  static Stream<Integer> versions(ApiKey key) {
    return IntStream.rangeClosed(key.lowestVersion(), key.highestVersion()).boxed();
  }

  static JoinGroupRequest.Builder joining(String group, String memberId) {
    return JoinGroupRequest.builder()
        .groupId(group)
        .memberId(memberId)
        .sessionTimeoutMs(10_000)
        .protocolType("consumer")
        .protocols(List.of(new JoinGroupRequestProtocol("range", subscription())));
  }

  /** Version 0 of a subscription to orders. */
  static ByteBuffer subscription() {
    ByteBuffer bytes = ByteBuffer.allocate(18);
    bytes.putShort((short) 0).putInt(1).putShort((short) 6).put("orders".getBytes(US_ASCII));
    return bytes.putInt(0).flip();
  }

  static final java.nio.charset.Charset US_ASCII = java.nio.charset.StandardCharsets.US_ASCII;

  JoinGroupResponse join(int version, String group) {
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

  SyncGroupResponse sync(int version, String group, String memberId, int generation) {
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

  static ConsumerGroupHeartbeatRequest.Builder first(String memberId) {
    return ConsumerGroupHeartbeatRequest.builder()
        .groupId("c")
        .memberId(memberId)
        .memberEpoch(0)
        .rebalanceTimeoutMs(30_000)
        .subscribedTopicNames(List.of("orders"))
        .topicPartitions(List.of());
  }

  ConsumerGroupHeartbeatResponse heartbeat(
      int version, ConsumerGroupHeartbeatRequest.Builder request) {
    return ask(
        ConsumerGroupHeartbeatResponse.class,
        ApiKey.CONSUMER_GROUP_HEARTBEAT,
        version,
        request.build());
  }

  static OffsetCommitRequest commit(int version, Uuid id, String name, int partition) {
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

  ErrorCode committed(int version, Uuid id, String name, int partition) {
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

  List<String> listed(int version, String... filters) {
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
}
