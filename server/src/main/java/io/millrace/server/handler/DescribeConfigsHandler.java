package io.millrace.server.handler;

import io.millrace.metadata.image.ConfigResource;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.publish.MetadataClient;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.DescribeConfigsRequest;
import io.millrace.protocol.message.DescribeConfigsRequest.DescribeConfigsResource;
import io.millrace.protocol.message.DescribeConfigsResponse;
import io.millrace.protocol.message.DescribeConfigsResponse.DescribeConfigsResourceResult;
import io.millrace.protocol.message.DescribeConfigsResponse.DescribeConfigsResult;
import io.millrace.protocol.message.DescribeConfigsResponse.DescribeConfigsSynonym;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Tells the configs of topics, of groups and of this node, with where each value comes from. */
final class DescribeConfigsHandler implements RequestHandler<DescribeConfigsRequest> {
  private final int nodeId;
  private final MetadataClient metadata;
  private final ConfigDescriber configs;

  DescribeConfigsHandler(int nodeId, MetadataClient metadata, ConfigDescriber configs) {
    this.nodeId = nodeId;
    this.metadata = metadata;
    this.configs = configs;
  }

  @Override
  public CompletableFuture<Reply> handle(RequestContext context, DescribeConfigsRequest request) {
    List<DescribeConfigsResult> results = new ArrayList<>();
    for (DescribeConfigsResource resource : request.resources()) {
      results.add(describe(resource, request));
    }
    return CompletableFuture.completedFuture(
        Reply.of(DescribeConfigsResponse.builder().results(results).build()));
  }

  private DescribeConfigsResult describe(
      DescribeConfigsResource resource, DescribeConfigsRequest request) {
    MetadataImage image = metadata.image();
    if (resource.resourceType() == ConfigResource.Type.TOPIC.code()) {
      String problem = TopicNames.problem(resource.resourceName());
      if (problem != null) {
        return failed(resource, ErrorCode.INVALID_TOPIC_EXCEPTION, problem);
      }
      if (image.topics().topic(resource.resourceName()) == null) {
        return failed(resource, ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, "topic does not exist");
      }
      return described(resource, request, configs.topic(image, resource.resourceName()));
    }
    if (resource.resourceType() == ConfigResource.Type.BROKER.code()) {
      if (resource.resourceName().isEmpty()) {
        // Cluster-wide dynamic configs of brokers: none can be set yet.
        return described(resource, request, List.of());
      }
      if (!resource.resourceName().equals(Integer.toString(nodeId))) {
        return failed(
            resource,
            ErrorCode.INVALID_REQUEST,
            "asked node " + nodeId + " for the configs of broker " + resource.resourceName());
      }
      return described(resource, request, configs.broker());
    }
    if (resource.resourceType() == UnsetConfigs.GROUP) {
      return described(resource, request, configs.group());
    }
    return failed(
        resource, ErrorCode.INVALID_REQUEST, UnsetConfigs.reason(resource.resourceType()));
  }

  private static DescribeConfigsResult described(
      DescribeConfigsResource resource,
      DescribeConfigsRequest request,
      List<ConfigDescriber.Entry> entries) {
    List<String> keys = resource.configurationKeys();
    List<DescribeConfigsResourceResult> results = new ArrayList<>();
    for (ConfigDescriber.Entry entry : entries) {
      // Kafka takes an empty list for all, as null.
      if (keys == null || keys.isEmpty() || keys.contains(entry.name())) {
        results.add(result(entry, request));
      }
    }
    return DescribeConfigsResult.builder()
        .resourceType(resource.resourceType())
        .resourceName(resource.resourceName())
        .configs(results)
        .build();
  }

  private static DescribeConfigsResourceResult result(
      ConfigDescriber.Entry entry, DescribeConfigsRequest request) {
    List<DescribeConfigsSynonym> synonyms = new ArrayList<>();
    if (request.includeSynonyms()) {
      for (ConfigDescriber.Synonym synonym : entry.synonyms()) {
        synonyms.add(
            new DescribeConfigsSynonym(synonym.name(), synonym.value(), synonym.source().code()));
      }
    }
    return DescribeConfigsResourceResult.builder()
        .name(entry.name())
        .value(entry.value())
        .readOnly(entry.readOnly())
        .configSource(entry.source().code())
        .synonyms(synonyms)
        .configType(entry.key().type().wireCode())
        .documentation(request.includeDocumentation() ? entry.key().sentence() : null)
        .build();
  }

  private static DescribeConfigsResult failed(
      DescribeConfigsResource resource, ErrorCode error, String message) {
    return DescribeConfigsResult.builder()
        .errorCode(error.code())
        .errorMessage(message)
        .resourceType(resource.resourceType())
        .resourceName(resource.resourceName())
        .build();
  }
}
