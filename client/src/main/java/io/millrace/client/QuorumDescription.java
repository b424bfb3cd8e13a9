package io.millrace.client;

import java.util.List;

/**
 * The quorum that keeps the metadata.
 *
 * @param leaderEpoch the term
 * @param highWatermark up to where the metadata log is committed
 */
public record QuorumDescription(
    int leaderId,
    int leaderEpoch,
    long highWatermark,
    List<Replica> voters,
    List<Replica> observers) {

  public QuorumDescription {
    voters = List.copyOf(voters);
    observers = List.copyOf(observers);
  }

  /**
   * A member.
   *
   * @param lastFetchTimestamp wall-clock milliseconds, -1 when unknown
   * @param lastCaughtUpTimestamp wall-clock milliseconds, -1 when unknown
   */
  public record Replica(
      int id, long logEndOffset, long lastFetchTimestamp, long lastCaughtUpTimestamp) {}
}
