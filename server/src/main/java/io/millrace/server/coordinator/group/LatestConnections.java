package io.millrace.server.coordinator.group;

import io.millrace.concurrent.ConfinedTo;
import java.util.HashMap;
import java.util.Map;

/**
 * By which connection each member said last what it owns: in a heartbeat of the consumer protocol,
 * or when it joined by the classic one. Whatever comes by an earlier connection was said before
 * that, and is out of date: bytes may wait in the socket of a connection that its client has long
 * replaced.
 *
 * <p>Soft, and of members alone: goes with them.
 */
@ConfinedTo("the shard's loop")
final class LatestConnections {
  private final Map<String, Map<String, Long>> byGroup = new HashMap<>();

  /** Whether the member has spoken by a later connection already. */
  boolean isOvertaken(GroupClient client, String group, String memberId) {
    Long latest = byGroup.getOrDefault(group, Map.of()).get(memberId);
    return latest != null
        && client.connection() != GroupClient.UNKNOWN
        && client.connection() < latest;
  }

  /** A member has spoken, and is believed. */
  void note(GroupClient client, String group, String memberId) {
    if (client.connection() != GroupClient.UNKNOWN) {
      byGroup.computeIfAbsent(group, id -> new HashMap<>()).put(memberId, client.connection());
    }
  }

  void forget(String group, String memberId) {
    Map<String, Long> members = byGroup.get(group);
    if (members != null && members.remove(memberId) != null && members.isEmpty()) {
      byGroup.remove(group);
    }
  }

  int size() {
    return byGroup.values().stream().mapToInt(Map::size).sum();
  }
}
