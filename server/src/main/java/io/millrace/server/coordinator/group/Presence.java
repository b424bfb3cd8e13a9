package io.millrace.server.coordinator.group;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.server.coordinator.CoordinatorTurn;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * By which connection each member was last heard, and when it should be heard again. A member whose
 * connection breaks, and that misses its time to speak up over another one, is lost: it need not be
 * waited for until its session ends. Kafka waits.
 *
 * <pre>
 *   heard --its connection breaks--> gone --is not heard by the time of Departure--> put out
 *     ^------------is heard------------|
 * </pre>
 *
 * <p>Soft: a coordinator that takes over, or has turned requests away, knows nobody until they
 * speak, and until then their sessions count alone. What is kept is of members alone, and goes with
 * them.
 */
@ConfinedTo("the shard's loop")
final class Presence {
  private static final Logger LOG = LoggerFactory.getLogger(Presence.class);

  /** Why a member goes that was lost. */
  static final String LOST = "its connection broke and it did not come back";

  /** What a client gets at least to come back: to find its coordinator and to connect. */
  private static final int GRACE_MILLIS = 1_000;

  /** Of a classic member whose habit is not known; the clients' default is 3 s. */
  private static final int USUAL_MILLIS = 5_000;

  /** Of so many times between heartbeats the longest counts. */
  private static final int GAPS = 4;

  /**
   * Who speaks.
   *
   * @param comesAndGoes whether it may be away for a session by intent
   */
  record Speaker(String group, String memberId, boolean comesAndGoes, int sessionMs) {}

  private static final class Heard {
    final String memberId;
    final Roster roster;
    Speaker speaker;
    long connection;
    boolean isGone;

    /** Gone, and not put out because others are, too. */
    boolean isKept;

    long millis;

    /** How often it is to speak; 0 for a member that was not told, and goes by {@link #gaps}. */
    int promisedMs;

    /** The last times between two heartbeats. */
    final int[] gaps = new int[GAPS];

    int gapsSeen;
    boolean heartbeatWasLast;

    Heard(Speaker speaker, Roster roster) {
      this.memberId = speaker.memberId();
      this.roster = roster;
      this.speaker = speaker;
    }

    void heartbeat(long nowMillis) {
      if (heartbeatWasLast) {
        gaps[gapsSeen % GAPS] = (int) Math.min(nowMillis - millis, speaker.sessionMs());
        gapsSeen++;
      }
      heartbeatWasLast = true;
      promisedMs = 0;
      millis = nowMillis;
    }

    /** The time within which it speaks when nothing is wrong. */
    int intervalMs() {
      if (promisedMs > 0) {
        return promisedMs;
      }
      return gapsSeen < 2 // one may be short: a heartbeat whose answer was lost is sent again
          ? Math.min(USUAL_MILLIS, speaker.sessionMs() / 3)
          : Arrays.stream(gaps).max().orElseThrow();
    }
  }

  /** The members of a group that were heard. */
  private static final class Roster {
    final Map<String, Heard> members = new HashMap<>();
    int gone;
  }

  private final boolean enabled;
  private final LongAdder lost;
  private final LatestConnections latest = new LatestConnections();
  private final Map<String, Roster> rosters = new HashMap<>();
  private final Map<Long, Set<Heard>> byConnection = new HashMap<>();

  /**
   * @param enabled {@code group.remove.lost.members}
   * @param lost counts those that are put out
   */
  Presence(boolean enabled, LongAdder lost) {
    this.enabled = enabled;
    this.lost = lost;
  }

  /** Counts whether or not lost members are removed, and when requests were turned away too. */
  LatestConnections latest() {
    return latest;
  }

  // ---- members speak

  /** A classic member asks for its part; the time until it heartbeats tells nothing. */
  void heard(CoordinatorTurn<GroupRecord> turn, GroupClient client, Speaker speaker) {
    Heard heard = attach(turn, client, speaker);
    if (heard != null) {
      heard.millis = turn.nowMillis();
      heard.heartbeatWasLast = false;
    }
  }

  /** A classic member joins, and says what it owns. */
  void joined(CoordinatorTurn<GroupRecord> turn, GroupClient client, Speaker speaker) {
    heard(turn, client, speaker);
    latest.note(client, speaker.group(), speaker.memberId());
  }

  /** A member of the consumer protocol speaks, and is told when it shall do so again. */
  void heard(
      CoordinatorTurn<GroupRecord> turn, GroupClient client, Speaker speaker, int promisedMs) {
    Heard heard = attach(turn, client, speaker);
    if (heard != null) {
      heard.millis = turn.nowMillis();
      heard.promisedMs = promisedMs;
    }
    latest.note(client, speaker.group(), speaker.memberId());
  }

  /** A classic member heartbeats; how often, only it knows. */
  void heartbeat(CoordinatorTurn<GroupRecord> turn, GroupClient client, Speaker speaker) {
    Heard heard = attach(turn, client, speaker);
    if (heard != null) {
      heard.heartbeat(turn.nowMillis());
    }
  }

  /** A classic member is had to heartbeat sooner than it would: that tells nothing of its habit. */
  void asked(String group, String memberId) {
    Heard heard = find(group, memberId);
    if (heard != null) {
      heard.heartbeatWasLast = false;
    }
  }

  /** A member commits: it is there, but that is not the speaking that it is expected to do. */
  void committed(
      CoordinatorTurn<GroupRecord> turn, GroupClient client, String group, String memberId) {
    Heard heard = find(group, memberId);
    if (heard != null) {
      attach(turn, client, heard.speaker);
    }
  }

  private @Nullable Heard attach(
      CoordinatorTurn<GroupRecord> turn, GroupClient client, Speaker speaker) {
    if (!enabled) {
      return null;
    }
    if (client.connection() == GroupClient.UNKNOWN) {
      loseSight(turn, speaker.group(), speaker.memberId());
      return null;
    }
    Roster roster = rosters.computeIfAbsent(speaker.group(), group -> new Roster());
    Heard heard =
        roster.members.computeIfAbsent(speaker.memberId(), id -> new Heard(speaker, roster));
    heard.speaker = speaker;
    if (heard.isGone || heard.connection != client.connection()) {
      detach(turn, heard);
      heard.connection = client.connection();
      byConnection.computeIfAbsent(heard.connection, id -> new LinkedHashSet<>()).add(heard);
    }
    return heard;
  }

  private void detach(CoordinatorTurn<GroupRecord> turn, Heard heard) {
    if (heard.isGone) {
      heard.isGone = false;
      heard.isKept = false;
      heard.roster.gone--;
      turn.timers().cancel(departure(heard));
      return;
    }
    Set<Heard> others = byConnection.get(heard.connection);
    if (others != null && others.remove(heard) && others.isEmpty()) {
      byConnection.remove(heard.connection);
    }
  }

  private static GroupTimer.Departure departure(Heard heard) {
    return new GroupTimer.Departure(heard.speaker.group(), heard.memberId);
  }

  /** It is no member any more. */
  void forget(CoordinatorTurn<GroupRecord> turn, String group, String memberId) {
    latest.forget(group, memberId);
    loseSight(turn, group, memberId);
  }

  private void loseSight(CoordinatorTurn<GroupRecord> turn, String group, String memberId) {
    Roster roster = rosters.get(group);
    Heard heard = roster == null ? null : roster.members.remove(memberId);
    if (roster != null && heard != null) {
      detach(turn, heard);
      if (roster.members.isEmpty()) {
        rosters.remove(group);
      }
    }
  }

  // ---- connections break

  /** Nothing more will come by this connection: its peer has closed it, or it broke. */
  void onConnectionGone(CoordinatorTurn<GroupRecord> turn, long connection) {
    Set<Heard> last = byConnection.remove(connection);
    if (last == null) {
      return;
    }
    for (Heard heard : last) {
      heard.isGone = true;
      heard.roster.gone++;
      if (!heard.speaker.comesAndGoes()) {
        turn.timers().set(departure(heard), departureMillis(heard, turn.nowMillis()));
      }
    }
  }

  /**
   * Half an interval after it should have spoken, which is as much delay as a heartbeat that comes
   * in time may have; at least the grace, from now as from when it should have spoken.
   */
  private static long departureMillis(Heard heard, long nowMillis) {
    int interval = heard.intervalMs();
    long late = heard.millis + interval + Math.max(interval / 2, GRACE_MILLIS);
    long sessionEnd = heard.millis + heard.speaker.sessionMs();
    return Math.max(nowMillis + GRACE_MILLIS, Math.min(late, sessionEnd));
  }

  /** Whether its connection broke and it was not heard over another one since. */
  boolean isGone(String group, String memberId) {
    Heard heard = find(group, memberId);
    return heard != null && heard.isGone;
  }

  /**
   * Whether a member is to be put out whose time to come back is over: when as many members are
   * here as are gone. When more are gone, it may be the network rather than they, and whoever took
   * their partitions may be gone next; then it is asked again, because others may come back.
   */
  boolean mustGo(CoordinatorTurn<GroupRecord> turn, GroupTimer.Departure departure) {
    Heard heard = find(departure.group(), departure.memberId());
    if (heard == null || !heard.isGone) {
      return false;
    }
    if (heard.roster.members.size() - heard.roster.gone >= heard.roster.gone) {
      lost.increment();
      return true;
    }
    if (!heard.isKept) {
      heard.isKept = true;
      LOG.info(
          "member is kept group={} member={} because=most connections of the group broke",
          departure.group(),
          departure.memberId());
    }
    turn.timers().set(departure, turn.nowMillis() + GRACE_MILLIS);
    return false;
  }

  /**
   * The coordinator has turned requests away. Whoever is told so closes its connection and looks
   * for the coordinator elsewhere, for as long as that takes: nobody is gone for that.
   */
  void onTurnedAway() {
    rosters.clear();
    byConnection.clear();
  }

  private @Nullable Heard find(String group, String memberId) {
    Roster roster = rosters.get(group);
    return roster == null ? null : roster.members.get(memberId);
  }

  /** For tests: members known, connections that they were heard by, and their latest. */
  int size() {
    return rosters.values().stream().mapToInt(roster -> roster.members.size()).sum()
        + byConnection.size()
        + latest.size();
  }
}
