package io.millrace.concurrent;

/**
 * The one source of time. Passed to whoever needs it; the simulation passes its own.
 *
 * <p>Thread-safe.
 */
public interface Clock {

  /** Nanoseconds of a clock that never goes back; only differences mean anything. For timeouts. */
  long monotonicNanos();

  /** Milliseconds since the Unix epoch; may jump. For timestamps that people and records see. */
  long wallMillis();

  /** The machine's clock. */
  static Clock system() {
    return SystemClock.INSTANCE;
  }
}
