package io.millrace.replication.leader;

import io.millrace.log.TopicPartitionId;
import java.util.List;

/**
 * The in-sync set that a leader wants.
 *
 * @param leaderEpoch of the leadership that asks
 * @param partitionEpoch the state that the change starts from
 * @param isr the whole set wanted, the leader included
 */
public record IsrProposal(
    TopicPartitionId partition, int leaderEpoch, int partitionEpoch, List<Member> isr) {

  public IsrProposal {
    isr = List.copyOf(isr);
  }

  /**
   * A member of the set.
   *
   * @param brokerEpoch the registration under which it was seen in sync, -1 when not known
   */
  public record Member(int brokerId, long brokerEpoch) {}

  boolean has(int brokerId) {
    for (Member member : isr) {
      if (member.brokerId() == brokerId) {
        return true;
      }
    }
    return false;
  }
}
