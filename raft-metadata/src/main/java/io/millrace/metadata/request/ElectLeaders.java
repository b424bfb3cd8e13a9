package io.millrace.metadata.request;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Elects leaders now.
 *
 * @param unclean false: the preferred replica; true: any live replica when no in-sync one lives,
 *     with loss of data
 * @param partitions which, or null for all that need it
 */
public record ElectLeaders(boolean unclean, @Nullable List<Partition> partitions)
    implements ControllerRequest<ElectLeaders.Response> {

  public ElectLeaders {
    partitions = partitions == null ? null : List.copyOf(partitions);
  }

  public record Partition(String topic, int partition) {}

  /** In the order of the request; with "all", those that changed. */
  public record Response(List<PartitionResult> partitions) implements ControllerResponse {
    public Response {
      partitions = List.copyOf(partitions);
    }
  }

  public record PartitionResult(String topic, int partition, Result result) {}
}
