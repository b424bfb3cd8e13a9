package io.millrace.metadata.request;

import io.millrace.protocol.Uuid;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Creates topics, each on its own: one may fail and the next succeed.
 *
 * @param validateOnly answer as if, and change nothing
 */
public record CreateTopics(List<NewTopic> topics, boolean validateOnly)
    implements ControllerRequest<CreateTopics.Response> {

  public CreateTopics {
    topics = List.copyOf(topics);
  }

  /**
   * @param partitions how many, or -1 for the cluster's default or with an assignment
   * @param replicationFactor how many replicas, or -1 for the cluster's default or with an
   *     assignment
   * @param assignments by partition from 0, the brokers with the preferred leader first; empty to
   *     let the controller place them
   * @param configs topic configs that differ from the defaults
   */
  public record NewTopic(
      String name,
      int partitions,
      int replicationFactor,
      Map<Integer, List<Integer>> assignments,
      Map<String, String> configs) {

    public NewTopic {
      assignments = Map.copyOf(assignments);
      configs = Map.copyOf(configs);
    }

    public NewTopic(String name, int partitions, int replicationFactor) {
      this(name, partitions, replicationFactor, Map.of(), Map.of());
    }
  }

  /** In the order of the request. */
  public record Response(List<CreatedTopic> topics) implements ControllerResponse {
    public Response {
      topics = List.copyOf(topics);
    }
  }

  /**
   * @param id the new topic's id, null on an error or when only validated
   * @param partitions how many it has, -1 on an error
   * @param replicationFactor of its first partition, -1 on an error
   */
  public record CreatedTopic(
      String name, Result result, @Nullable Uuid id, int partitions, int replicationFactor) {}
}
