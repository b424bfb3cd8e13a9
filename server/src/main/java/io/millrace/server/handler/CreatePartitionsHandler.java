package io.millrace.server.handler;

import io.millrace.metadata.request.CreatePartitions;
import io.millrace.metadata.request.CreatePartitions.Growth;
import io.millrace.metadata.request.Result;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.CreatePartitionsRequest;
import io.millrace.protocol.message.CreatePartitionsRequest.CreatePartitionsAssignment;
import io.millrace.protocol.message.CreatePartitionsRequest.CreatePartitionsTopic;
import io.millrace.protocol.message.CreatePartitionsResponse;
import io.millrace.protocol.message.CreatePartitionsResponse.CreatePartitionsTopicResult;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

/** Adds partitions to topics. */
final class CreatePartitionsHandler implements RequestHandler<CreatePartitionsRequest> {
  private final ControllerCalls controller;

  CreatePartitionsHandler(ControllerCalls controller) {
    this.controller = controller;
  }

  @Override
  public CompletableFuture<Reply> handle(RequestContext context, CreatePartitionsRequest request) {
    List<CreatePartitionsTopicResult> results = new ArrayList<>();
    List<Growth> wanted = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (CreatePartitionsTopic topic : request.topics()) {
      if (!seen.add(topic.name())) {
        results.add(
            result(
                topic.name(),
                Result.of(ErrorCode.INVALID_REQUEST, "topic is named twice in one request")));
      } else if (InternalTopics.isInternal(topic.name())) {
        results.add(
            result(topic.name(), InternalTopics.refusal(topic.name(), "add partitions to")));
      } else if (topic.count() > CreateTopicsHandler.MAX_PARTITIONS) {
        results.add(
            result(
                topic.name(),
                Result.of(
                    ErrorCode.INVALID_PARTITIONS,
                    "partitions="
                        + topic.count()
                        + ", at most "
                        + CreateTopicsHandler.MAX_PARTITIONS)));
      } else {
        wanted.add(growth(topic));
      }
    }
    if (wanted.isEmpty()) {
      return CompletableFuture.completedFuture(answer(results));
    }
    return controller
        .send(
            new CreatePartitions(wanted, request.validateOnly()),
            request.timeoutMs(),
            response -> {
              response.topics().forEach(one -> results.add(result(one.topic(), one.result())));
              return results;
            },
            failure -> {
              wanted.forEach(one -> results.add(result(one.topic(), failure)));
              return results;
            })
        .thenApply(CreatePartitionsHandler::answer);
  }

  private static Growth growth(CreatePartitionsTopic topic) {
    List<CreatePartitionsAssignment> assignments = topic.assignments();
    return new Growth(
        topic.name(),
        topic.count(),
        assignments == null
            ? List.of()
            : assignments.stream().map(CreatePartitionsAssignment::brokerIds).toList());
  }

  private static CreatePartitionsTopicResult result(String topic, Result result) {
    return new CreatePartitionsTopicResult(topic, result.error().code(), result.message());
  }

  private static Reply answer(List<CreatePartitionsTopicResult> results) {
    return Reply.of(CreatePartitionsResponse.builder().results(results).build());
  }
}
