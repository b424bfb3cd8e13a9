package io.millrace.client.network;

import java.time.Duration;
import java.util.SplittableRandom;

/**
 * How long to wait before the next attempt: doubles with each failure up to a limit, less or more a
 * fifth so that many clients do not come back at the same moment. Pure but for its random source;
 * confined to the client's loop.
 */
public final class Backoff {

  private static final int MAX_DOUBLINGS = 30;

  private final long firstNanos;
  private final long mostNanos;
  private final SplittableRandom random;

  public Backoff(Duration first, Duration most, SplittableRandom random) {
    this.firstNanos = first.toNanos();
    this.mostNanos = Math.max(first.toNanos(), most.toNanos());
    this.random = random;
  }

  /**
   * The pause.
   *
   * @param failures attempts that failed in a row, at least 1
   */
  public long nanosAfter(int failures) {
    int doublings = Math.min(Math.max(failures - 1, 0), MAX_DOUBLINGS);
    double pause = Math.min((double) mostNanos, firstNanos * Math.pow(2, doublings));
    return (long) (pause * (0.8 + 0.4 * random.nextDouble()));
  }
}
