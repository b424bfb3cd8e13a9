package io.millrace.server.handler;

import io.millrace.metadata.kv.QuorumStatus;
import io.millrace.metadata.request.DescribeQuorum;
import io.millrace.metadata.request.Result;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.DescribeQuorumRequest;
import io.millrace.protocol.message.DescribeQuorumResponse;
import io.millrace.protocol.message.DescribeQuorumResponse.Listener;
import io.millrace.protocol.message.DescribeQuorumResponse.Node;
import io.millrace.protocol.message.DescribeQuorumResponse.PartitionData;
import io.millrace.protocol.message.DescribeQuorumResponse.ReplicaState;
import io.millrace.protocol.message.DescribeQuorumResponse.TopicData;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * Tells the state of the metadata quorum in Kafka's words: its log as the one partition of a topic,
 * the Raft term as its leader epoch, log indexes as offsets.
 */
final class DescribeQuorumHandler implements RequestHandler<DescribeQuorumRequest> {
  private static final int TIMEOUT_MS = 5000;
  private static final short FIRST_WITH_NODES = 2;
  private static final String METADATA_TOPIC = "__cluster_metadata";

  private final ControllerCalls controller;

  DescribeQuorumHandler(ControllerCalls controller) {
    this.controller = controller;
  }

  @Override
  public CompletableFuture<Reply> handle(RequestContext context, DescribeQuorumRequest request) {
    boolean asksForQuorum =
        request.topics().stream()
            .allMatch(
                topic ->
                    topic.topicName().equals(METADATA_TOPIC)
                        && topic.partitions().stream().allMatch(one -> one.partitionIndex() == 0));
    if (!asksForQuorum) {
      return CompletableFuture.completedFuture(
          failed(
              Result.of(
                  ErrorCode.UNKNOWN_TOPIC_OR_PARTITION,
                  "only " + METADATA_TOPIC + "-0 has a quorum")));
    }
    return controller.send(
        new DescribeQuorum(),
        TIMEOUT_MS,
        response -> Reply.of(describe(context.version(), response.status())),
        DescribeQuorumHandler::failed);
  }

  private static Reply failed(Result result) {
    return Reply.of(
        DescribeQuorumResponse.builder()
            .errorCode(result.error().code())
            .errorMessage(result.message())
            .build());
  }

  private static DescribeQuorumResponse describe(short version, QuorumStatus status) {
    List<ReplicaState> voters = new ArrayList<>();
    List<Node> nodes = new ArrayList<>();
    for (QuorumStatus.Voter voter : status.voters()) {
      boolean leader = voter.nodeId() == status.leaderId();
      voters.add(
          ReplicaState.builder()
              .replicaId(voter.nodeId())
              .logEndOffset(leader ? status.commitIndex() : voter.matchIndex())
              .build());
      nodes.add(
          new Node(
              voter.nodeId(), List.of(new Listener("CONTROLLER", voter.host(), voter.port()))));
    }
    PartitionData partition =
        PartitionData.builder()
            .leaderId(status.leaderId())
            .leaderEpoch((int) Math.min(status.term(), Integer.MAX_VALUE))
            .highWatermark(status.commitIndex())
            .currentVoters(voters)
            .build();
    return DescribeQuorumResponse.builder()
        .topics(List.of(new TopicData(METADATA_TOPIC, List.of(partition))))
        .nodes(version >= FIRST_WITH_NODES ? nodes : List.of())
        .build();
  }
}
