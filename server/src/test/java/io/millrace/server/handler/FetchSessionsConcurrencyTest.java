package io.millrace.server.handler;

import static io.millrace.concurrent.Interleavings.check;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.Interleavings;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * Connections that come and go at once: never more sessions than the limit, none with two owners.
 */
class FetchSessionsConcurrencyTest {

  private static final Clock CLOCK =
      new Clock() {
        @Override
        public long monotonicNanos() {
          return 0;
        }

        @Override
        public long wallMillis() {
          return 0;
        }
      };

  @Test
  void create_fromManyConnections_keepsToTheLimit() {
    Interleavings.explore(
        150,
        () -> {
          FetchSessions sessions =
              Interleavings.shared(new FetchSessions(2, CLOCK, new SplittableRandom(1)));
          FetchSession first = sessions.create(false, false, List.of());
          check(first != null, "the first finds room");
          int firstId = Objects.requireNonNull(first).id();
          AtomicInteger made = Interleavings.shared(new AtomicInteger());
          Runnable client =
              () -> {
                if (sessions.create(false, false, List.of()) != null) {
                  made.incrementAndGet();
                }
                check(sessions.size() <= 2, sessions.size() + " sessions, 2 are allowed");
              };
          Interleavings.inParallel(client, client, () -> sessions.remove(firstId));
          check(
              sessions.size() == made.get(), made + " were made, " + sessions.size() + " are left");
        });
  }

  @Test
  void advance_onTwoConnections_letsOneThrough() {
    Interleavings.explore(
        100,
        () -> {
          FetchSession session =
              Interleavings.shared(new FetchSession(1, false, false, List.of(), 0));
          AtomicInteger through = Interleavings.shared(new AtomicInteger());
          Runnable client =
              () -> {
                if (session.advance(1, 0)) {
                  through.incrementAndGet();
                }
              };
          Interleavings.inParallel(client, client);
          check(through.get() == 1, "let through " + through);
        });
  }
}
