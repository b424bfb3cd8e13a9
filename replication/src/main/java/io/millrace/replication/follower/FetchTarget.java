package io.millrace.replication.follower;

import io.millrace.concurrent.EventLoop;
import io.millrace.log.TopicPartitionId;

/** One partition that follows one leader under one epoch, as its fetcher sees it. */
public interface FetchTarget {

  TopicPartitionId id();

  /** The loop on which {@link #start} and {@link #take} must be called. */
  EventLoop appendLoop();

  int leaderId();

  int leaderEpoch();

  /** Tells where to begin, once all that the log holds is on disk. */
  void start(Listener listener);

  /**
   * Appends or cuts what the leader's answer asks for, and tells the listener where to read on once
   * that is on disk. The fetcher does not ask for the partition in between.
   */
  void take(FetchedData data, Listener listener);

  /**
   * Hears from the append loop; each {@code start} and {@code take} ends with one call, or none
   * when the role has ended.
   */
  interface Listener {
    void onPosition(FetchPosition position);

    /** The data could not be used. Worth another try later. */
    void onRefused(String reason);
  }
}
