package io.millrace.replication.follower;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.protocol.message.FetchRequest.FetchPartition;

/**
 * One partition of a fetcher.
 *
 * <pre>
 *   BUSY --position told--> READY --sent--> ASKED --nothing new--> READY
 *                                             |---records, divergence--> BUSY
 *                                             `---error--> RESTING --back-off over--> READY
 * </pre>
 *
 * <p>BUSY is the start too: the append loop is asked where to begin.
 */
@ConfinedTo("the fetcher's loop")
final class FetchLane {

  enum State {
    BUSY,
    READY,
    ASKED,
    RESTING
  }

  final FetchTarget target;

  /** Changed by {@link FetchLanes}, which counts. */
  State state = State.BUSY;

  /** Whether the fetcher still asks for this target. */
  boolean isHere;

  FetchPosition position = new FetchPosition(0, -1, 0, 0);

  FetchLane(FetchTarget target) {
    this.target = target;
  }

  FetchPartition toRequest(int maxBytes) {
    return FetchPartition.builder()
        .partition(target.id().partition())
        .currentLeaderEpoch(target.leaderEpoch())
        .fetchOffset(position.fetchOffset())
        .lastFetchedEpoch(position.lastFetchedEpoch())
        .logStartOffset(position.logStartOffset())
        .partitionMaxBytes(maxBytes)
        .build();
  }
}
