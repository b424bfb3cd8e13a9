package io.millrace.replication.simulation;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.codec.WireReader;
import io.millrace.protocol.codec.WireWriter;
import io.millrace.protocol.message.FetchRequest;
import io.millrace.protocol.message.FetchRequest.FetchPartition;
import io.millrace.protocol.message.FetchRequest.FetchTopic;
import io.millrace.protocol.message.FetchResponse;
import io.millrace.protocol.message.FetchResponse.EpochEndOffset;
import io.millrace.protocol.message.FetchResponse.FetchableTopicResponse;
import io.millrace.protocol.message.FetchResponse.PartitionData;
import io.millrace.replication.ReadIsolation;
import io.millrace.replication.ReadRequest;
import io.millrace.replication.ReadResult;
import io.millrace.replication.ReplicatedPartition;
import io.millrace.replication.delayed.DelayedFetch;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Serves a follower's fetches as the server does: reads, waits when there is too little, reads
 * again, answers in order.
 */
final class FetchService {

  private FetchService() {}

  private record Read(
      FetchPartition asked, @Nullable ReplicatedPartition partition, ReadResult result) {}

  private record Attempt(FetchResponse response, List<Read> reads, long bytes, boolean urgent) {}

  static CompletableFuture<byte[]> handle(
      SimulatedNetwork network,
      SimulatedNetwork.Connection connection,
      SimulatedNode node,
      byte[] bytes) {
    FetchRequest request =
        FetchRequest.read(new WireReader(Unpooled.wrappedBuffer(bytes)), SimulatedEndpoint.VERSION);
    connection.endParkedFetch.run();
    connection.endParkedFetch = () -> {};
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    CompletableFuture<byte[]> inOrder =
        connection.lastAnswer.handle((ok, failure) -> 0).thenCompose(ok -> answer);
    connection.lastAnswer = inOrder;
    if (!node.isRunning()) {
      answer.completeExceptionally(new IOException("connection refused"));
      return inOrder;
    }
    Attempt first = attempt(node, request);
    if (first.urgent || first.bytes >= request.minBytes() || request.maxWaitMs() == 0) {
      answer.complete(encode(first.response));
      return inOrder;
    }
    first.response.release();
    DelayedFetch wait =
        new DelayedFetch(
            request.minBytes() - first.bytes,
            () -> network.loop().execute(() -> finish(node, request, answer)));
    for (Read read : first.reads) {
      if (read.partition != null) {
        read.partition.awaitData(wait, ReadIsolation.LOG_END, read.result.readableEnd());
      }
    }
    wait.startTimer(network.loop(), TimeUnit.MILLISECONDS.toNanos(request.maxWaitMs()));
    connection.endParkedFetch = wait::complete;
    return inOrder;
  }

  private static void finish(
      SimulatedNode node, FetchRequest request, CompletableFuture<byte[]> answer) {
    if (!node.isRunning()) {
      answer.completeExceptionally(new IOException("connection reset"));
      return;
    }
    answer.complete(encode(attempt(node, request).response));
  }

  private static byte[] encode(FetchResponse response) {
    WireWriter out = new WireWriter(UnpooledByteBufAllocator.DEFAULT);
    response.write(out, SimulatedEndpoint.VERSION);
    response.release();
    // The frame has its length in front; pieces may be regions of files.
    byte[] framed =
        SimulatedEndpoint.bytesOf(out.finish().toBuffer(UnpooledByteBufAllocator.DEFAULT));
    byte[] bare = new byte[framed.length - Integer.BYTES];
    System.arraycopy(framed, Integer.BYTES, bare, 0, bare.length);
    return bare;
  }

  private static Attempt attempt(SimulatedNode node, FetchRequest request) {
    List<Read> reads = new ArrayList<>();
    List<FetchableTopicResponse> topics = new ArrayList<>();
    long left = request.maxBytes();
    long bytes = 0;
    boolean urgent = false;
    for (FetchTopic topic : request.topics()) {
      List<PartitionData> partitions = new ArrayList<>();
      for (FetchPartition asked : topic.partitions()) {
        ReplicatedPartition partition =
            node.registry().partition(topic.topicId(), asked.partition());
        PartitionData.Builder data = PartitionData.builder().partitionIndex(asked.partition());
        if (partition == null) {
          urgent = true;
          partitions.add(data.errorCode(ErrorCode.UNKNOWN_TOPIC_ID.code()).build());
          continue;
        }
        ReadResult result =
            partition.read(
                ReadRequest.ofFollower(
                    request.replicaState().replicaId(),
                    request.replicaState().replicaEpoch(),
                    asked.currentLeaderEpoch(),
                    asked.fetchOffset(),
                    asked.lastFetchedEpoch(),
                    (int) Math.min(left, asked.partitionMaxBytes()),
                    bytes == 0));
        reads.add(new Read(asked, partition, result));
        bytes += result.records().sizeInBytes();
        left = Math.max(0, left - result.records().sizeInBytes());
        urgent |= result.error() != ErrorCode.NONE || result.diverging() != null;
        data.errorCode(result.error().code())
            .highWatermark(result.highWatermark())
            .lastStableOffset(result.lastStableOffset())
            .logStartOffset(result.logStartOffset())
            .records(result.records());
        if (result.diverging() != null) {
          data.divergingEpoch(
              new EpochEndOffset(result.diverging().epoch(), result.diverging().endOffset()));
        }
        partitions.add(data.build());
      }
      topics.add(
          FetchableTopicResponse.builder().topicId(topic.topicId()).partitions(partitions).build());
    }
    return new Attempt(FetchResponse.builder().responses(topics).build(), reads, bytes, urgent);
  }
}
