package io.millrace.metadata.request;

import io.millrace.protocol.Uuid;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Deletes topics with their configs. */
public record DeleteTopics(List<TopicRef> topics)
    implements ControllerRequest<DeleteTopics.Response> {

  public DeleteTopics {
    topics = List.copyOf(topics);
  }

  /** In the order of the request. */
  public record Response(List<DeletedTopic> topics) implements ControllerResponse {
    public Response {
      topics = List.copyOf(topics);
    }
  }

  /** Id and name as far as they are known. */
  public record DeletedTopic(@Nullable Uuid id, @Nullable String name, Result result) {}
}
