package io.millrace.replication.leader;

import io.millrace.protocol.ErrorCode;
import java.util.List;

/**
 * What the controller made of a proposal.
 *
 * @param error {@code NONE} when the set was accepted; then the rest is the state after the change
 */
public record IsrAnswer(ErrorCode error, int leaderEpoch, int partitionEpoch, List<Integer> isr) {

  public IsrAnswer {
    isr = List.copyOf(isr);
  }

  public static IsrAnswer refused(ErrorCode error) {
    return new IsrAnswer(error, -1, -1, List.of());
  }
}
