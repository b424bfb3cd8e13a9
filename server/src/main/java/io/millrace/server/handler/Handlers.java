package io.millrace.server.handler;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.EventLoop;
import io.millrace.log.LogManager;
import io.millrace.metadata.publish.MetadataClient;
import io.millrace.protocol.ApiKey;
import io.millrace.protocol.message.ApiVersionsRequest;
import io.millrace.protocol.message.CreatePartitionsRequest;
import io.millrace.protocol.message.CreateTopicsRequest;
import io.millrace.protocol.message.DeleteTopicsRequest;
import io.millrace.protocol.message.DescribeClusterRequest;
import io.millrace.protocol.message.DescribeConfigsRequest;
import io.millrace.protocol.message.DescribeLogDirsRequest;
import io.millrace.protocol.message.DescribeQuorumRequest;
import io.millrace.protocol.message.DescribeTopicPartitionsRequest;
import io.millrace.protocol.message.ElectLeadersRequest;
import io.millrace.protocol.message.FetchRequest;
import io.millrace.protocol.message.FindCoordinatorRequest;
import io.millrace.protocol.message.IncrementalAlterConfigsRequest;
import io.millrace.protocol.message.InitProducerIdRequest;
import io.millrace.protocol.message.ListOffsetsRequest;
import io.millrace.protocol.message.MetadataRequest;
import io.millrace.protocol.message.OffsetForLeaderEpochRequest;
import io.millrace.protocol.message.ProduceRequest;
import io.millrace.replication.PartitionRegistry;
import io.millrace.server.config.NodeConfig;
import io.millrace.server.coordinator.group.GroupCoordinator;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;

/** The handlers of a broker: what this list names is what clients are told. */
public final class Handlers {
  private static final short PRODUCE_ADVERTISED_FROM = 0;

  private Handlers() {}

  /**
   * Wires every handler.
   *
   * @param groups this broker's group coordinator
   * @param timers wakes fetches whose time is over
   * @param random seeds the ids of fetch sessions
   */
  public static RequestDispatcher create(
      NodeConfig config,
      MetadataClient metadata,
      PartitionRegistry registry,
      LogManager logs,
      TopicSettings settings,
      GroupCoordinator groups,
      EventLoop timers,
      Clock clock,
      SplittableRandom random) {
    PartitionLookup partitions = new PartitionLookup(metadata, registry);
    TopicAutoCreator creator =
        new TopicAutoCreator(
            metadata, config.topics(), new OffsetsTopic(config, clock), registry::settled);
    ControllerCalls controller = new ControllerCalls(metadata);
    ConfigDescriber configs = new ConfigDescriber(config);
    FetchSessions sessions = new FetchSessions(config.network().fetchSessionSlots(), clock, random);
    AtomicReference<List<Route<?>>> advertised = new AtomicReference<>(List.of());
    int nodeId = config.quorum().nodeId();
    List<Route<?>> routes = new ArrayList<>();
    routes.addAll(
        List.of(
            Route.of(
                ApiKey.API_VERSIONS,
                ApiVersionsRequest.class,
                new ApiVersionsHandler(
                    nodeId, () -> metadata.image().cluster().clusterId(), advertised::get)),
            Route.of(
                ApiKey.METADATA, MetadataRequest.class, new MetadataHandler(metadata, creator)),
            new Route<>(
                ApiKey.PRODUCE,
                PRODUCE_ADVERTISED_FROM,
                ApiKey.PRODUCE.lowestVersion(),
                ApiKey.PRODUCE.highestVersion(),
                ProduceRequest.class,
                new ProduceHandler(partitions, settings, clock)),
            Route.of(
                ApiKey.FETCH,
                FetchRequest.class,
                new FetchHandler(
                    partitions, sessions, timers, clock, config.network().maxFetchBytes())),
            Route.of(
                ApiKey.LIST_OFFSETS, ListOffsetsRequest.class, new ListOffsetsHandler(partitions)),
            Route.of(
                ApiKey.OFFSET_FOR_LEADER_EPOCH,
                OffsetForLeaderEpochRequest.class,
                new OffsetForLeaderEpochHandler(partitions)),
            Route.of(
                ApiKey.INIT_PRODUCER_ID,
                InitProducerIdRequest.class,
                new InitProducerIdHandler(new ProducerIds(metadata))),
            Route.of(
                ApiKey.FIND_COORDINATOR,
                FindCoordinatorRequest.class,
                new FindCoordinatorHandler(metadata, creator)),
            Route.of(
                ApiKey.CREATE_TOPICS,
                CreateTopicsRequest.class,
                new CreateTopicsHandler(
                    metadata, controller, config.topics(), configs, registry::settled)),
            Route.of(
                ApiKey.DELETE_TOPICS,
                DeleteTopicsRequest.class,
                new DeleteTopicsHandler(metadata, controller, config.topics())),
            Route.of(
                ApiKey.CREATE_PARTITIONS,
                CreatePartitionsRequest.class,
                new CreatePartitionsHandler(controller)),
            Route.of(
                ApiKey.DESCRIBE_TOPIC_PARTITIONS,
                DescribeTopicPartitionsRequest.class,
                new DescribeTopicPartitionsHandler(metadata)),
            Route.of(
                ApiKey.DESCRIBE_CLUSTER,
                DescribeClusterRequest.class,
                new DescribeClusterHandler(metadata)),
            Route.of(
                ApiKey.DESCRIBE_LOG_DIRS,
                DescribeLogDirsRequest.class,
                new DescribeLogDirsHandler(logs)),
            Route.of(
                ApiKey.DESCRIBE_CONFIGS,
                DescribeConfigsRequest.class,
                new DescribeConfigsHandler(nodeId, metadata, configs)),
            Route.of(
                ApiKey.INCREMENTAL_ALTER_CONFIGS,
                IncrementalAlterConfigsRequest.class,
                new IncrementalAlterConfigsHandler(controller)),
            Route.of(
                ApiKey.DESCRIBE_QUORUM,
                DescribeQuorumRequest.class,
                new DescribeQuorumHandler(controller)),
            Route.of(
                ApiKey.ELECT_LEADERS,
                ElectLeadersRequest.class,
                new ElectLeadersHandler(controller))));
    routes.addAll(GroupRoutes.of(groups, metadata::image));
    advertised.set(List.copyOf(routes));
    return new RequestDispatcher(routes);
  }
}
