package io.millrace.replication.leader;

/**
 * How far a partition is committed: up to the lowest <em>durable</em> end among the leader and
 * every member of the maximal in-sync set. The maximal set is the set that the controller last
 * accepted together with members whose admission is proposed: whoever may be elected next must have
 * every committed record on disk. A proposed removal counts only once accepted, for the same
 * reason.
 *
 * <p>Pure; any thread.
 */
public final class HighWatermarkRule {

  /**
   * The durable end of a member that has not fetched under the leader's epoch: nothing is known, so
   * nothing moves.
   */
  public static final long UNKNOWN = -1;

  private HighWatermarkRule() {}

  /**
   * The next high watermark; never below the current one.
   *
   * @param current the high watermark so far
   * @param leaderDurableEnd the end of what the leader has on disk
   * @param followerDurableEnds one entry for each other member of the maximal set, {@link #UNKNOWN}
   *     when it has not told
   */
  public static long next(long current, long leaderDurableEnd, long... followerDurableEnds) {
    long lowest = leaderDurableEnd;
    for (long end : followerDurableEnds) {
      lowest = Math.min(lowest, end);
    }
    return Math.max(current, lowest);
  }
}
