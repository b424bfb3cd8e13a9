package io.millrace.server.handler;

import io.millrace.concurrent.Clock;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The fetch sessions of a node, up to a limit. At the limit a new one takes the place of one that
 * has not been used for two minutes, or, for a follower, of a consumer's; else the client fetches
 * without a session, which always works.
 */
final class FetchSessions {
  private static final long EVICT_AFTER_NANOS = TimeUnit.MINUTES.toNanos(2);

  private final int limit;
  private final Clock clock;
  private final SplittableRandom random;
  private final ConcurrentHashMap<Integer, FetchSession> sessions = new ConcurrentHashMap<>();

  FetchSessions(int limit, Clock clock, SplittableRandom random) {
    this.limit = limit;
    this.clock = clock;
    this.random = random;
  }

  @Nullable FetchSession find(int id) {
    return sessions.get(id);
  }

  void remove(int id) {
    sessions.remove(id);
  }

  int size() {
    return sessions.size();
  }

  /** A new session, or null when there is no room. */
  synchronized @Nullable FetchSession create(
      boolean byTopicId, boolean follower, List<FetchWish> wishes) {
    long now = clock.monotonicNanos();
    if (sessions.size() >= limit && !evict(now, follower)) {
      return null;
    }
    int id;
    do {
      id = random.nextInt(1, Integer.MAX_VALUE);
    } while (sessions.containsKey(id));
    FetchSession session = new FetchSession(id, byTopicId, follower, wishes, now);
    sessions.put(id, session);
    return session;
  }

  private boolean evict(long now, boolean forFollower) {
    FetchSession oldest = null;
    for (FetchSession session : sessions.values()) {
      boolean mayGo =
          now - session.lastUsedNanos() > EVICT_AFTER_NANOS
              || (forFollower && !session.isFollowers());
      if (mayGo && (oldest == null || session.lastUsedNanos() - oldest.lastUsedNanos() < 0)) {
        oldest = session;
      }
    }
    return oldest != null && sessions.remove(oldest.id(), oldest);
  }
}
