package io.millrace.metadata.request;

/**
 * One operation of the controller.
 *
 * @param <R> its answer
 */
public sealed interface ControllerRequest<R extends ControllerResponse>
    permits RegisterBroker,
        Heartbeat,
        ControlledShutdown,
        ReportStorage,
        UnregisterBroker,
        CreateTopics,
        DeleteTopics,
        CreatePartitions,
        AlterConfigs,
        AlterPartition,
        ElectLeaders,
        AllocateProducerIds,
        DescribeQuorum {}
