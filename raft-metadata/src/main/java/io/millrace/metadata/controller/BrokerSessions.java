package io.millrace.metadata.controller;

import io.millrace.concurrent.ConfinedTo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Who was heard of, and when. Lives in the active controller's memory only: a new controller gives
 * every broker a grace from the moment it is ready, long enough for a heartbeat or two, so that no
 * broker is fenced for what its predecessor did not hear.
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
    byBroker.put(brokerId, new Session(epoch, connection, now + ttlNanos));
  }

  /** Under a new controller: what was alive has the grace to show that it still is. */
  void assume(int brokerId, long epoch, long grace, long now) {
    byBroker.put(brokerId, new Session(epoch, NONE, now + Math.min(grace, ttlNanos)));
  }

  /** The connection broke: unless the broker came back over another one, it has the grace left. */
  void connectionLost(long connection, long now) {
    byBroker.replaceAll(
        (id, session) ->
            session.connection == connection && connection != NONE
                ? new Session(session.epoch, NONE, Math.min(session.deadline, now + graceNanos))
                : session);
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
    List<Owner> expired = new ArrayList<>();
    byBroker.forEach(
        (id, session) -> {
          if (session.deadline - now <= 0) {
            expired.add(new Owner(id, session.epoch));
          }
        });
    return expired;
  }

  private record Session(long epoch, long connection, long deadline) {}
}
