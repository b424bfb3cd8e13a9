package io.millrace.server.metrics;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * Durations in buckets of a quarter of an octave: a percentile is at most 19 % too high. Any
 * thread; a recording is one atomic addition and allocates nothing.
 */
public final class Histogram {
  private static final int SUB_BITS = 2;
  private static final int BUCKETS = 64 << SUB_BITS;

  private final AtomicLongArray counts = new AtomicLongArray(BUCKETS);

  /** Adds one duration. */
  public void record(long nanos) {
    counts.getAndIncrement(bucket(Math.max(nanos, 0)));
  }

  /** How many were recorded. */
  public long count() {
    long sum = 0;
    for (int i = 0; i < BUCKETS; i++) {
      sum += counts.get(i);
    }
    return sum;
  }

  /**
   * An upper bound of what so large a part of the durations stayed under; 0 when none was recorded.
   *
   * @param fraction from 0 to 1
   */
  public long percentileNanos(double fraction) {
    long total = count();
    long wanted = (long) Math.ceil(total * fraction);
    long seen = 0;
    for (int i = 0; i < BUCKETS && total > 0; i++) {
      seen += counts.get(i);
      if (seen >= wanted) {
        return upperBound(i);
      }
    }
    return 0;
  }

  private static int bucket(long nanos) {
    if (nanos < 1 << SUB_BITS) {
      return (int) nanos;
    }
    int exponent = 63 - Long.numberOfLeadingZeros(nanos);
    int sub = (int) (nanos >>> (exponent - SUB_BITS)) & ((1 << SUB_BITS) - 1);
    return ((exponent - SUB_BITS + 1) << SUB_BITS) + sub;
  }

  private static long upperBound(int bucket) {
    if (bucket < 1 << SUB_BITS) {
      return bucket;
    }
    int shift = (bucket >> SUB_BITS) - 1;
    long low = (long) ((1 << SUB_BITS) + (bucket & ((1 << SUB_BITS) - 1))) << shift;
    return low + (1L << shift) - 1;
  }
}
