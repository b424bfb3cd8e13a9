package io.millrace.metadata.controller;

import io.millrace.concurrent.ConfinedTo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Who was heard of, and when. Lives in the active controller's memory only: a new controller gives
 * every broker a grace from the moment it is ready, long enough for a heartbeat or two, so that no
 * broker is fenced for what its predecessor did not hear. While more brokers are silent than have
 * been heard, it is rather the controller that they have not found yet (their heartbeats may hang
 * at a predecessor that is frozen, not dead), and the silent ones have a whole session.
 */
@ConfinedTo("the controller loop")
final class BrokerSessions {

  /** No connection. */
  static final long NONE = 0;

  private final long ttlNanos;
  private final long graceNanos;
  private final Map<Integer, Session> byBroker = new TreeMap<>();

  BrokerSessions(long ttlNanos, long graceNanos) {
    this.ttlNanos = ttlNanos;
    this.graceNanos = graceNanos;
  }

  /** A broker, in a life of it. */
  record Owner(int brokerId, long epoch) {}

  void clear() {
    byBroker.clear();
  }

  /** A registration or a sign of life; from now on this connection is the broker's. */
  void touch(int brokerId, long epoch, long connection, long now) {
    byBroker.put(brokerId, new Session(epoch, connection, now + ttlNanos, now + ttlNanos, true));
  }

  /** Under a new controller: what was alive has the grace to show that it still is. */
  void assume(int brokerId, long epoch, long grace, long now) {
    long deadline = now + Math.min(grace, ttlNanos);
    byBroker.put(brokerId, new Session(epoch, NONE, deadline, now + ttlNanos, false));
  }

  /** The connection broke: unless the broker came back over another one, it has the grace left. */
  void connectionLost(long connection, long now) {
    byBroker.replaceAll(
        (id, session) ->
            session.connection == connection && connection != NONE
                ? session.shortenedTo(now + graceNanos)
                : session);
  }

  /** This controller could not listen for a time: it does not count against anybody. */
  void postpone(long nanos) {
    byBroker.replaceAll((id, session) -> session.postponed(nanos));
  }

  void end(int brokerId) {
    byBroker.remove(brokerId);
  }

  boolean isAlive(int brokerId, long now) {
    Session session = byBroker.get(brokerId);
    return session != null && session.deadline - now > 0;
  }

  /** Whether that life of the broker is alive. */
  boolean isAlive(Owner owner, long now) {
    Session session = byBroker.get(owner.brokerId);
    return session != null && session.epoch == owner.epoch && session.deadline - now > 0;
  }

  /** The sessions that are over; they stay until ended or touched. */
  List<Owner> expired(long now) {
    long heard = byBroker.values().stream().filter(Session::heard).count();
    boolean enoughHeard = 2 * heard >= byBroker.size();
    List<Owner> expired = new ArrayList<>();
    byBroker.forEach(
        (id, session) -> {
          long deadline = session.heard || enoughHeard ? session.deadline : session.patientDeadline;
          if (deadline - now <= 0) {
            expired.add(new Owner(id, session.epoch));
          }
        });
    return expired;
  }

  /**
   * @param patientDeadline counts instead of the deadline while too few brokers were heard
   * @param heard by this controller
   */
  private record Session(
      long epoch, long connection, long deadline, long patientDeadline, boolean heard) {
    Session shortenedTo(long latest) {
      long earlier = Math.min(deadline, latest);
      return new Session(epoch, NONE, earlier, earlier, heard);
    }

    Session postponed(long nanos) {
      return new Session(epoch, connection, deadline + nanos, patientDeadline + nanos, heard);
    }
  }
}
