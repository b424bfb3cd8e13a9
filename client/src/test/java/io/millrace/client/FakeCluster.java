package io.millrace.client;

import io.millrace.protocol.ApiKey;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.codec.WireReader;
import io.millrace.protocol.codec.WireWriter;
import io.millrace.protocol.message.ApiVersionsResponse;
import io.millrace.protocol.message.ApiVersionsResponse.ApiVersion;
import io.millrace.protocol.message.FetchRequest;
import io.millrace.protocol.message.FetchResponse;
import io.millrace.protocol.message.InitProducerIdResponse;
import io.millrace.protocol.message.ListOffsetsRequest;
import io.millrace.protocol.message.ListOffsetsResponse;
import io.millrace.protocol.message.Message;
import io.millrace.protocol.message.MessageRegistry;
import io.millrace.protocol.message.MetadataRequest;
import io.millrace.protocol.message.MetadataResponse;
import io.millrace.protocol.message.OffsetForLeaderEpochRequest;
import io.millrace.protocol.message.OffsetForLeaderEpochResponse;
import io.millrace.protocol.message.ProduceRequest;
import io.millrace.protocol.message.ProduceResponse;
import io.millrace.protocol.message.RequestHeader;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.protocol.message.ResponseHeader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Two brokers on real sockets that speak the real protocol, share one topic in memory ({@link
 * FakeLog}), and misbehave as the test says. Requests are handled one at a time.
 */
final class FakeCluster implements AutoCloseable {

  static final String TOPIC = "orders";
  static final Uuid TOPIC_ID = new Uuid(0x1111, 0x2222);

  /** What happens to a request. */
  enum Fault {
    NONE,
    /** The connection ends before the broker has done anything. */
    DROP_BEFORE,
    /** The broker does what was asked, and the connection ends before the answer. */
    DROP_AFTER,
    /** The broker reads it and never answers. */
    SILENCE
  }

  /** Decides the fate of a request. */
  interface FaultPlan {
    Fault faultOf(int node, RequestMessage request);
  }

  /** Answers an API that is not the log's. */
  interface ForeignHandler {
    Message answer(int node, RequestMessage request);
  }

  private final List<ServerSocket> listeners = new ArrayList<>();
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  final List<FakeLog> partitions = new ArrayList<>();
  private volatile FaultPlan faults = (node, request) -> Fault.NONE;
  private volatile boolean closed;
  private int leader;
  private int leaderEpoch;
  private long nextProducerId = 1000;
  int maxBatchRecords = Integer.MAX_VALUE; // guarded by this
  int producerIdsGiven; // guarded by this
  private final Map<ApiKey, Short> highest = new EnumMap<>(ApiKey.class); // guarded by this
  private final Map<ApiKey, ForeignHandler> foreign =
      new EnumMap<>(ApiKey.class); // guarded by this

  FakeCluster(int partitionCount) throws IOException {
    for (int i = 0; i < partitionCount; i++) {
      partitions.add(new FakeLog());
    }
    for (int node = 0; node < 2; node++) {
      ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
      listeners.add(listener);
      int id = node;
      start("fake-broker-" + node, () -> accept(id, listener));
    }
  }

  String bootstrap() {
    return "127.0.0.1:"
        + listeners.get(0).getLocalPort()
        + ",127.0.0.1:"
        + listeners.get(1).getLocalPort();
  }

  void faults(FaultPlan plan) {
    faults = plan;
  }

  /** Both brokers speak this API too, up to this version. */
  synchronized void speak(ApiKey key, int upTo, ForeignHandler handler) {
    highest.put(key, (short) upTo);
    foreign.put(key, handler);
  }

  int port(int node) {
    return listeners.get(node).getLocalPort();
  }

  /** The other node leads from now on, under the next epoch. */
  synchronized void moveLeader() {
    leader = 1 - leader;
    leaderEpoch++;
  }

  synchronized <T> T locked(Supplier<T> task) {
    return task.get();
  }

  private static void start(String name, Runnable task) {
    Thread thread = new Thread(task, name);
    thread.setDaemon(true);
    thread.start();
  }

  private void accept(int node, ServerSocket listener) {
    while (!closed) {
      try {
        Socket socket = listener.accept();
        socket.setTcpNoDelay(true);
        sockets.add(socket);
        start("fake-connection", () -> serve(node, socket));
      } catch (IOException ended) {
        return;
      }
    }
  }

  private void serve(int node, Socket socket) {
    try (socket) {
      DataInputStream in = new DataInputStream(socket.getInputStream());
      while (!closed) {
        byte[] frame = new byte[in.readInt()];
        in.readFully(frame);
        byte @Nullable [] answer = handle(node, Unpooled.wrappedBuffer(frame));
        if (answer == null) {
          return;
        }
        socket.getOutputStream().write(answer);
      }
    } catch (IOException ended) {
      // the client has left, or the test is over
    } finally {
      sockets.remove(socket);
    }
  }

  /** Null: end the connection. Empty: no answer. */
  private byte @Nullable [] handle(int node, ByteBuf frame) {
    ApiKey key = Objects.requireNonNull(ApiKey.forId(frame.getShort(0)));
    short version = frame.getShort(2);
    RequestHeader header =
        RequestHeader.read(new WireReader(frame), key.requestHeaderVersion(version));
    RequestMessage request = MessageRegistry.readRequest(key, new WireReader(frame), version);
    Fault fault = key == ApiKey.API_VERSIONS ? Fault.NONE : faults.faultOf(node, request);
    if (fault == Fault.DROP_BEFORE) {
      return null;
    }
    Message answer = fault == Fault.SILENCE ? null : answer(node, request);
    if (fault == Fault.DROP_AFTER) {
      return null;
    }
    boolean isUnacknowledged = request instanceof ProduceRequest produce && produce.acks() == 0;
    return answer == null || isUnacknowledged
        ? new byte[0]
        : encode(key, version, header.correlationId(), answer);
  }

  private static byte[] encode(ApiKey key, short version, int correlationId, Message body) {
    WireWriter out = new WireWriter(UnpooledByteBufAllocator.DEFAULT);
    new ResponseHeader(correlationId).write(out, key.responseHeaderVersion(version));
    body.write(out, version);
    ByteBuf buffer = out.finish().toBuffer(UnpooledByteBufAllocator.DEFAULT);
    byte[] bytes = ByteBufUtil.getBytes(buffer);
    buffer.release();
    return bytes;
  }

  private synchronized Message answer(int node, RequestMessage request) {
    if (request instanceof MetadataRequest metadata) {
      return metadata(metadata);
    } else if (request instanceof ProduceRequest produce) {
      return produce(node, produce);
    } else if (request instanceof FetchRequest fetch) {
      return fetch(node, fetch);
    } else if (request instanceof ListOffsetsRequest list) {
      return listOffsets(list);
    } else if (request instanceof OffsetForLeaderEpochRequest epochs) {
      return endOfEpoch(epochs);
    }
    ForeignHandler other = foreign.get(request.apiKey());
    if (other != null) {
      return other.answer(node, request);
    }
    return switch (request.apiKey()) {
      case API_VERSIONS -> versions();
      case INIT_PRODUCER_ID -> {
        producerIdsGiven++;
        yield InitProducerIdResponse.builder()
            .producerId(nextProducerId++)
            .producerEpoch((short) 0)
            .build();
      }
      default -> throw new IllegalStateException("unexpected " + request.apiKey());
    };
  }

  private ApiVersionsResponse versions() {
    List<ApiVersion> ranges = new ArrayList<>();
    for (ApiKey key :
        List.of(
            ApiKey.API_VERSIONS,
            ApiKey.METADATA,
            ApiKey.PRODUCE,
            ApiKey.FETCH,
            ApiKey.LIST_OFFSETS,
            ApiKey.INIT_PRODUCER_ID,
            ApiKey.OFFSET_FOR_LEADER_EPOCH)) {
      ranges.add(
          ApiVersion.builder()
              .apiKey(key.id())
              .minVersion(key.lowestVersion())
              .maxVersion(key.highestVersion())
              .build());
    }
    highest.forEach(
        (key, version) ->
            ranges.add(
                ApiVersion.builder()
                    .apiKey(key.id())
                    .minVersion(key.lowestVersion())
                    .maxVersion(version)
                    .build()));
    return ApiVersionsResponse.builder().apiKeys(ranges).build();
  }

  private MetadataResponse metadata(MetadataRequest request) {
    List<MetadataResponse.MetadataResponseTopic> topics = new ArrayList<>();
    List<MetadataRequest.MetadataRequestTopic> asked = request.topics();
    if (asked != null) {
      asked.forEach(topic -> topics.add(topic(String.valueOf(topic.name()))));
    }
    return MetadataResponse.builder()
        .clusterId("fake")
        .controllerId(0)
        .brokers(
            IntStream.range(0, 2)
                .mapToObj(
                    node ->
                        MetadataResponse.MetadataResponseBroker.builder()
                            .nodeId(node)
                            .host("127.0.0.1")
                            .port(listeners.get(node).getLocalPort())
                            .build())
                .toList())
        .topics(topics)
        .build();
  }

  private MetadataResponse.MetadataResponseTopic topic(String name) {
    if (!name.equals(TOPIC)) {
      return MetadataResponse.MetadataResponseTopic.builder()
          .name(name)
          .errorCode(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION.code())
          .build();
    }
    return MetadataResponse.MetadataResponseTopic.builder()
        .name(name)
        .topicId(TOPIC_ID)
        .partitions(
            IntStream.range(0, partitions.size())
                .mapToObj(
                    index ->
                        MetadataResponse.MetadataResponsePartition.builder()
                            .partitionIndex(index)
                            .leaderId(leader)
                            .leaderEpoch(leaderEpoch)
                            .replicaNodes(List.of(0, 1))
                            .isrNodes(List.of(0, 1))
                            .build())
                .toList())
        .build();
  }

  private ProduceResponse produce(int node, ProduceRequest request) {
    List<ProduceResponse.PartitionProduceResponse> answers = new ArrayList<>();
    for (ProduceRequest.TopicProduceData topic : request.topicData()) {
      for (ProduceRequest.PartitionProduceData data : topic.partitionData()) {
        FakeLog.Appended appended =
            node == leader
                ? partitions
                    .get(data.index())
                    .append(Objects.requireNonNull(data.records()), leaderEpoch, maxBatchRecords)
                : new FakeLog.Appended(ErrorCode.NOT_LEADER_OR_FOLLOWER, -1);
        answers.add(
            ProduceResponse.PartitionProduceResponse.builder()
                .index(data.index())
                .errorCode(appended.error().code())
                .baseOffset(appended.baseOffset())
                .build());
      }
    }
    return ProduceResponse.builder()
        .responses(
            List.of(
                ProduceResponse.TopicProduceResponse.builder()
                    .name(TOPIC)
                    .topicId(TOPIC_ID)
                    .partitionResponses(answers)
                    .build()))
        .build();
  }

  private FetchResponse fetch(int node, FetchRequest request) {
    List<FetchResponse.PartitionData> answers = new ArrayList<>();
    for (FetchRequest.FetchTopic topic : request.topics()) {
      for (FetchRequest.FetchPartition asked : topic.partitions()) {
        FakeLog log = partitions.get(asked.partition());
        FetchResponse.PartitionData.Builder answer =
            FetchResponse.PartitionData.builder().partitionIndex(asked.partition());
        if (node != leader) {
          answer.errorCode(ErrorCode.NOT_LEADER_OR_FOLLOWER.code()).records(null);
        } else if (asked.currentLeaderEpoch() < leaderEpoch) {
          answer.errorCode(ErrorCode.FENCED_LEADER_EPOCH.code()).records(null);
        } else if (asked.fetchOffset() > log.endOffset()) {
          answer.errorCode(ErrorCode.OFFSET_OUT_OF_RANGE.code()).records(null);
        } else {
          answer.highWatermark(log.endOffset()).records(log.read(asked.fetchOffset(), 2));
        }
        answers.add(answer.build());
      }
    }
    return FetchResponse.builder()
        .responses(
            List.of(
                FetchResponse.FetchableTopicResponse.builder()
                    .topic(TOPIC)
                    .topicId(TOPIC_ID)
                    .partitions(answers)
                    .build()))
        .build();
  }

  private ListOffsetsResponse listOffsets(ListOffsetsRequest request) {
    List<ListOffsetsResponse.ListOffsetsTopicResponse> topics = new ArrayList<>();
    request
        .topics()
        .forEach(
            topic ->
                topics.add(
                    ListOffsetsResponse.ListOffsetsTopicResponse.builder()
                        .name(topic.name())
                        .partitions(
                            topic.partitions().stream()
                                .map(
                                    asked ->
                                        ListOffsetsResponse.ListOffsetsPartitionResponse.builder()
                                            .partitionIndex(asked.partitionIndex())
                                            .offset(
                                                asked.timestamp() == -2
                                                    ? 0
                                                    : partitions
                                                        .get(asked.partitionIndex())
                                                        .endOffset())
                                            .build())
                                .toList())
                        .build()));
    return ListOffsetsResponse.builder().topics(topics).build();
  }

  private OffsetForLeaderEpochResponse endOfEpoch(OffsetForLeaderEpochRequest request) {
    OffsetForLeaderEpochRequest.OffsetForLeaderPartition asked =
        request.topics().get(0).partitions().get(0);
    return OffsetForLeaderEpochResponse.builder()
        .topics(
            List.of(
                OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult.builder()
                    .topic(TOPIC)
                    .partitions(
                        List.of(
                            OffsetForLeaderEpochResponse.EpochEndOffset.builder()
                                .partition(asked.partition())
                                .leaderEpoch(asked.leaderEpoch())
                                .endOffset(
                                    partitions
                                        .get(asked.partition())
                                        .endOfEpoch(asked.leaderEpoch()))
                                .build()))
                    .build()))
        .build();
  }

  @Override
  public void close() throws IOException {
    closed = true;
    for (ServerSocket listener : listeners) {
      listener.close();
    }
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
