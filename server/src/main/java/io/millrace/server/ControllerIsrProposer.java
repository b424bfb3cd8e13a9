package io.millrace.server;

import io.millrace.metadata.publish.MetadataClient;
import io.millrace.metadata.request.AlterPartition;
import io.millrace.metadata.request.AlterPartition.IsrChange;
import io.millrace.metadata.request.AlterPartition.Member;
import io.millrace.metadata.request.AlterPartition.PartitionResult;
import io.millrace.replication.leader.IsrAnswer;
import io.millrace.replication.leader.IsrProposal;
import io.millrace.replication.leader.IsrProposer;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Brings the in-sync sets that leaders want before the controller. Any thread. */
final class ControllerIsrProposer implements IsrProposer {
  private final MetadataClient metadata;

  ControllerIsrProposer(MetadataClient metadata) {
    this.metadata = metadata;
  }

  @Override
  public CompletableFuture<IsrAnswer> propose(IsrProposal proposal) {
    List<Member> members =
        proposal.isr().stream()
            .map(member -> new Member(member.brokerId(), member.brokerEpoch()))
            .toList();
    IsrChange change =
        new IsrChange(
            proposal.partition().topicId(),
            proposal.partition().partition(),
            proposal.leaderEpoch(),
            proposal.partitionEpoch(),
            members);
    return metadata.alterPartition(List.of(change)).thenApply(ControllerIsrProposer::answer);
  }

  private static IsrAnswer answer(AlterPartition.Response response) {
    if (!response.result().isOk()) {
      return IsrAnswer.refused(response.result().error());
    }
    PartitionResult result = response.partitions().get(0);
    return result.result().isOk()
        ? new IsrAnswer(
            result.result().error(), result.leaderEpoch(), result.partitionEpoch(), result.isr())
        : IsrAnswer.refused(result.result().error());
  }
}
