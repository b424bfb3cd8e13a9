package io.millrace.metadata.network;

import io.millrace.metadata.network.proto.AlterConfigsCall;
import io.millrace.metadata.network.proto.AlterPartitionCall;
import io.millrace.metadata.network.proto.CreatePartitionsCall;
import io.millrace.metadata.network.proto.CreateTopicsCall;
import io.millrace.metadata.network.proto.DeleteTopicsCall;
import io.millrace.metadata.network.proto.ElectLeadersCall;
import io.millrace.metadata.network.proto.NewTopicValue;
import io.millrace.metadata.network.proto.RegisterBrokerCall;
import io.millrace.metadata.network.proto.Request;
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
import io.millrace.metadata.request.TopicRef;
import io.millrace.metadata.request.UnregisterBroker;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads the controller's requests. What the bytes claim is checked by the records' constructors and
 * by the decisions.
 */
final class RequestReader {

  private RequestReader() {}

  /**
   * @throws IllegalArgumentException when the request is not one for the controller, or makes no
   *     sense
   */
  static ControllerRequest<?> decode(Request in) {
    return switch (in.getKindCase()) {
      case REGISTER_BROKER -> decode(in.getRegisterBroker());
      case HEARTBEAT ->
          new Heartbeat(
              in.getHeartbeat().getBrokerId(),
              in.getHeartbeat().getEpoch(),
              in.getHeartbeat().getImageRevision(),
              in.getHeartbeat().getLeaving());
      case CONTROLLED_SHUTDOWN ->
          new ControlledShutdown(
              in.getControlledShutdown().getBrokerId(), in.getControlledShutdown().getEpoch());
      case REPORT_STORAGE ->
          new ReportStorage(
              in.getReportStorage().getBrokerId(),
              in.getReportStorage().getBrokerEpoch(),
              RecordValues.storage(in.getReportStorage().getStorage()));
      case UNREGISTER_BROKER -> new UnregisterBroker(in.getUnregisterBroker().getBrokerId());
      case CREATE_TOPICS -> decode(in.getCreateTopics());
      case DELETE_TOPICS -> decode(in.getDeleteTopics());
      case CREATE_PARTITIONS -> decode(in.getCreatePartitions());
      case ALTER_CONFIGS -> decode(in.getAlterConfigs());
      case ALTER_PARTITION -> decode(in.getAlterPartition());
      case ELECT_LEADERS -> decode(in.getElectLeaders());
      case ALLOCATE_PRODUCER_IDS ->
          new AllocateProducerIds(
              in.getAllocateProducerIds().getBrokerId(),
              in.getAllocateProducerIds().getBrokerEpoch());
      case DESCRIBE_QUORUM -> new DescribeQuorum();
      default ->
          throw new IllegalArgumentException("request " + in.getId() + " is of an unknown kind");
    };
  }

  private static RegisterBroker decode(RegisterBrokerCall in) {
    return new RegisterBroker(
        in.getBrokerId(),
        RecordValues.uuid(in.getIncarnation()),
        RecordValues.uuid(in.getDirectory()),
        in.hasRack() ? in.getRack() : null,
        in.getEndpointsList().stream().map(RecordValues::endpoint).toList());
  }

  private static CreateTopics decode(CreateTopicsCall in) {
    return new CreateTopics(
        in.getTopicsList().stream().map(RequestReader::decode).toList(), in.getValidateOnly());
  }

  private static CreateTopics.NewTopic decode(NewTopicValue in) {
    Map<Integer, List<Integer>> assignments = new HashMap<>();
    in.getAssignmentsMap()
        .forEach(
            (partition, replicas) ->
                assignments.put(partition, List.copyOf(replicas.getBrokersList())));
    return new CreateTopics.NewTopic(
        in.getName(),
        in.getPartitions(),
        in.getReplicationFactor(),
        assignments,
        in.getConfigsMap());
  }

  private static DeleteTopics decode(DeleteTopicsCall in) {
    return new DeleteTopics(
        in.getTopicsList().stream()
            .map(
                ref ->
                    new TopicRef(
                        ref.hasId() ? RecordValues.uuid(ref.getId()) : null,
                        ref.hasName() ? ref.getName() : null))
            .toList());
  }

  private static CreatePartitions decode(CreatePartitionsCall in) {
    return new CreatePartitions(
        in.getTopicsList().stream()
            .map(
                growth ->
                    new CreatePartitions.Growth(
                        growth.getTopic(),
                        growth.getCount(),
                        growth.getAssignmentsList().stream()
                            .map(r -> List.copyOf(r.getBrokersList()))
                            .toList()))
            .toList(),
        in.getValidateOnly());
  }

  private static AlterConfigs decode(AlterConfigsCall in) {
    return new AlterConfigs(
        in.getResourcesList().stream()
            .map(
                resource ->
                    new AlterConfigs.ResourceChange(
                        Values.resource(resource.getResource()),
                        resource.getChangesList().stream()
                            .map(
                                change ->
                                    new AlterConfigs.Change(
                                        change.getKey(),
                                        operation(change.getOperation()),
                                        change.hasValue() ? change.getValue() : null))
                            .toList(),
                        resource.getReplaceAll()))
            .toList(),
        in.getValidateOnly());
  }

  private static AlterConfigs.Operation operation(int code) {
    return switch (code) {
      case 0 -> AlterConfigs.Operation.SET;
      case 1 -> AlterConfigs.Operation.DELETE;
      case 2 -> AlterConfigs.Operation.APPEND;
      case 3 -> AlterConfigs.Operation.SUBTRACT;
      default -> throw new IllegalArgumentException("config operation " + code + " is unknown");
    };
  }

  private static AlterPartition decode(AlterPartitionCall in) {
    return new AlterPartition(
        in.getBrokerId(),
        in.getBrokerEpoch(),
        in.getPartitionsList().stream()
            .map(
                change ->
                    new AlterPartition.IsrChange(
                        RecordValues.uuid(change.getTopicId()),
                        change.getPartition(),
                        change.getLeaderEpoch(),
                        change.getPartitionEpoch(),
                        change.getIsrList().stream()
                            .map(
                                member ->
                                    new AlterPartition.Member(
                                        member.getBrokerId(), member.getBrokerEpoch()))
                            .toList()))
            .toList());
  }

  private static ElectLeaders decode(ElectLeadersCall in) {
    List<ElectLeaders.Partition> partitions =
        in.getPartitionsList().stream()
            .map(one -> new ElectLeaders.Partition(one.getTopic(), one.getPartition()))
            .toList();
    return new ElectLeaders(in.getUnclean(), in.getAll() ? null : partitions);
  }
}
