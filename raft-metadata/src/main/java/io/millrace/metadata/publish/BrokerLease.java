package io.millrace.metadata.publish;

import io.millrace.concurrent.SingleWriter;

/**
 * What this broker may believe about its registration. Changed on the client's loop, read from any
 * thread; replaced whole, so that whoever asks sees epoch, fence and time of one moment. (As three
 * fields, a late heartbeat that tells of the fence could lengthen the lease for an instant before
 * it ended it.)
 */
@SingleWriter
final class BrokerLease {

  /**
   * @param confirmedAt when the last answered heartbeat was sent: the controller counts from when
   *     it came, which is later
   */
  private record Standing(long epoch, boolean fenced, long confirmedAt) {}

  private static final Standing NONE = new Standing(-1, true, 0);

  private final long leaseNanos;
  private volatile Standing standing = NONE;

  BrokerLease(long leaseNanos) {
    this.leaseNanos = leaseNanos;
  }

  /** The epoch of the registration, or -1. Any thread. */
  long epoch() {
    return standing.epoch;
  }

  /** Any thread. */
  boolean isFenced() {
    return standing.fenced;
  }

  /**
   * Whether the controller cannot have called this broker silent yet. After a broken connection, or
   * a change of controller, it may all the same have given the partitions to others. Any thread.
   */
  boolean isValid(long nowNanos) {
    Standing now = standing;
    return now.epoch >= 0 && !now.fenced && nowNanos - now.confirmedAt < leaseNanos;
  }

  /** Registered, and fenced until a heartbeat's answer says otherwise. */
  void registered(long epoch, long sentAtNanos) {
    standing = new Standing(epoch, true, sentAtNanos);
  }

  /** A heartbeat was answered. */
  void confirmed(boolean fenced, long sentAtNanos) {
    standing = new Standing(standing.epoch, fenced, sentAtNanos);
  }

  /** The registration is no more. */
  void lost() {
    standing = NONE;
  }
}
