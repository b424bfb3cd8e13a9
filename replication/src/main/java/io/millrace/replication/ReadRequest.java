package io.millrace.replication;

/**
 * One partition of a fetch.
 *
 * @param replicaId the follower that asks, -1 for a consumer
 * @param replicaEpoch the registration of the follower's broker, -1 when not known
 * @param currentLeaderEpoch the epoch that the reader believes in, -1 when it does not say
 * @param fetchOffset where to read; from a follower also: all below it is on its disk
 * @param lastFetchedEpoch the epoch of the last record the reader has, -1 when it does not say
 * @param maxBytes how much at most
 * @param minOneBatch whether a first batch larger than that is returned nevertheless
 */
public record ReadRequest(
    int replicaId,
    long replicaEpoch,
    int currentLeaderEpoch,
    long fetchOffset,
    int lastFetchedEpoch,
    int maxBytes,
    boolean minOneBatch,
    ReadIsolation isolation) {

  public ReadRequest {
    if ((replicaId >= 0) != (isolation == ReadIsolation.LOG_END)) {
      throw new IllegalArgumentException(
          "replicaId=" + replicaId + " reads with isolation " + isolation);
    }
  }

  public static ReadRequest ofConsumer(
      int currentLeaderEpoch,
      long fetchOffset,
      int lastFetchedEpoch,
      int maxBytes,
      boolean minOneBatch,
      ReadIsolation isolation) {
    return new ReadRequest(
        -1,
        -1,
        currentLeaderEpoch,
        fetchOffset,
        lastFetchedEpoch,
        maxBytes,
        minOneBatch,
        isolation);
  }

  public static ReadRequest ofFollower(
      int replicaId,
      long replicaEpoch,
      int currentLeaderEpoch,
      long fetchOffset,
      int lastFetchedEpoch,
      int maxBytes,
      boolean minOneBatch) {
    return new ReadRequest(
        replicaId,
        replicaEpoch,
        currentLeaderEpoch,
        fetchOffset,
        lastFetchedEpoch,
        maxBytes,
        minOneBatch,
        ReadIsolation.LOG_END);
  }

  public boolean isFollower() {
    return replicaId >= 0;
  }
}
