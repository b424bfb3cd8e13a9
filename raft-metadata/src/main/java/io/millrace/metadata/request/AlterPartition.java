package io.millrace.metadata.request;

import io.millrace.protocol.Uuid;
import java.util.List;

/**
 * A leader asks for other in-sync replicas.
 *
 * @param brokerId the leader
 * @param brokerEpoch the epoch of its registration
 */
public record AlterPartition(int brokerId, long brokerEpoch, List<IsrChange> partitions)
    implements ControllerRequest<AlterPartition.Response> {

  public AlterPartition {
    partitions = List.copyOf(partitions);
  }

  /**
   * @param leaderEpoch of the leadership that asks
   * @param partitionEpoch the state that the change starts from
   */
  public record IsrChange(
      Uuid topicId, int partition, int leaderEpoch, int partitionEpoch, List<Member> isr) {
    public IsrChange {
      isr = List.copyOf(isr);
    }
  }

  /**
   * @param brokerEpoch the registration that the leader has seen it in sync under, or -1 when it
   *     does not know
   */
  public record Member(int brokerId, long brokerEpoch) {}

  /** In the order of the request; the top-level result speaks of the sender. */
  public record Response(Result result, List<PartitionResult> partitions)
      implements ControllerResponse {
    public Response {
      partitions = List.copyOf(partitions);
    }
  }

  /** The state after the change; meaningless on an error. */
  public record PartitionResult(
      Uuid topicId,
      int partition,
      Result result,
      int leader,
      int leaderEpoch,
      List<Integer> isr,
      int partitionEpoch) {
    public PartitionResult {
      isr = List.copyOf(isr);
    }
  }
}
