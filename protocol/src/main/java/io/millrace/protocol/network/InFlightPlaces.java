package io.millrace.protocol.network;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * The places that a connection has for requests that wait for answers. A sender takes one before it
 * encodes; the loop gives it back before the answer's callbacks run, for these may send again. Any
 * thread.
 */
final class InFlightPlaces {

  private final int max;
  private final AtomicInteger taken = new AtomicInteger();

  InFlightPlaces(int max) {
    this.max = max;
  }

  /** Takes a place, or refuses when all are taken. */
  boolean tryTake() {
    int now = taken.get();
    while (now < max) {
      if (taken.compareAndSet(now, now + 1)) {
        return true;
      }
      now = taken.get();
    }
    return false;
  }

  void giveBack() {
    taken.decrementAndGet();
  }

  int taken() {
    return taken.get();
  }

  boolean isAnyFree() {
    return taken.get() < max;
  }
}
