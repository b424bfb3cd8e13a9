package io.millrace.server.handler;

import io.millrace.metadata.image.BrokerImage;
import io.millrace.metadata.image.Endpoint;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.publish.MetadataClient;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.DescribeClusterRequest;
import io.millrace.protocol.message.DescribeClusterResponse;
import io.millrace.protocol.message.DescribeClusterResponse.DescribeClusterBroker;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

/** Tells who is in the cluster; fenced brokers too, to those who ask for them. */
final class DescribeClusterHandler implements RequestHandler<DescribeClusterRequest> {
  private static final byte BROKERS = 1;
  private static final byte CONTROLLERS = 2;

  private final MetadataClient metadata;

  DescribeClusterHandler(MetadataClient metadata) {
    this.metadata = metadata;
  }

  @Override
  public CompletableFuture<Reply> handle(RequestContext context, DescribeClusterRequest request) {
    return CompletableFuture.completedFuture(Reply.of(answer(context, request)));
  }

  private DescribeClusterResponse answer(RequestContext context, DescribeClusterRequest request) {
    if (request.endpointType() != BROKERS) {
      ErrorCode error =
          request.endpointType() == CONTROLLERS
              ? ErrorCode.MISMATCHED_ENDPOINT_TYPE
              : ErrorCode.UNSUPPORTED_ENDPOINT_TYPE;
      return DescribeClusterResponse.builder()
          .errorCode(error.code())
          .errorMessage(
              "this listener knows brokers (endpoint type 1), asked for " + request.endpointType())
          .build();
    }
    MetadataImage image = metadata.image();
    List<DescribeClusterBroker> brokers = new ArrayList<>();
    for (BrokerImage broker : image.cluster().brokers().values()) {
      Endpoint endpoint = broker.endpoint(context.listener());
      if (endpoint != null && (!broker.fenced() || request.includeFencedBrokers())) {
        brokers.add(
            DescribeClusterBroker.builder()
                .brokerId(broker.id())
                .host(endpoint.host())
                .port(endpoint.port())
                .rack(broker.rack())
                .isFenced(broker.fenced() && context.version() >= 2)
                .build());
      }
    }
    return DescribeClusterResponse.builder()
        .endpointType(BROKERS)
        .clusterId(Objects.requireNonNullElse(image.cluster().clusterId(), ""))
        .controllerId(
            new ClusterView(image, context.listener()).controllerId(metadata.controllerId()))
        .brokers(brokers)
        .clusterAuthorizedOperations(
            request.includeClusterAuthorizedOperations()
                ? AuthorizedOperations.CLUSTER
                : AuthorizedOperations.NOT_ASKED)
        .build();
  }
}
