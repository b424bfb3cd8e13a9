package io.millrace.client;

import java.util.Collection;

/**
 * Hears which partitions the group gives to this consumer and takes from it. Called by whoever
 * reads: inside {@link Consumer#poll} and {@link Consumer#close()} on the caller's thread, or on
 * the executor of a publisher or of {@link Consumer#process}; never two calls at once. May call the
 * consumer: commit, seek, look up positions. An exception ends the poll (or the stream) that runs,
 * after the change has been carried out.
 */
public interface RebalanceListener {

  /** These are new; {@link Consumer#seek} here decides where they begin. */
  default void onAssigned(Collection<TopicPartition> partitions) {}

  /**
   * These are to be given up. Nobody else reads them before this returns, and no record of them is
   * handed over any more: the place to commit. Positions have been committed already where
   * auto-commit is on.
   */
  default void onRevoked(Collection<TopicPartition> partitions) {}

  /**
   * These are gone: the member was thrown out of the group, and somebody else may read them
   * already. Commits of them will be refused. By default as {@link #onRevoked}.
   */
  default void onLost(Collection<TopicPartition> partitions) {
    onRevoked(partitions);
  }
}
