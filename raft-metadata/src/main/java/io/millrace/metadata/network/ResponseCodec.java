package io.millrace.metadata.network;

import io.millrace.metadata.kv.QuorumStatus;
import io.millrace.metadata.network.proto.AllocateProducerIdsAnswer;
import io.millrace.metadata.network.proto.AlterConfigsAnswer;
import io.millrace.metadata.network.proto.AlterPartitionAnswer;
import io.millrace.metadata.network.proto.ControlledShutdownAnswer;
import io.millrace.metadata.network.proto.CreatePartitionsAnswer;
import io.millrace.metadata.network.proto.CreateTopicsAnswer;
import io.millrace.metadata.network.proto.CreatedTopicValue;
import io.millrace.metadata.network.proto.DeleteTopicsAnswer;
import io.millrace.metadata.network.proto.DeletedTopicValue;
import io.millrace.metadata.network.proto.DescribeQuorumAnswer;
import io.millrace.metadata.network.proto.ElectLeadersAnswer;
import io.millrace.metadata.network.proto.ElectionValue;
import io.millrace.metadata.network.proto.HeartbeatAnswer;
import io.millrace.metadata.network.proto.IsrResultValue;
import io.millrace.metadata.network.proto.PartitionName;
import io.millrace.metadata.network.proto.QuorumVoterValue;
import io.millrace.metadata.network.proto.RegisterBrokerAnswer;
import io.millrace.metadata.network.proto.ResourceResultValue;
import io.millrace.metadata.network.proto.Response;
import io.millrace.metadata.network.proto.TopicResultValue;
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
import io.millrace.metadata.request.Result;

/** The controller's answers as protobuf: this side writes, {@link ResponseReader} reads. */
final class ResponseCodec {

  private ResponseCodec() {}

  static Response.Builder encode(ControllerResponse response) {
    Response.Builder out = Response.newBuilder();
    if (response instanceof Heartbeat.Response r) {
      return out.setHeartbeat(
          HeartbeatAnswer.newBuilder().setResult(Values.result(r.result())).setFenced(r.fenced()));
    }
    if (response instanceof AlterPartition.Response r) {
      return out.setAlterPartition(encode(r));
    }
    if (response instanceof RegisterBroker.Response r) {
      return out.setRegisterBroker(
          RegisterBrokerAnswer.newBuilder()
              .setResult(Values.result(r.result()))
              .setEpoch(r.epoch()));
    }
    if (response instanceof ControlledShutdown.Response r) {
      return out.setControlledShutdown(
          ControlledShutdownAnswer.newBuilder()
              .setResult(Values.result(r.result()))
              .setRemaining(r.remaining()));
    }
    if (response instanceof Result r) {
      return out.setResult(Values.result(r));
    }
    if (response instanceof CreateTopics.Response r) {
      return out.setCreateTopics(encode(r));
    }
    if (response instanceof DeleteTopics.Response r) {
      DeleteTopicsAnswer.Builder answer = DeleteTopicsAnswer.newBuilder();
      for (DeleteTopics.DeletedTopic topic : r.topics()) {
        answer.addTopics(
            DeletedTopicValue.newBuilder()
                .setTopic(Values.topicRef(topic.id(), topic.name()))
                .setResult(Values.result(topic.result())));
      }
      return out.setDeleteTopics(answer);
    }
    if (response instanceof CreatePartitions.Response r) {
      CreatePartitionsAnswer.Builder answer = CreatePartitionsAnswer.newBuilder();
      for (CreatePartitions.TopicResult topic : r.topics()) {
        answer.addTopics(
            TopicResultValue.newBuilder()
                .setTopic(topic.topic())
                .setResult(Values.result(topic.result())));
      }
      return out.setCreatePartitions(answer);
    }
    if (response instanceof AlterConfigs.Response r) {
      AlterConfigsAnswer.Builder answer = AlterConfigsAnswer.newBuilder();
      for (AlterConfigs.ResourceResult one : r.resources()) {
        answer.addResources(
            ResourceResultValue.newBuilder()
                .setResource(Values.resource(one.resource()))
                .setResult(Values.result(one.result())));
      }
      return out.setAlterConfigs(answer);
    }
    if (response instanceof ElectLeaders.Response r) {
      ElectLeadersAnswer.Builder answer = ElectLeadersAnswer.newBuilder();
      for (ElectLeaders.PartitionResult one : r.partitions()) {
        answer.addPartitions(
            ElectionValue.newBuilder()
                .setPartition(
                    PartitionName.newBuilder().setTopic(one.topic()).setPartition(one.partition()))
                .setResult(Values.result(one.result())));
      }
      return out.setElectLeaders(answer);
    }
    if (response instanceof AllocateProducerIds.Response r) {
      return out.setAllocateProducerIds(
          AllocateProducerIdsAnswer.newBuilder()
              .setResult(Values.result(r.result()))
              .setFirst(r.first())
              .setCount(r.count()));
    }
    if (response instanceof DescribeQuorum.Response r) {
      return out.setDescribeQuorum(encode(r.status()));
    }
    throw new IllegalArgumentException("no message for " + response);
  }

  private static AlterPartitionAnswer encode(AlterPartition.Response r) {
    AlterPartitionAnswer.Builder answer =
        AlterPartitionAnswer.newBuilder().setResult(Values.result(r.result()));
    for (AlterPartition.PartitionResult one : r.partitions()) {
      answer.addPartitions(
          IsrResultValue.newBuilder()
              .setTopicId(RecordValues.uuid(one.topicId()))
              .setPartition(one.partition())
              .setResult(Values.result(one.result()))
              .setLeader(one.leader())
              .setLeaderEpoch(one.leaderEpoch())
              .addAllIsr(one.isr())
              .setPartitionEpoch(one.partitionEpoch()));
    }
    return answer.build();
  }

  private static CreateTopicsAnswer encode(CreateTopics.Response r) {
    CreateTopicsAnswer.Builder answer = CreateTopicsAnswer.newBuilder();
    for (CreateTopics.CreatedTopic topic : r.topics()) {
      CreatedTopicValue.Builder value =
          CreatedTopicValue.newBuilder()
              .setName(topic.name())
              .setResult(Values.result(topic.result()))
              .setPartitions(topic.partitions())
              .setReplicationFactor(topic.replicationFactor());
      if (topic.id() != null) {
        value.setId(RecordValues.uuid(topic.id()));
      }
      answer.addTopics(value);
    }
    return answer.build();
  }

  private static DescribeQuorumAnswer encode(QuorumStatus status) {
    DescribeQuorumAnswer.Builder answer =
        DescribeQuorumAnswer.newBuilder()
            .setNodeId(status.nodeId())
            .setLeaderId(status.leaderId())
            .setLeaderReady(status.leaderReady())
            .setTerm(status.term())
            .setCommitIndex(status.commitIndex())
            .setAppliedIndex(status.appliedIndex())
            .setRevision(status.revision());
    for (QuorumStatus.Voter voter : status.voters()) {
      answer.addVoters(
          QuorumVoterValue.newBuilder()
              .setNodeId(voter.nodeId())
              .setIncarnation(voter.incarnation())
              .setHost(voter.host())
              .setPort(voter.port())
              .setMatchIndex(voter.matchIndex())
              .setLag(voter.lag())
              .setSinceContactMs(voter.sinceContactMillis()));
    }
    return answer.build();
  }
}
