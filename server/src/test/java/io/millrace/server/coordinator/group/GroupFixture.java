package io.millrace.server.coordinator.group;

import io.millrace.metadata.image.MetadataImage;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.ConsumerGroupHeartbeatRequest;
import io.millrace.protocol.message.ConsumerGroupHeartbeatResponse;
import io.millrace.protocol.message.HeartbeatRequest;
import io.millrace.protocol.message.JoinGroupRequest;
import io.millrace.protocol.message.JoinGroupRequest.JoinGroupRequestProtocol;
import io.millrace.protocol.message.JoinGroupResponse;
import io.millrace.protocol.message.LeaveGroupRequest;
import io.millrace.protocol.message.LeaveGroupRequest.MemberIdentity;
import io.millrace.protocol.message.OffsetCommitRequest;
import io.millrace.protocol.message.OffsetCommitRequest.OffsetCommitRequestPartition;
import io.millrace.protocol.message.OffsetCommitRequest.OffsetCommitRequestTopic;
import io.millrace.protocol.message.OffsetFetchRequest;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestGroup;
import io.millrace.protocol.message.OffsetFetchRequest.OffsetFetchRequestTopics;
import io.millrace.protocol.message.SyncGroupRequest;
import io.millrace.protocol.message.SyncGroupRequest.SyncGroupRequestAssignment;
import io.millrace.protocol.message.SyncGroupResponse;
import io.millrace.server.coordinator.CoordinatorRuntime;
import io.millrace.server.coordinator.ManualLoop;
import io.millrace.server.coordinator.MemoryLog;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A coordinator of one shard on a manual loop, and short words for what clients say to it. */
final class GroupFixture {
  static final String GROUP = "g";
  static final Uuid ORDERS = new Uuid(1, 1);
  static final Uuid BILLS = new Uuid(2, 2);
  static final int SESSION = 10_000;
  static final int REBALANCE = 30_000;

  final ManualLoop loop = new ManualLoop();
  MetadataImage image =
      Images.with(Images.with(MetadataImage.EMPTY, ORDERS, "orders", 6), BILLS, "bills", 3);
  MemoryLog log = new MemoryLog();
  private long seed;

  /** The newest. */
  @Nullable GroupShard shard;

  private int epoch = 1;

  /** By which all requests come from now on. */
  long connection = GroupClient.UNKNOWN;

  final CoordinatorRuntime<GroupShard, GroupRecord> runtime;
  final GroupCoordinator groups;

  GroupFixture() {
    this(GroupConfig.DEFAULT);
  }

  GroupFixture(GroupConfig config) {
    runtime =
        new CoordinatorRuntime<>(
            new CoordinatorRuntime.Setup<>(
                GroupCoordinator.TOPIC,
                partition -> shard = new GroupShard(config, ++seed),
                new GroupRecordCodec(),
                loop,
                () -> image,
                partition -> loop));
    groups = new GroupCoordinator(runtime, () -> 1);
    runtime.start(0, epoch, log);
    loop.run();
  }

  /** The coordinator dies; another takes over from what is committed. */
  void failOver() {
    log = log.next();
    runtime.start(0, ++epoch, log);
    loop.run();
  }

  <T> T now(CompletableFuture<T> answer) {
    loop.run();
    if (!answer.isDone()) {
      throw new AssertionError("no answer yet");
    }
    return answer.join();
  }

  // ---- classic

  static GroupClient client(int version) {
    return new GroupClient((short) version, "client", "/10.0.0.1");
  }

  private GroupClient speaker(int version) {
    return new GroupClient((short) version, "client", "/10.0.0.1", connection, 0);
  }

  /** The peer of a connection closes it. */
  void closed(long gone) {
    groups.onConnectionGone(0, gone);
    loop.run();
  }

  static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
  }

  static String text(ByteBuffer bytes) {
    return StandardCharsets.UTF_8.decode(bytes.duplicate()).toString();
  }

  static JoinGroupRequest.Builder joining(String memberId) {
    return JoinGroupRequest.builder()
        .groupId(GROUP)
        .memberId(memberId)
        .sessionTimeoutMs(SESSION)
        .rebalanceTimeoutMs(REBALANCE)
        .protocolType("consumer")
        .protocols(List.of(new JoinGroupRequestProtocol("range", subscription("orders"))));
  }

  /** One that says which partitions of the topic it owns, as cooperative members do. */
  static JoinGroupRequest.Builder cooperative(String memberId, Integer... owned) {
    ByteBuffer metadata =
        new RecordBytes()
            .putShort(1)
            .putList(List.of("orders"), (out, topic) -> out.putString(topic, false))
            .putInt(-1)
            .putList(
                owned.length == 0 ? List.<List<Integer>>of() : List.of(List.of(owned)),
                (out, partitions) ->
                    out.putString("orders", false).putList(partitions, RecordBytes::putInt))
            .done();
    return joining(memberId)
        .protocols(List.of(new JoinGroupRequestProtocol("cooperative-sticky", metadata)));
  }

  static ByteBuffer subscription(String topic) {
    return subscription(topic, ByteBuffer.allocate(0));
  }

  static ByteBuffer subscription(String topic, ByteBuffer userData) {
    return new RecordBytes()
        .putShort(0)
        .putInt(1)
        .putString(topic, false)
        .putBytes(userData)
        .done();
  }

  CompletableFuture<JoinGroupResponse> join(int version, JoinGroupRequest request) {
    CompletableFuture<JoinGroupResponse> answer = groups.joinGroup(speaker(version), request);
    loop.run();
    return answer;
  }

  /** Joins by the two steps of new clients. */
  CompletableFuture<JoinGroupResponse> joinNew() {
    String memberId = now(join(9, joining("").build())).memberId();
    return join(9, joining(memberId).build());
  }

  CompletableFuture<SyncGroupResponse> sync(
      String memberId, int generation, Map<String, String> assignments) {
    CompletableFuture<SyncGroupResponse> answer =
        groups.syncGroup(
            speaker(5),
            SyncGroupRequest.builder()
                .groupId(GROUP)
                .memberId(memberId)
                .generationId(generation)
                .protocolType("consumer")
                .protocolName("range")
                .assignments(
                    assignments.entrySet().stream()
                        .map(
                            entry ->
                                new SyncGroupRequestAssignment(
                                    entry.getKey(), bytes(entry.getValue())))
                        .toList())
                .build());
    loop.run();
    return answer;
  }

  /** A stable group of one member; its id. */
  String stableGroupOfOne() {
    JoinGroupResponse joined = now(joinNew());
    now(sync(joined.memberId(), joined.generationId(), Map.of(joined.memberId(), "all")));
    return joined.memberId();
  }

  short heartbeat(String memberId, int generation) {
    return now(groups.heartbeat(
            speaker(4), new HeartbeatRequest(GROUP, generation, memberId, null)))
        .errorCode();
  }

  short leave(String memberId) {
    return now(groups.leaveGroup(
            (short) 5,
            LeaveGroupRequest.builder()
                .groupId(GROUP)
                .members(List.of(new MemberIdentity(memberId, null, "bye")))
                .build()))
        .members()
        .get(0)
        .errorCode();
  }

  String state() {
    return now(groups.listGroups(io.millrace.protocol.message.ListGroupsRequest.builder().build()))
        .groups()
        .stream()
        .filter(group -> group.groupId().equals(GROUP))
        .map(group -> group.groupState())
        .findFirst()
        .orElse("gone");
  }

  // ---- offsets

  short commit(int version, String memberId, int epochOfMember, int partition, long offset) {
    return commit(version, memberId, epochOfMember, "orders", Uuid.ZERO, partition, offset);
  }

  short commit(
      int version,
      String memberId,
      int epochOfMember,
      String topic,
      Uuid id,
      int partition,
      long offset) {
    return now(groups.commitOffsets(
            speaker(version),
            OffsetCommitRequest.builder()
                .groupId(GROUP)
                .memberId(memberId)
                .generationIdOrMemberEpoch(epochOfMember)
                .topics(
                    List.of(
                        new OffsetCommitRequestTopic(
                            topic,
                            id,
                            List.of(new OffsetCommitRequestPartition(partition, offset, 4, "m")))))
                .build()))
        .topics()
        .get(0)
        .partitions()
        .get(0)
        .errorCode();
  }

  /** The committed offset of a partition of orders, -1 for none. */
  long fetch(int partition) {
    return now(groups.fetchOffsets(
            (short) 9,
            OffsetFetchRequest.builder()
                .groups(
                    List.of(
                        new OffsetFetchRequestGroup(
                            GROUP,
                            null,
                            -1,
                            List.of(
                                new OffsetFetchRequestTopics(
                                    "orders", Uuid.ZERO, List.of(partition))))))
                .build()))
        .groups()
        .get(0)
        .topics()
        .get(0)
        .partitions()
        .get(0)
        .committedOffset();
  }

  // ---- consumer groups

  static ConsumerGroupHeartbeatRequest.Builder first(String memberId) {
    return ConsumerGroupHeartbeatRequest.builder()
        .groupId(GROUP)
        .memberId(memberId)
        .memberEpoch(0)
        .rebalanceTimeoutMs(REBALANCE)
        .subscribedTopicNames(List.of("orders"))
        .topicPartitions(List.of());
  }

  GroupShard shard() {
    return Objects.requireNonNull(shard);
  }

  ConsumerGroup consumerGroup() {
    return (ConsumerGroup) Objects.requireNonNull(shard().group(GROUP));
  }

  /** By a connection that stays the one in use. */
  void beatBy(long by, ConsumerGroupHeartbeatRequest request) {
    connection = by;
    if (beat(request).errorCode() != 0) {
      throw new AssertionError("refused: " + request);
    }
  }

  ConsumerGroupHeartbeatResponse beat(ConsumerGroupHeartbeatRequest request) {
    return now(groups.consumerGroupHeartbeat(speaker(1), request));
  }

  /** A heartbeat that says what the member owns. */
  ConsumerGroupHeartbeatResponse beat(
      String memberId, int memberEpoch, @Nullable PartitionSet owned) {
    return beat(
        ConsumerGroupHeartbeatRequest.builder()
            .groupId(GROUP)
            .memberId(memberId)
            .memberEpoch(memberEpoch)
            .topicPartitions(owned == null ? null : wire(owned))
            .build());
  }

  static List<ConsumerGroupHeartbeatRequest.TopicPartitions> wire(PartitionSet set) {
    return set.byTopic().entrySet().stream()
        .map(
            topic ->
                new ConsumerGroupHeartbeatRequest.TopicPartitions(
                    topic.getKey(), List.copyOf(topic.getValue())))
        .toList();
  }

  static @Nullable PartitionSet assigned(ConsumerGroupHeartbeatResponse response) {
    ConsumerGroupHeartbeatResponse.Assignment assignment = response.assignment();
    if (assignment == null) {
      return null;
    }
    PartitionSet all = PartitionSet.EMPTY;
    for (ConsumerGroupHeartbeatResponse.TopicPartitions topic : assignment.topicPartitions()) {
      all = all.plus(PartitionSet.of(Map.of(topic.topicId(), topic.partitions())));
    }
    return all;
  }
}
