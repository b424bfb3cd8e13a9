package io.millrace.replication.leader;

import io.millrace.concurrent.ConfinedTo;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * What the leader knows about one other replica in its current epoch. Everything but the idle mark
 * is touched on the append loop only.
 *
 * <p>A follower that has everything fetches again and again at the same offset. Such a fetch
 * changes nothing but the time, so the network thread that serves it leaves a mark here instead of
 * waking the append loop.
 */
@ConfinedTo("the append loop of the partition's log; idle marks from network threads")
public final class ReplicaProgress {

  private static final VarHandle IDLE_CAUGHT_UP;
  private static final VarHandle DURABLE_END;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      IDLE_CAUGHT_UP = lookup.findVarHandle(ReplicaProgress.class, "idleCaughtUpNanos", long.class);
      DURABLE_END = lookup.findVarHandle(ReplicaProgress.class, "durableEnd", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final int replicaId;
  private long brokerEpoch = -1;
  private long durableEnd = HighWatermarkRule.UNKNOWN;
  private long caughtUpNanos;

  @SuppressWarnings("UnusedVariable") // read through its handle
  private long idleCaughtUpNanos;

  private long lastFetchNanos;
  private long leaderEndAtLastFetch;

  /**
   * A replica that has not fetched yet. Its lag counts from now, so that an election does not make
   * everybody lag at once.
   */
  public ReplicaProgress(int replicaId, long nowNanos, long leaderLogEnd) {
    this.replicaId = replicaId;
    this.caughtUpNanos = nowNanos;
    this.idleCaughtUpNanos = nowNanos;
    this.lastFetchNanos = nowNanos;
    this.leaderEndAtLastFetch = leaderLogEnd;
  }

  public int replicaId() {
    return replicaId;
  }

  /** The registration under which the replica's broker last fetched, -1 when it has not. */
  public long brokerEpoch() {
    return brokerEpoch;
  }

  /**
   * What the replica had on disk at its last fetch, or {@link HighWatermarkRule#UNKNOWN}. Opaque:
   * any thread.
   */
  public long durableEnd() {
    return (long) DURABLE_END.getOpaque(this);
  }

  /** When the replica last held all that the leader had. */
  public long lastCaughtUpNanos() {
    long idle = (long) IDLE_CAUGHT_UP.getOpaque(this);
    return idle - caughtUpNanos > 0 ? idle : caughtUpNanos;
  }

  /**
   * Takes in a fetch: everything below its offset is on the replica's disk.
   *
   * @param fetchNanos when the fetch arrived
   * @param leaderLogEnd the end of the leader's log when the fetch arrived
   */
  public void onFetch(long brokerEpoch, long fetchOffset, long fetchNanos, long leaderLogEnd) {
    if (fetchOffset >= leaderLogEnd) {
      caughtUpNanos = later(caughtUpNanos, fetchNanos);
    } else if (durableEnd != HighWatermarkRule.UNKNOWN && fetchOffset >= leaderEndAtLastFetch) {
      // It has reached by now what the leader had then: it was caught up as of then, even if the
      // leader runs ahead all the time.
      caughtUpNanos = later(caughtUpNanos, lastFetchNanos);
    }
    this.brokerEpoch = brokerEpoch;
    DURABLE_END.setOpaque(this, fetchOffset);
    lastFetchNanos = fetchNanos;
    leaderEndAtLastFetch = leaderLogEnd;
  }

  /**
   * Notes that the replica fetched at the leader's log end, which it had reached before. Any
   * thread.
   */
  public void markIdle(long fetchNanos) {
    // Two network threads may race after a reconnection; both times are recent, either may win.
    IDLE_CAUGHT_UP.setOpaque(this, fetchNanos);
  }

  private static long later(long a, long b) {
    return a - b > 0 ? a : b;
  }
}
