package io.millrace.metadata.request;

/** The answer to a {@link ControllerRequest}. */
public sealed interface ControllerResponse
    permits RegisterBroker.Response,
        Heartbeat.Response,
        Result,
        CreateTopics.Response,
        DeleteTopics.Response,
        CreatePartitions.Response,
        AlterConfigs.Response,
        AlterPartition.Response,
        ElectLeaders.Response,
        AllocateProducerIds.Response,
        ControlledShutdown.Response,
        DescribeQuorum.Response {}
