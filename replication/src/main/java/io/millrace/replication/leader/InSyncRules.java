package io.millrace.replication.leader;

/**
 * Who is in sync. A member that has not held everything the leader had for longer than the allowed
 * lag leaves the set; a replica outside joins when it holds on disk all that is committed, and all
 * from before the leader's epoch.
 *
 * <p>Pure; any thread. Times are of the monotonic clock.
 */
public final class InSyncRules {

  private InSyncRules() {}

  /**
   * Whether a member should be proposed for removal.
   *
   * @param durableEnd what the member has on disk, {@link HighWatermarkRule#UNKNOWN} when it never
   *     fetched in this epoch
   * @param leaderLogEnd the end of the leader's log, flushed or not
   * @param lastCaughtUpNanos when the member last had all that the leader had
   */
  public static boolean lags(
      long durableEnd, long leaderLogEnd, long lastCaughtUpNanos, long nowNanos, long maxLagNanos) {
    return durableEnd < leaderLogEnd && nowNanos - lastCaughtUpNanos > maxLagNanos;
  }

  /**
   * Whether a replica outside the set may be proposed for it.
   *
   * <p>The second condition matters right after an election: the new leader's high watermark may
   * still be lower than what its predecessor committed, but its own log at the start of its epoch
   * never is.
   *
   * @param durableEnd what the replica has on disk
   * @param epochStartOffset where the leader's log ended when it became leader
   */
  public static boolean mayJoin(long durableEnd, long highWatermark, long epochStartOffset) {
    return durableEnd >= highWatermark && durableEnd >= epochStartOffset;
  }
}
