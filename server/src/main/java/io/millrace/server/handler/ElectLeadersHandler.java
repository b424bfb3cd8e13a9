package io.millrace.server.handler;

import io.millrace.metadata.request.ElectLeaders;
import io.millrace.metadata.request.Result;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.message.ElectLeadersRequest;
import io.millrace.protocol.message.ElectLeadersRequest.TopicPartitions;
import io.millrace.protocol.message.ElectLeadersResponse;
import io.millrace.protocol.message.ElectLeadersResponse.PartitionResult;
import io.millrace.protocol.message.ElectLeadersResponse.ReplicaElectionResult;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Elects leaders on request. */
final class ElectLeadersHandler implements RequestHandler<ElectLeadersRequest> {
  private static final byte PREFERRED = 0;
  private static final byte UNCLEAN = 1;

  private final ControllerCalls controller;

  ElectLeadersHandler(ControllerCalls controller) {
    this.controller = controller;
  }

  @Override
  public CompletableFuture<Reply> handle(RequestContext context, ElectLeadersRequest request) {
    if (request.electionType() != PREFERRED && request.electionType() != UNCLEAN) {
      return CompletableFuture.completedFuture(
          failed(
              context.version(),
              Result.of(ErrorCode.INVALID_REQUEST, "election type " + request.electionType())));
    }
    return controller.send(
        new ElectLeaders(request.electionType() == UNCLEAN, wanted(request)),
        request.timeoutMs(),
        ElectLeadersHandler::answer,
        failure -> failed(context.version(), failure));
  }

  private static @Nullable List<ElectLeaders.Partition> wanted(ElectLeadersRequest request) {
    List<TopicPartitions> topics = request.topicPartitions();
    if (topics == null) {
      return null;
    }
    List<ElectLeaders.Partition> wanted = new ArrayList<>();
    for (TopicPartitions topic : topics) {
      topic
          .partitions()
          .forEach(index -> wanted.add(new ElectLeaders.Partition(topic.topic(), index)));
    }
    return wanted;
  }

  private static Reply answer(ElectLeaders.Response response) {
    Map<String, List<PartitionResult>> byTopic = new LinkedHashMap<>();
    for (ElectLeaders.PartitionResult one : response.partitions()) {
      byTopic
          .computeIfAbsent(one.topic(), topic -> new ArrayList<>())
          .add(
              new PartitionResult(
                  one.partition(), one.result().error().code(), one.result().message()));
    }
    List<ReplicaElectionResult> results = new ArrayList<>();
    byTopic.forEach(
        (topic, partitions) -> results.add(new ReplicaElectionResult(topic, partitions)));
    return Reply.of(ElectLeadersResponse.builder().replicaElectionResults(results).build());
  }

  private static Reply failed(short version, Result result) {
    if (version == 0) {
      // It has no field for an error of the whole; the client takes what is missing for failed.
      return Reply.of(ElectLeadersResponse.builder().build());
    }
    return Reply.of(ElectLeadersResponse.builder().errorCode(result.error().code()).build());
  }
}
