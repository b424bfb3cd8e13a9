package io.millrace.client.admin;

import io.millrace.client.ConfigChange;
import io.millrace.client.ConfigEntry;
import io.millrace.client.ConfigResource;
import io.millrace.client.MillraceException;
import io.millrace.client.cluster.ClusterClient;
import io.millrace.client.network.LinkUse;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.DescribeConfigsRequest;
import io.millrace.protocol.message.DescribeConfigsRequest.DescribeConfigsResource;
import io.millrace.protocol.message.DescribeConfigsResponse;
import io.millrace.protocol.message.DescribeConfigsResponse.DescribeConfigsResult;
import io.millrace.protocol.message.IncrementalAlterConfigsRequest;
import io.millrace.protocol.message.IncrementalAlterConfigsRequest.AlterConfigsResource;
import io.millrace.protocol.message.IncrementalAlterConfigsRequest.AlterableConfig;
import io.millrace.protocol.message.IncrementalAlterConfigsResponse;
import io.millrace.protocol.message.IncrementalAlterConfigsResponse.AlterConfigsResourceResponse;
import io.millrace.protocol.message.RequestMessage;
import io.millrace.protocol.message.ResponseMessage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Reads and changes configs. A broker's own configs only that broker knows, so each broker named is
 * asked itself; the rest any broker can answer. Any thread; continues on the loop.
 */
final class ConfigOperations {

  private static final int ANY_BROKER = -1;

  private final ClusterClient cluster;
  private final long timeoutNanos;

  ConfigOperations(ClusterClient cluster, long timeoutNanos) {
    this.cluster = cluster;
    this.timeoutNanos = timeoutNanos;
  }

  Map<ConfigResource, CompletableFuture<List<ConfigEntry>>> describe(
      Collection<ConfigResource> resources) {
    Map<ConfigResource, CompletableFuture<List<ConfigEntry>>> all = new HashMap<>();
    byBroker(resources)
        .forEach(
            (broker, group) ->
                all.putAll(
                    ManyAtOnce.run(
                        cluster,
                        "describeConfigs",
                        group,
                        timeoutNanos,
                        names -> ask(broker, describeRequest(names)),
                        ConfigOperations::readDescription)));
    return Map.copyOf(all);
  }

  private static DescribeConfigsRequest describeRequest(List<ConfigResource> resources) {
    return DescribeConfigsRequest.builder()
        .resources(
            resources.stream()
                .map(
                    resource ->
                        DescribeConfigsResource.builder()
                            .resourceType(resource.type().code())
                            .resourceName(resource.name())
                            .configurationKeys(null)
                            .build())
                .toList())
        .build();
  }

  private static void readDescription(
      ResponseMessage answer, ManyAtOnce<ConfigResource, List<ConfigEntry>> results) {
    for (DescribeConfigsResult each : ((DescribeConfigsResponse) answer).results()) {
      ConfigResource resource = resource(each.resourceType(), each.resourceName());
      MillraceException failure =
          Answers.failure(each.errorCode(), each.errorMessage(), "describe configs of " + resource);
      if (failure != null) {
        results.failed(resource, new FinalFailure(failure));
        continue;
      }
      List<ConfigEntry> entries = new ArrayList<>();
      each.configs()
          .forEach(
              config ->
                  entries.add(
                      new ConfigEntry(
                          config.name(),
                          config.value(),
                          ConfigEntry.Source.ofCode(config.configSource()),
                          config.readOnly(),
                          config.isSensitive(),
                          config.documentation())));
      results.succeeded(resource, List.copyOf(entries));
    }
  }

  Map<ConfigResource, CompletableFuture<Void>> alter(
      Map<ConfigResource, List<ConfigChange>> changes, boolean validateOnly) {
    Map<ConfigResource, CompletableFuture<Void>> all = new HashMap<>();
    byBroker(changes.keySet())
        .forEach(
            (broker, group) ->
                all.putAll(
                    ManyAtOnce.<ConfigResource, Void>run(
                        cluster,
                        "alterConfigs",
                        group,
                        timeoutNanos,
                        names -> send(broker, alterRequest(names, changes, validateOnly)),
                        ConfigOperations::readAlteration)));
    return Map.copyOf(all);
  }

  private static IncrementalAlterConfigsRequest alterRequest(
      List<ConfigResource> resources,
      Map<ConfigResource, List<ConfigChange>> changes,
      boolean validateOnly) {
    List<AlterConfigsResource> wanted = new ArrayList<>();
    for (ConfigResource resource : resources) {
      List<AlterableConfig> configs = new ArrayList<>();
      for (ConfigChange change : changes.getOrDefault(resource, List.of())) {
        configs.add(
            AlterableConfig.builder()
                .name(change.name())
                .configOperation((byte) change.operation().ordinal())
                .value(change.value())
                .build());
      }
      wanted.add(
          AlterConfigsResource.builder()
              .resourceType(resource.type().code())
              .resourceName(resource.name())
              .configs(configs)
              .build());
    }
    return IncrementalAlterConfigsRequest.builder()
        .resources(wanted)
        .validateOnly(validateOnly)
        .build();
  }

  @SuppressWarnings("NullAway") // Void has no other value
  private static void readAlteration(
      ResponseMessage answer, ManyAtOnce<ConfigResource, Void> results) {
    for (AlterConfigsResourceResponse each :
        ((IncrementalAlterConfigsResponse) answer).responses()) {
      ConfigResource resource = resource(each.resourceType(), each.resourceName());
      MillraceException failure =
          Answers.failure(each.errorCode(), each.errorMessage(), "alter configs of " + resource);
      if (failure == null) {
        results.succeeded(resource, null);
      } else {
        // Changes are the controller's to decide, which knows every topic that there is.
        results.failed(
            resource,
            failure.error() == ErrorCode.UNKNOWN_TOPIC_OR_PARTITION
                ? new FinalFailure(failure)
                : failure);
      }
    }
  }

  private static ConfigResource resource(byte type, String name) {
    for (ConfigResource.Type known : ConfigResource.Type.values()) {
      if (known.code() == type) {
        return new ConfigResource(known, name);
      }
    }
    throw new IllegalArgumentException("resource type " + type + " was not asked for");
  }

  private static Map<Integer, List<ConfigResource>> byBroker(Collection<ConfigResource> resources) {
    Map<Integer, List<ConfigResource>> groups = new HashMap<>();
    for (ConfigResource resource : resources) {
      boolean isOneBroker =
          resource.type() == ConfigResource.Type.BROKER && !resource.name().isEmpty();
      int broker = isOneBroker ? Integer.parseInt(resource.name()) : ANY_BROKER;
      groups.computeIfAbsent(broker, id -> new ArrayList<>()).add(resource);
    }
    return groups;
  }

  private CompletableFuture<ResponseMessage> ask(int broker, RequestMessage question) {
    return broker == ANY_BROKER
        ? cluster.askAny(question, cluster.config().requestTimeout().toNanos())
        : send(broker, question);
  }

  private CompletableFuture<ResponseMessage> send(int broker, RequestMessage request) {
    long timeout = cluster.config().requestTimeout().toNanos();
    return broker == ANY_BROKER
        ? cluster.sendToAny(request, timeout)
        : cluster.send(broker, LinkUse.REQUESTS, request, timeout);
  }
}
