package io.millrace.metadata.network;

import io.millrace.metadata.kv.QuorumStatus;
import io.millrace.metadata.network.proto.AlterPartitionAnswer;
import io.millrace.metadata.network.proto.CreateTopicsAnswer;
import io.millrace.metadata.network.proto.DeleteTopicsAnswer;
import io.millrace.metadata.network.proto.DescribeQuorumAnswer;
import io.millrace.metadata.network.proto.Response;
import io.millrace.metadata.record.RecordValues;
import io.millrace.metadata.request.AllocateProducerIds;
import io.millrace.metadata.request.AlterConfigs;
import io.millrace.metadata.request.AlterPartition;
import io.millrace.metadata.request.ControlledShutdown;
import io.millrace.metadata.request.ControllerResponse;
import io.millrace.metadata.request.CreatePartitions;
import io.millrace.metadata.request.CreateTopics;
import io.millrace.metadata.request.DeleteTopics;
import io.millrace.metadata.request.DescribeQuorum;
import io.millrace.metadata.request.ElectLeaders;
import io.millrace.metadata.request.Heartbeat;
import io.millrace.metadata.request.RegisterBroker;

/** Reads the controller's answers. */
public final class ResponseReader {

  private ResponseReader() {}

  /**
   * @throws IllegalArgumentException when it is not an answer of the controller
   */
  public static ControllerResponse decode(Response in) {
    return switch (in.getKindCase()) {
      case REGISTER_BROKER ->
          new RegisterBroker.Response(
              Values.result(in.getRegisterBroker().getResult()), in.getRegisterBroker().getEpoch());
      case HEARTBEAT ->
          new Heartbeat.Response(
              Values.result(in.getHeartbeat().getResult()), in.getHeartbeat().getFenced());
      case CONTROLLED_SHUTDOWN ->
          new ControlledShutdown.Response(
              Values.result(in.getControlledShutdown().getResult()),
              in.getControlledShutdown().getRemaining());
      case RESULT -> Values.result(in.getResult());
      case CREATE_TOPICS -> decode(in.getCreateTopics());
      case DELETE_TOPICS -> decode(in.getDeleteTopics());
      case CREATE_PARTITIONS ->
          new CreatePartitions.Response(
              in.getCreatePartitions().getTopicsList().stream()
                  .map(
                      one ->
                          new CreatePartitions.TopicResult(
                              one.getTopic(), Values.result(one.getResult())))
                  .toList());
      case ALTER_CONFIGS ->
          new AlterConfigs.Response(
              in.getAlterConfigs().getResourcesList().stream()
                  .map(
                      one ->
                          new AlterConfigs.ResourceResult(
                              Values.resource(one.getResource()), Values.result(one.getResult())))
                  .toList());
      case ALTER_PARTITION -> decode(in.getAlterPartition());
      case ELECT_LEADERS ->
          new ElectLeaders.Response(
              in.getElectLeaders().getPartitionsList().stream()
                  .map(
                      one ->
                          new ElectLeaders.PartitionResult(
                              one.getPartition().getTopic(),
                              one.getPartition().getPartition(),
                              Values.result(one.getResult())))
                  .toList());
      case ALLOCATE_PRODUCER_IDS ->
          new AllocateProducerIds.Response(
              Values.result(in.getAllocateProducerIds().getResult()),
              in.getAllocateProducerIds().getFirst(),
              in.getAllocateProducerIds().getCount());
      case DESCRIBE_QUORUM -> new DescribeQuorum.Response(decode(in.getDescribeQuorum()));
      default ->
          throw new IllegalArgumentException(
              "response " + in.getId() + " is of kind " + in.getKindCase());
    };
  }

  private static CreateTopics.Response decode(CreateTopicsAnswer in) {
    return new CreateTopics.Response(
        in.getTopicsList().stream()
            .map(
                one ->
                    new CreateTopics.CreatedTopic(
                        one.getName(),
                        Values.result(one.getResult()),
                        one.hasId() ? RecordValues.uuid(one.getId()) : null,
                        one.getPartitions(),
                        one.getReplicationFactor()))
            .toList());
  }

  private static DeleteTopics.Response decode(DeleteTopicsAnswer in) {
    return new DeleteTopics.Response(
        in.getTopicsList().stream()
            .map(
                one ->
                    new DeleteTopics.DeletedTopic(
                        one.getTopic().hasId() ? RecordValues.uuid(one.getTopic().getId()) : null,
                        one.getTopic().hasName() ? one.getTopic().getName() : null,
                        Values.result(one.getResult())))
            .toList());
  }

  private static AlterPartition.Response decode(AlterPartitionAnswer in) {
    return new AlterPartition.Response(
        Values.result(in.getResult()),
        in.getPartitionsList().stream()
            .map(
                one ->
                    new AlterPartition.PartitionResult(
                        RecordValues.uuid(one.getTopicId()),
                        one.getPartition(),
                        Values.result(one.getResult()),
                        one.getLeader(),
                        one.getLeaderEpoch(),
                        one.getIsrList(),
                        one.getPartitionEpoch()))
            .toList());
  }

  private static QuorumStatus decode(DescribeQuorumAnswer in) {
    return new QuorumStatus(
        in.getNodeId(),
        in.getLeaderId(),
        in.getLeaderReady(),
        in.getTerm(),
        in.getCommitIndex(),
        in.getAppliedIndex(),
        in.getRevision(),
        in.getVotersList().stream()
            .map(
                one ->
                    new QuorumStatus.Voter(
                        one.getNodeId(),
                        one.getIncarnation(),
                        one.getHost(),
                        one.getPort(),
                        one.getMatchIndex(),
                        one.getLag(),
                        one.getSinceContactMs()))
            .toList());
  }
}
