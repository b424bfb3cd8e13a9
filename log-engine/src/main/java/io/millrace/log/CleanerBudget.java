package io.millrace.log;

import io.millrace.concurrent.Clock;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What all cleanings of a node share: memory for keys, and bytes per second. Thread-safe, without
 * locks.
 */
final class CleanerBudget {

  /** A limit above this is none. */
  private static final double UNLIMITED = 1e15;

  private final CleanerConfig config;
  private final Clock clock;
  private final AtomicLong memoryLeft;
  private final AtomicLong freeAtNanos;

  CleanerBudget(CleanerConfig config, Clock clock) {
    this.config = config;
    this.clock = clock;
    this.memoryLeft = new AtomicLong(config.dedupeBufferBytes());
    this.freeAtNanos = new AtomicLong(clock.monotonicNanos());
  }

  /** What one cleaning may hold at most. */
  long memoryPerCleaning() {
    return config.dedupeBufferBytes() / config.threads();
  }

  boolean takeMemory(long bytes) {
    while (true) {
      long left = memoryLeft.get();
      if (left < bytes) {
        return false;
      }
      if (memoryLeft.compareAndSet(left, left - bytes)) {
        return true;
      }
    }
  }

  void giveMemoryBack(long bytes) {
    memoryLeft.addAndGet(bytes);
  }

  /** How long to rest after some bytes were read or written. */
  long restNanos(long bytes) {
    if (config.ioMaxBytesPerSecond() > UNLIMITED) {
      return 0;
    }
    long cost = (long) (bytes * 1e9 / config.ioMaxBytesPerSecond());
    long now = clock.monotonicNanos();
    long free = freeAtNanos.updateAndGet(at -> (at - now > 0 ? at : now) + cost);
    return Math.max(0, free - now);
  }
}
