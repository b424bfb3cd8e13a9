package io.millrace.server.handler;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.ListOffsetsRequest;
import io.millrace.protocol.message.ListOffsetsRequest.ListOffsetsPartition;
import io.millrace.protocol.message.ListOffsetsRequest.ListOffsetsTopic;
import io.millrace.protocol.message.ListOffsetsResponse;
import io.millrace.protocol.message.ListOffsetsResponse.ListOffsetsPartitionResponse;
import io.millrace.protocol.message.ListOffsetsResponse.ListOffsetsTopicResponse;
import io.millrace.replication.OffsetLookup;
import io.millrace.replication.ReadIsolation;
import io.millrace.replication.ReplicatedPartition;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Finds offsets by time, or the ends of partitions, which have negative times. */
final class ListOffsetsHandler implements RequestHandler<ListOffsetsRequest> {
  private static final short FIRST_WITH_LEADER_EPOCH = 4;
  private static final short FIRST_WITH_NOT_AVAILABLE = 5;
  private static final byte READ_COMMITTED = 1;
  private static final long LATEST = -1;
  private static final long EARLIEST_LOCAL = -4;
  private static final long EARLIEST_PENDING_UPLOAD = -6;

  private final PartitionLookup partitions;

  ListOffsetsHandler(PartitionLookup partitions) {
    this.partitions = partitions;
  }

  @Override
  public CompletableFuture<Reply> handle(RequestContext context, ListOffsetsRequest request) {
    List<ListOffsetsTopicResponse> topics = new ArrayList<>(request.topics().size());
    for (ListOffsetsTopic topic : request.topics()) {
      List<ListOffsetsPartitionResponse> answers = new ArrayList<>(topic.partitions().size());
      for (ListOffsetsPartition partition : topic.partitions()) {
        OffsetLookup lookup = lookUp(context.version(), request, topic.name(), partition);
        answers.add(
            new ListOffsetsPartitionResponse(
                partition.partitionIndex(),
                known(lookup.error(), context.version()).code(),
                lookup.timestamp(),
                lookup.offset(),
                context.version() >= FIRST_WITH_LEADER_EPOCH ? lookup.leaderEpoch() : -1));
      }
      topics.add(new ListOffsetsTopicResponse(topic.name(), answers));
    }
    return CompletableFuture.completedFuture(
        Reply.of(ListOffsetsResponse.builder().topics(topics).build()));
  }

  private OffsetLookup lookUp(
      short version, ListOffsetsRequest request, String topic, ListOffsetsPartition wanted) {
    long time = wanted.timestamp();
    if (time < EARLIEST_PENDING_UPLOAD || version < firstVersionOf(time)) {
      return failed(ErrorCode.UNSUPPORTED_VERSION);
    }
    PartitionLookup.Found found = partitions.find(topic, Uuid.ZERO, wanted.partitionIndex());
    ReplicatedPartition partition = found.partition();
    if (partition == null) {
      return failed(found.error());
    }
    if (time < EARLIEST_LOCAL) {
      // Ends of a remote tier, of which there is none.
      OffsetLookup end =
          partition.lookupOffset(LATEST, isolation(request), wanted.currentLeaderEpoch());
      return end.error() == ErrorCode.NONE ? new OffsetLookup(ErrorCode.NONE, -1, -1, -1) : end;
    }
    return partition.lookupOffset(time, isolation(request), wanted.currentLeaderEpoch());
  }

  /** Older clients do not know the error for "ask again in a moment". */
  private static ErrorCode known(ErrorCode error, short version) {
    return error == ErrorCode.OFFSET_NOT_AVAILABLE && version < FIRST_WITH_NOT_AVAILABLE
        ? ErrorCode.LEADER_NOT_AVAILABLE
        : error;
  }

  /** The protocol grew these special times one by one. */
  private static int firstVersionOf(long time) {
    if (time == -3) {
      return 7;
    }
    if (time == EARLIEST_LOCAL) {
      return 8;
    }
    if (time == -5) {
      return 9;
    }
    return time == EARLIEST_PENDING_UPLOAD ? 11 : 1;
  }

  private static ReadIsolation isolation(ListOffsetsRequest request) {
    if (request.replicaId() >= 0) {
      return ReadIsolation.LOG_END;
    }
    return request.isolationLevel() == READ_COMMITTED
        ? ReadIsolation.COMMITTED
        : ReadIsolation.UNCOMMITTED;
  }

  private static OffsetLookup failed(ErrorCode error) {
    return new OffsetLookup(error, -1, -1, -1);
  }
}
