package io.millrace.server.handler;

import io.millrace.metadata.image.TopicImage;
import io.millrace.metadata.publish.MetadataClient;
import io.millrace.metadata.request.DeleteTopics;
import io.millrace.metadata.request.Result;
import io.millrace.metadata.request.TopicRef;
import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.message.DeleteTopicsRequest;
import io.millrace.protocol.message.DeleteTopicsRequest.DeleteTopicState;
import io.millrace.protocol.message.DeleteTopicsResponse;
import io.millrace.protocol.message.DeleteTopicsResponse.DeletableTopicResult;
import io.millrace.server.config.TopicDefaults;
import io.millrace.server.network.Reply;
import io.millrace.server.network.RequestContext;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** Deletes topics, by name or, since version 6, by id. */
final class DeleteTopicsHandler implements RequestHandler<DeleteTopicsRequest> {
  private static final short FIRST_WITH_IDS = 6;

  private final MetadataClient metadata;
  private final ControllerCalls controller;
  private final TopicDefaults defaults;

  DeleteTopicsHandler(MetadataClient metadata, ControllerCalls controller, TopicDefaults defaults) {
    this.metadata = metadata;
    this.controller = controller;
    this.defaults = defaults;
  }

  @Override
  public CompletableFuture<Reply> handle(RequestContext context, DeleteTopicsRequest request) {
    List<DeletableTopicResult> results = new ArrayList<>();
    List<TopicRef> wanted = new ArrayList<>();
    if (context.version() < FIRST_WITH_IDS) {
      request.topicNames().forEach(name -> wanted.add(TopicRef.of(name)));
    } else {
      for (DeleteTopicState topic : request.topics()) {
        boolean byId = !topic.topicId().equals(Uuid.ZERO);
        String name = topic.name();
        if (byId == (name != null)) {
          results.add(
              result(
                  topic.topicId(),
                  name,
                  Result.of(
                      ErrorCode.INVALID_REQUEST,
                      "a topic is named by its id or its name, not both")));
        } else {
          wanted.add(name == null ? TopicRef.of(topic.topicId()) : TopicRef.of(name));
        }
      }
    }
    wanted.removeIf(
        topic -> {
          String name = nameOf(topic);
          boolean internal = InternalTopics.isInternal(name);
          if (internal) {
            results.add(result(topic.id(), topic.name(), InternalTopics.refusal(name, "delete")));
          }
          return internal;
        });
    if (!defaults.deleteEnabled()) {
      refuseAll(
          wanted,
          results,
          Result.of(ErrorCode.TOPIC_DELETION_DISABLED, "delete.topic.enable=false"));
      wanted.clear();
    }
    if (wanted.isEmpty()) {
      return CompletableFuture.completedFuture(answer(results));
    }
    return controller
        .send(
            new DeleteTopics(wanted),
            request.timeoutMs(),
            response -> {
              response
                  .topics()
                  .forEach(one -> results.add(result(one.id(), one.name(), one.result())));
              return results;
            },
            failure -> {
              refuseAll(wanted, results, failure);
              return results;
            })
        .thenApply(DeleteTopicsHandler::answer);
  }

  private @Nullable String nameOf(TopicRef ref) {
    Uuid id = ref.id();
    TopicImage topic = id == null ? null : metadata.image().topics().topic(id);
    return topic == null ? ref.name() : topic.name();
  }

  private static void refuseAll(
      List<TopicRef> topics, List<DeletableTopicResult> results, Result result) {
    topics.forEach(topic -> results.add(result(topic.id(), topic.name(), result)));
  }

  private static DeletableTopicResult result(
      @Nullable Uuid id, @Nullable String name, Result result) {
    return DeletableTopicResult.builder()
        .name(name)
        .topicId(id == null ? Uuid.ZERO : id)
        .errorCode(result.error().code())
        .errorMessage(result.message())
        .build();
  }

  private static Reply answer(List<DeletableTopicResult> results) {
    return Reply.of(DeleteTopicsResponse.builder().responses(results).build());
  }
}
