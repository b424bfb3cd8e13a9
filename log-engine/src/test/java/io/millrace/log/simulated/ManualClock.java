package io.millrace.log.simulated;

import io.millrace.concurrent.Clock;

/** A clock that stands until it is moved. */
public final class ManualClock implements Clock {

  private long nanos;
  private long wallMillis;

  public ManualClock(long wallMillis) {
    this.wallMillis = wallMillis;
  }

  @Override
  public long monotonicNanos() {
    return nanos;
  }

  @Override
  public long wallMillis() {
    return wallMillis;
  }

  public void advanceMillis(long millis) {
    nanos += millis * 1_000_000;
    wallMillis += millis;
  }
}
