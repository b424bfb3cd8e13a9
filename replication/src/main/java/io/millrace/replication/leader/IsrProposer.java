package io.millrace.replication.leader;

import java.util.concurrent.CompletableFuture;

/**
 * Asks the controller to change a partition's in-sync set. Implemented outside, over the metadata
 * client.
 *
 * <p>Called on append loops; must not block. The future may complete on any thread.
 */
@FunctionalInterface
public interface IsrProposer {

  /**
   * Proposes a set. The future completes with the controller's answer; exceptionally, or with a
   * retriable error, when it is not known whether the change was made. The leader then assumes that
   * it may have been.
   */
  CompletableFuture<IsrAnswer> propose(IsrProposal proposal);
}
