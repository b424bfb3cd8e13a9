package io.millrace.metadata.network;

import io.millrace.metadata.network.proto.AllocateProducerIdsCall;
import io.millrace.metadata.network.proto.AlterConfigsCall;
import io.millrace.metadata.network.proto.AlterPartitionCall;
import io.millrace.metadata.network.proto.ConfigChangeValue;
import io.millrace.metadata.network.proto.ControlledShutdownCall;
import io.millrace.metadata.network.proto.CreatePartitionsCall;
import io.millrace.metadata.network.proto.CreateTopicsCall;
import io.millrace.metadata.network.proto.DeleteTopicsCall;
import io.millrace.metadata.network.proto.DescribeQuorumCall;
import io.millrace.metadata.network.proto.ElectLeadersCall;
import io.millrace.metadata.network.proto.GrowthValue;
import io.millrace.metadata.network.proto.HeartbeatCall;
import io.millrace.metadata.network.proto.IsrChangeValue;
import io.millrace.metadata.network.proto.MemberValue;
import io.millrace.metadata.network.proto.NewTopicValue;
import io.millrace.metadata.network.proto.PartitionName;
import io.millrace.metadata.network.proto.RegisterBrokerCall;
import io.millrace.metadata.network.proto.Replicas;
import io.millrace.metadata.network.proto.ReportStorageCall;
import io.millrace.metadata.network.proto.Request;
import io.millrace.metadata.network.proto.ResourceChangeValue;
import io.millrace.metadata.network.proto.UnregisterBrokerCall;
import io.millrace.metadata.record.RecordValues;
import io.millrace.metadata.request.AllocateProducerIds;
import io.millrace.metadata.request.AlterConfigs;
import io.millrace.metadata.request.AlterPartition;
import io.millrace.metadata.request.ControlledShutdown;
import io.millrace.metadata.request.ControllerRequest;
import io.millrace.metadata.request.CreatePartitions;
import io.millrace.metadata.request.CreateTopics;
import io.millrace.metadata.request.DeleteTopics;
import io.millrace.metadata.request.DescribeQuorum;
import io.millrace.metadata.request.ElectLeaders;
import io.millrace.metadata.request.Heartbeat;
import io.millrace.metadata.request.RegisterBroker;
import io.millrace.metadata.request.ReportStorage;
import io.millrace.metadata.request.UnregisterBroker;

/** The controller's requests as protobuf: this side writes, {@link RequestReader} reads. */
public final class RequestCodec {

  private RequestCodec() {}

  /** A request without an id yet. */
  public static Request.Builder encode(ControllerRequest<?> request) {
    Request.Builder out = Request.newBuilder();
    if (request instanceof Heartbeat r) {
      return out.setHeartbeat(
          HeartbeatCall.newBuilder()
              .setBrokerId(r.brokerId())
              .setEpoch(r.epoch())
              .setImageRevision(r.imageRevision())
              .setLeaving(r.leaving()));
    }
    if (request instanceof AlterPartition r) {
      return out.setAlterPartition(encode(r));
    }
    if (request instanceof RegisterBroker r) {
      return out.setRegisterBroker(encode(r));
    }
    if (request instanceof ControlledShutdown r) {
      return out.setControlledShutdown(
          ControlledShutdownCall.newBuilder().setBrokerId(r.brokerId()).setEpoch(r.epoch()));
    }
    if (request instanceof ReportStorage r) {
      return out.setReportStorage(
          ReportStorageCall.newBuilder()
              .setBrokerId(r.brokerId())
              .setBrokerEpoch(r.brokerEpoch())
              .setStorage(RecordValues.storage(r.storage())));
    }
    if (request instanceof UnregisterBroker r) {
      return out.setUnregisterBroker(UnregisterBrokerCall.newBuilder().setBrokerId(r.brokerId()));
    }
    if (request instanceof CreateTopics r) {
      CreateTopicsCall.Builder call =
          CreateTopicsCall.newBuilder().setValidateOnly(r.validateOnly());
      r.topics().forEach(topic -> call.addTopics(encode(topic)));
      return out.setCreateTopics(call);
    }
    if (request instanceof DeleteTopics r) {
      DeleteTopicsCall.Builder call = DeleteTopicsCall.newBuilder();
      r.topics().forEach(topic -> call.addTopics(Values.topicRef(topic.id(), topic.name())));
      return out.setDeleteTopics(call);
    }
    if (request instanceof CreatePartitions r) {
      return out.setCreatePartitions(encode(r));
    }
    if (request instanceof AlterConfigs r) {
      return out.setAlterConfigs(encode(r));
    }
    if (request instanceof ElectLeaders r) {
      return out.setElectLeaders(encode(r));
    }
    if (request instanceof AllocateProducerIds r) {
      return out.setAllocateProducerIds(
          AllocateProducerIdsCall.newBuilder()
              .setBrokerId(r.brokerId())
              .setBrokerEpoch(r.brokerEpoch()));
    }
    if (request instanceof DescribeQuorum) {
      return out.setDescribeQuorum(DescribeQuorumCall.getDefaultInstance());
    }
    throw new IllegalArgumentException("no message for " + request);
  }

  private static RegisterBrokerCall encode(RegisterBroker r) {
    RegisterBrokerCall.Builder call =
        RegisterBrokerCall.newBuilder()
            .setBrokerId(r.brokerId())
            .setIncarnation(RecordValues.uuid(r.incarnation()))
            .setDirectory(RecordValues.uuid(r.directory()));
    if (r.rack() != null) {
      call.setRack(r.rack());
    }
    r.endpoints().forEach(endpoint -> call.addEndpoints(RecordValues.endpoint(endpoint)));
    return call.build();
  }

  private static AlterPartitionCall encode(AlterPartition r) {
    AlterPartitionCall.Builder call =
        AlterPartitionCall.newBuilder().setBrokerId(r.brokerId()).setBrokerEpoch(r.brokerEpoch());
    for (AlterPartition.IsrChange change : r.partitions()) {
      IsrChangeValue.Builder value =
          IsrChangeValue.newBuilder()
              .setTopicId(RecordValues.uuid(change.topicId()))
              .setPartition(change.partition())
              .setLeaderEpoch(change.leaderEpoch())
              .setPartitionEpoch(change.partitionEpoch());
      for (AlterPartition.Member member : change.isr()) {
        value.addIsr(
            MemberValue.newBuilder()
                .setBrokerId(member.brokerId())
                .setBrokerEpoch(member.brokerEpoch()));
      }
      call.addPartitions(value);
    }
    return call.build();
  }

  private static NewTopicValue encode(CreateTopics.NewTopic topic) {
    NewTopicValue.Builder value =
        NewTopicValue.newBuilder()
            .setName(topic.name())
            .setPartitions(topic.partitions())
            .setReplicationFactor(topic.replicationFactor())
            .putAllConfigs(topic.configs());
    topic
        .assignments()
        .forEach(
            (partition, brokers) ->
                value.putAssignments(
                    partition, Replicas.newBuilder().addAllBrokers(brokers).build()));
    return value.build();
  }

  private static CreatePartitionsCall encode(CreatePartitions r) {
    CreatePartitionsCall.Builder call =
        CreatePartitionsCall.newBuilder().setValidateOnly(r.validateOnly());
    for (CreatePartitions.Growth growth : r.topics()) {
      GrowthValue.Builder value =
          GrowthValue.newBuilder().setTopic(growth.topic()).setCount(growth.count());
      growth
          .assignments()
          .forEach(brokers -> value.addAssignments(Replicas.newBuilder().addAllBrokers(brokers)));
      call.addTopics(value);
    }
    return call.build();
  }

  private static AlterConfigsCall encode(AlterConfigs r) {
    AlterConfigsCall.Builder call = AlterConfigsCall.newBuilder().setValidateOnly(r.validateOnly());
    for (AlterConfigs.ResourceChange resource : r.resources()) {
      ResourceChangeValue.Builder value =
          ResourceChangeValue.newBuilder()
              .setResource(Values.resource(resource.resource()))
              .setReplaceAll(resource.replaceAll());
      for (AlterConfigs.Change change : resource.changes()) {
        ConfigChangeValue.Builder one =
            ConfigChangeValue.newBuilder()
                .setKey(change.key())
                .setOperation(code(change.operation()));
        if (change.value() != null) {
          one.setValue(change.value());
        }
        value.addChanges(one);
      }
      call.addResources(value);
    }
    return call.build();
  }

  private static ElectLeadersCall encode(ElectLeaders r) {
    ElectLeadersCall.Builder call =
        ElectLeadersCall.newBuilder().setUnclean(r.unclean()).setAll(r.partitions() == null);
    if (r.partitions() != null) {
      r.partitions()
          .forEach(
              one ->
                  call.addPartitions(
                      PartitionName.newBuilder()
                          .setTopic(one.topic())
                          .setPartition(one.partition())));
    }
    return call.build();
  }

  private static int code(AlterConfigs.Operation operation) {
    return switch (operation) {
      case SET -> 0;
      case DELETE -> 1;
      case APPEND -> 2;
      case SUBTRACT -> 3;
    };
  }
}
