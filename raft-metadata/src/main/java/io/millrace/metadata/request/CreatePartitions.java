package io.millrace.metadata.request;

import java.util.List;

/** Adds partitions to topics. */
public record CreatePartitions(List<Growth> topics, boolean validateOnly)
    implements ControllerRequest<CreatePartitions.Response> {

  public CreatePartitions {
    topics = List.copyOf(topics);
  }

  /**
   * @param count how many partitions the topic has afterwards
   * @param assignments one list of brokers per new partition; empty to let the controller place
   *     them
   */
  public record Growth(String topic, int count, List<List<Integer>> assignments) {
    public Growth {
      assignments = assignments.stream().map(List::copyOf).toList();
    }
  }

  /** In the order of the request. */
  public record Response(List<TopicResult> topics) implements ControllerResponse {
    public Response {
      topics = List.copyOf(topics);
    }
  }

  public record TopicResult(String topic, Result result) {}
}
