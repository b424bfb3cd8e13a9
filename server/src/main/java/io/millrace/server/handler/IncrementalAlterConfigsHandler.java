package io.millrace.server.handler;

import io.millrace.metadata.image.ConfigResource;
import io.millrace.metadata.request.AlterConfigs;
import io.millrace.metadata.request.AlterConfigs.Change;
import io.millrace.metadata.request.AlterConfigs.Operation;
import io.millrace.metadata.request.AlterConfigs.ResourceChange;
import io.millrace.metadata.request.Result;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.IncrementalAlterConfigsRequest;
import io.millrace.protocol.message.IncrementalAlterConfigsRequest.AlterConfigsResource;
import io.millrace.protocol.message.IncrementalAlterConfigsRequest.AlterableConfig;
import io.millrace.protocol.message.IncrementalAlterConfigsResponse;
import io.millrace.protocol.message.IncrementalAlterConfigsResponse.AlterConfigsResourceResponse;
import io.millrace.server.config.ConfigException;
import io.millrace.server.config.ConfigType;
import io.millrace.server.config.TopicConfigKey;
import io.millrace.server.config.TopicConfigs;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Changes configs of topics. Others cannot be changed, and the answer says so. */
final class IncrementalAlterConfigsHandler
    implements RequestHandler<IncrementalAlterConfigsRequest> {
  /** By their numbers in the protocol. */
  private static final List<Operation> OPERATIONS =
      List.of(Operation.SET, Operation.DELETE, Operation.APPEND, Operation.SUBTRACT);

  private static final int TIMEOUT_MS = 30_000;

  private final ControllerCalls controller;

  IncrementalAlterConfigsHandler(ControllerCalls controller) {
    this.controller = controller;
  }

  @Override
  public CompletableFuture<Reply> handle(
      RequestContext context, IncrementalAlterConfigsRequest request) {
    List<AlterConfigsResourceResponse> results = new ArrayList<>();
    List<ResourceChange> wanted = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (AlterConfigsResource resource : request.resources()) {
      Result problem =
          seen.add(resource.resourceType() + ":" + resource.resourceName())
              ? problem(resource)
              : Result.of(ErrorCode.INVALID_REQUEST, "resource is named twice in one request");
      if (problem != null) {
        results.add(result(resource.resourceType(), resource.resourceName(), problem));
      } else {
        wanted.add(change(resource));
      }
    }
    if (wanted.isEmpty()) {
      return CompletableFuture.completedFuture(answer(results));
    }
    return controller
        .send(
            new AlterConfigs(wanted, request.validateOnly()),
            TIMEOUT_MS,
            response -> {
              response
                  .resources()
                  .forEach(one -> results.add(result(one.resource(), one.result())));
              return results;
            },
            failure -> {
              wanted.forEach(one -> results.add(result(one.resource(), failure)));
              return results;
            })
        .thenApply(IncrementalAlterConfigsHandler::answer);
  }

  private static @Nullable Result problem(AlterConfigsResource resource) {
    if (resource.resourceType() != ConfigResource.Type.TOPIC.code()) {
      return Result.of(ErrorCode.INVALID_REQUEST, UnsetConfigs.reason(resource.resourceType()));
    }
    String badName = TopicNames.problem(resource.resourceName());
    if (badName != null) {
      return Result.of(ErrorCode.INVALID_TOPIC_EXCEPTION, badName);
    }
    for (AlterableConfig config : resource.configs()) {
      Result problem = problem(config);
      if (problem != null) {
        return problem;
      }
    }
    return null;
  }

  private static @Nullable Result problem(AlterableConfig config) {
    if (config.configOperation() < 0 || config.configOperation() >= OPERATIONS.size()) {
      return Result.of(
          ErrorCode.INVALID_REQUEST,
          "config operation " + config.configOperation() + " is not known, expected 0 to 3");
    }
    Operation operation = OPERATIONS.get(config.configOperation());
    TopicConfigKey key = TopicConfigs.find(config.name());
    if (operation == Operation.DELETE) {
      return null;
    }
    String value = config.value();
    if (value == null) {
      return Result.of(ErrorCode.INVALID_CONFIG, "config " + config.name() + " has no value");
    }
    boolean list = key != null && key.key().type() == ConfigType.LIST;
    if (operation != Operation.SET && !list) {
      return Result.of(
          ErrorCode.INVALID_CONFIG,
          "config "
              + config.name()
              + " is not a list, it cannot be appended to or subtracted from");
    }
    try {
      TopicConfigs.check(config.name(), value);
      return null;
    } catch (ConfigException e) {
      return Result.of(ErrorCode.INVALID_CONFIG, String.valueOf(e.getMessage()));
    }
  }

  private static ResourceChange change(AlterConfigsResource resource) {
    List<Change> changes = new ArrayList<>();
    for (AlterableConfig config : resource.configs()) {
      Operation operation = OPERATIONS.get(config.configOperation());
      changes.add(
          new Change(
              config.name(), operation, operation == Operation.DELETE ? null : config.value()));
    }
    return new ResourceChange(ConfigResource.topic(resource.resourceName()), changes, false);
  }

  private static AlterConfigsResourceResponse result(ConfigResource resource, Result result) {
    return result((byte) resource.type().code(), resource.name(), result);
  }

  private static AlterConfigsResourceResponse result(byte type, String name, Result result) {
    return new AlterConfigsResourceResponse(result.error().code(), result.message(), type, name);
  }

  private static Reply answer(List<AlterConfigsResourceResponse> results) {
    return Reply.of(IncrementalAlterConfigsResponse.builder().responses(results).build());
  }
}
