package io.millrace.server.network;

import io.millrace.concurrent.Clock;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;

/**
 * Says what strangers do to the port once a second at most, and how often it was not said. Any
 * thread.
 */
final class RateLimitedLog {
  private static final long PAUSE_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Logger log;
  private final Clock clock;
  private final AtomicLong next;
  private final AtomicInteger suppressed = new AtomicInteger();

  RateLimitedLog(Logger log, Clock clock) {
    this.log = log;
    this.clock = clock;
    this.next = new AtomicLong(clock.monotonicNanos());
  }

  void warn(String message) {
    long now = clock.monotonicNanos();
    long due = next.get();
    if (now - due >= 0 && next.compareAndSet(due, now + PAUSE_NANOS)) {
      int before = suppressed.getAndSet(0);
      log.warn("{}{}", message, before == 0 ? "" : " (and " + before + " more like it)");
    } else {
      suppressed.incrementAndGet();
    }
  }
}
