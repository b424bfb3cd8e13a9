package io.millrace.server.coordinator.group.assignor;

import io.millrace.protocol.Uuid;
import io.millrace.server.coordinator.group.assignor.GroupSpec.Member;
import io.millrace.server.coordinator.group.assignor.GroupSpec.Partition;
import io.millrace.server.coordinator.group.assignor.GroupSpec.Topic;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Gives each member a contiguous range of each of its topics, the same range in topics with as many
 * partitions and the same subscribers, so that partitions with the same keys meet in one member.
 *
 * <p>Members stand in order of their instance ids, where they have them, then of their member ids,
 * so the outcome depends on who is there and on nothing else. Ranges move when members come and go;
 * that is the price of meeting.
 */
final class RangeAssignor implements Assignor {

  @Override
  public String name() {
    return "range";
  }

  @Override
  public Map<String, SortedSet<Partition>> assign(GroupSpec group) {
    Map<String, SortedSet<Partition>> assigned = new TreeMap<>();
    Map<Uuid, List<String>> subscribers = new HashMap<>();
    for (String id : inOrder(group)) {
      assigned.put(id, new TreeSet<>());
      Member member = group.members().get(id);
      if (member != null) {
        member
            .subscribed()
            .forEach(topic -> subscribers.computeIfAbsent(topic, key -> new ArrayList<>()).add(id));
      }
    }
    for (Map.Entry<Uuid, Topic> topic : group.topics().entrySet()) {
      List<String> takers = subscribers.getOrDefault(topic.getKey(), List.of());
      int next = 0;
      for (int i = 0; i < takers.size(); i++) {
        int partitions = topic.getValue().partitions();
        int share = partitions / takers.size() + (i < partitions % takers.size() ? 1 : 0);
        SortedSet<Partition> part = assigned.computeIfAbsent(takers.get(i), key -> new TreeSet<>());
        for (int left = share; left > 0; left--) {
          part.add(new Partition(topic.getKey(), next++));
        }
      }
    }
    return assigned;
  }

  private static List<String> inOrder(GroupSpec group) {
    List<String> ids = new ArrayList<>(group.members().keySet());
    ids.sort(
        Comparator.comparing((String id) -> instance(group, id) == null)
            .thenComparing(
                id -> {
                  String instance = instance(group, id);
                  return instance == null ? id : instance;
                }));
    return ids;
  }

  @org.jspecify.annotations.Nullable
  private static String instance(GroupSpec group, String id) {
    Member member = group.members().get(id);
    return member == null ? null : member.instanceId();
  }
}
