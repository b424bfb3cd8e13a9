package io.millrace.tools.system;

import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Waits for a condition with a deadline; the failure says what was waited for and what was seen
 * last.
 */
final class Await {

  private static final long PROBE_INTERVAL_MS = 50;

  private Await() {}

  /**
   * Calls the probe until it returns true; a probe that throws, or whose assertion fails, counts as
   * "not yet".
   */
  static void until(String what, Duration limit, Callable<Boolean> probe) {
    long deadline = System.nanoTime() + limit.toNanos();
    Throwable last = null;
    while (true) {
      try {
        if (probe.call()) {
          return;
        }
        last = null;
      } catch (Exception | AssertionError e) {
        last = e;
      }
      if (System.nanoTime() > deadline) {
        throw failure(what, limit, last);
      }
      try {
        TimeUnit.MILLISECONDS.sleep(PROBE_INTERVAL_MS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw failure(what, limit, e);
      }
    }
  }

  private static AssertionError failure(String what, Duration limit, @Nullable Throwable last) {
    return new AssertionError(
        "not within " + limit.toSeconds() + " s: " + what + (last == null ? "" : "; last: " + last),
        last);
  }
}
