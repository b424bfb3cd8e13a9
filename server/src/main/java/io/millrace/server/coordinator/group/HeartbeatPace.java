package io.millrace.server.coordinator.group;

/**
 * How soon a member of a consumer group shall speak again. Pure.
 *
 * <p>Nobody can call a member when it is to give something up, or when a partition has become free.
 * One that waits for a partition asks more often, so that it lies idle for half a second at most,
 * not for a whole interval. So do all for a while after a change, because it is seldom the last:
 * members are restarted one after another.
 */
final class HeartbeatPace {
  /** How soon a member comes back that waits for what others still hold. */
  private static final int WAITING_MILLIS = 500;

  /** How long after a change another is likely, and how soon members come back meanwhile. */
  private static final long RESTLESS_MILLIS = 60_000;

  private static final int RESTLESS_INTERVAL_MILLIS = 1_000;

  /** So that a restless group asks 200 times a second at most, however many members it has. */
  private static final int RESTLESS_MILLIS_PER_MEMBER = 5;

  private final int usualMillis;

  HeartbeatPace(int usualMillis) {
    this.usualMillis = usualMillis;
  }

  int intervalMs(ConsumerGroup group, String memberId, long nowMillis) {
    if (group.current(memberId).state() == MemberState.UNRELEASED) {
      return Math.min(WAITING_MILLIS, usualMillis);
    }
    if (!group.hasChangedSince(nowMillis - RESTLESS_MILLIS)) {
      return usualMillis;
    }
    long bearable = (long) group.members().size() * RESTLESS_MILLIS_PER_MEMBER;
    return (int) Math.min(usualMillis, Math.max(RESTLESS_INTERVAL_MILLIS, bearable));
  }
}
