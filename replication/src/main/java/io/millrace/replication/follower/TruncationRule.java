package io.millrace.replication.follower;

/**
 * Where a follower cuts its log when its leader says that the two diverge.
 *
 * <p>The leader answers with the largest epoch it has at or below the follower's last one, and
 * where that epoch ends in its log. If the follower has that epoch too, all after the smaller of
 * the two ends is not shared. If it has not, nothing of its epochs above the largest one it has
 * below the leader's can be shared either; it cuts there and asks again. Each round removes at
 * least one epoch or reaches the common point, so it ends.
 *
 * <p>Pure; any thread.
 */
public final class TruncationRule {

  private TruncationRule() {}

  /**
   * The offset at which the follower's log must end.
   *
   * @param leaderEpoch the leader's largest epoch at or below the follower's last one
   * @param leaderEndOffset where {@code leaderEpoch} ends in the leader's log
   * @param localEpoch the follower's largest epoch at or below {@code leaderEpoch}, -1 when it has
   *     none
   * @param localEndOffset where {@code localEpoch} ends in the follower's log
   * @param localLogStart where the follower's log starts
   * @param localLogEnd where the follower's log ends
   */
  public static long truncateTo(
      int leaderEpoch,
      long leaderEndOffset,
      int localEpoch,
      long localEndOffset,
      long localLogStart,
      long localLogEnd) {
    long shared;
    if (localEpoch < 0) {
      shared = localLogStart;
    } else if (localEpoch == leaderEpoch) {
      shared = Math.min(localEndOffset, leaderEndOffset);
    } else {
      shared = localEndOffset;
    }
    return Math.max(localLogStart, Math.min(shared, localLogEnd));
  }
}
