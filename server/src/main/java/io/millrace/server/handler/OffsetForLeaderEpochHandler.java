package io.millrace.server.handler;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.OffsetForLeaderEpochRequest;
import io.millrace.protocol.message.OffsetForLeaderEpochRequest.OffsetForLeaderPartition;
import io.millrace.protocol.message.OffsetForLeaderEpochRequest.OffsetForLeaderTopic;
import io.millrace.protocol.message.OffsetForLeaderEpochResponse;
import io.millrace.protocol.message.OffsetForLeaderEpochResponse.EpochEndOffset;
import io.millrace.protocol.message.OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult;
import io.millrace.replication.EpochLookup;
import io.millrace.replication.ReplicatedPartition;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Tells readers where an epoch ended, so that they notice when what they read was cut off. */
final class OffsetForLeaderEpochHandler implements RequestHandler<OffsetForLeaderEpochRequest> {
  private final PartitionLookup partitions;

  OffsetForLeaderEpochHandler(PartitionLookup partitions) {
    this.partitions = partitions;
  }

  @Override
  public CompletableFuture<Reply> handle(
      RequestContext context, OffsetForLeaderEpochRequest request) {
    List<OffsetForLeaderTopicResult> topics = new ArrayList<>();
    for (OffsetForLeaderTopic topic : request.topics()) {
      List<EpochEndOffset> answers = new ArrayList<>();
      for (OffsetForLeaderPartition partition : topic.partitions()) {
        answers.add(lookUp(topic.topic(), partition));
      }
      topics.add(new OffsetForLeaderTopicResult(topic.topic(), answers));
    }
    return CompletableFuture.completedFuture(
        Reply.of(OffsetForLeaderEpochResponse.builder().topics(topics).build()));
  }

  private EpochEndOffset lookUp(String topic, OffsetForLeaderPartition wanted) {
    PartitionLookup.Found found = partitions.find(topic, Uuid.ZERO, wanted.partition());
    ReplicatedPartition partition = found.partition();
    EpochEndOffset.Builder answer = EpochEndOffset.builder().partition(wanted.partition());
    if (partition == null) {
      return answer.errorCode(found.error().code()).build();
    }
    EpochLookup lookup = partition.lookupEpoch(wanted.leaderEpoch(), wanted.currentLeaderEpoch());
    if (lookup.error() != ErrorCode.NONE) {
      return answer.errorCode(lookup.error().code()).build();
    }
    return answer.leaderEpoch(lookup.end().epoch()).endOffset(lookup.end().endOffset()).build();
  }
}
