package io.millrace.server.coordinator.group.assignor;

import io.millrace.protocol.Uuid;
import io.millrace.server.coordinator.group.assignor.GroupSpec.Member;
import io.millrace.server.coordinator.group.assignor.GroupSpec.Partition;
import io.millrace.server.coordinator.group.assignor.GroupSpec.Topic;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Gives each member as many partitions as any other that could take them, and moves as few as that
 * needs. Where it has a choice it prefers a member in a rack of one of the partition's replicas.
 *
 * <p>First every partition stays where it is, if its owner still wants it. Then each that nobody
 * has goes to the least loaded subscriber. Then partitions move along chains of members from one
 * that has more to one that has at least two fewer, until there is no such chain; so a partition
 * moves only where that makes the loads more even.
 */
final class UniformAssignor implements Assignor {

  @Override
  public String name() {
    return "uniform";
  }

  @Override
  public Map<String, SortedSet<Partition>> assign(GroupSpec group) {
    return new Balance(group).run();
  }

  /** One computation. */
  private static final class Balance {
    private final GroupSpec group;
    private final Map<Uuid, List<String>> subscribers = new HashMap<>();
    private final Map<String, SortedSet<Partition>> assigned = new TreeMap<>();

    Balance(GroupSpec group) {
      this.group = group;
      group
          .members()
          .forEach(
              (id, member) -> {
                assigned.put(id, new TreeSet<>());
                for (Uuid topic : member.subscribed()) {
                  subscribers.computeIfAbsent(topic, key -> new ArrayList<>()).add(id);
                }
              });
    }

    Map<String, SortedSet<Partition>> run() {
      TreeSet<Partition> free = new TreeSet<>();
      group
          .topics()
          .forEach(
              (topic, spec) -> {
                if (subscribers.containsKey(topic)) {
                  for (int i = 0; i < spec.partitions(); i++) {
                    free.add(new Partition(topic, i));
                  }
                }
              });
      group
          .members()
          .forEach(
              (id, member) -> {
                for (Partition partition : new TreeSet<>(member.owned())) {
                  if (member.subscribed().contains(partition.topic()) && free.remove(partition)) {
                    assigned(id).add(partition);
                  }
                }
              });
      free.forEach(partition -> assigned(leastLoaded(partition)).add(partition));
      while (evenOut()) {
        // each round makes two loads more even, so this ends
      }
      return assigned;
    }

    private SortedSet<Partition> assigned(String memberId) {
      SortedSet<Partition> partitions = assigned.get(memberId);
      if (partitions == null) {
        throw new IllegalStateException("member " + memberId + " is not in the group");
      }
      return partitions;
    }

    private int load(String memberId) {
      return assigned(memberId).size();
    }

    private String leastLoaded(Partition partition) {
      String best = null;
      for (String candidate : subscribers.getOrDefault(partition.topic(), List.of())) {
        if (best == null
            || load(candidate) < load(best)
            || (load(candidate) == load(best)
                && isNear(partition, candidate)
                && !isNear(partition, best))) {
          best = candidate;
        }
      }
      if (best == null) {
        throw new IllegalStateException("nobody subscribes to " + partition);
      }
      return best;
    }

    private boolean isNear(Partition partition, String memberId) {
      Topic topic = group.topics().get(partition.topic());
      Member member = group.members().get(memberId);
      return topic != null && member != null && topic.isNear(partition.index(), member.rack());
    }

    /** Moves partitions along one chain. */
    private boolean evenOut() {
      List<String> byLoad = new ArrayList<>(assigned.keySet());
      byLoad.sort((a, b) -> Integer.compare(load(b), load(a)));
      if (byLoad.isEmpty() || load(byLoad.get(0)) - load(byLoad.get(byLoad.size() - 1)) < 2) {
        return false;
      }
      for (String from : byLoad) {
        if (moveFrom(from)) {
          return true;
        }
      }
      return false;
    }

    /** Breadth first: who could take something from whom, starting at a member with much. */
    private boolean moveFrom(String start) {
      Map<String, Step> reached = new HashMap<>();
      reached.put(start, new Step(start, null, null));
      List<Step> queue = new ArrayList<>(List.of(new Step(start, null, null)));
      for (int i = 0; i < queue.size(); i++) {
        Step step = queue.get(i);
        if (load(start) - load(step.member) >= 2) {
          step.carryOut(this);
          return true;
        }
        Map<Uuid, Partition> seen = new TreeMap<>();
        assigned(step.member).forEach(partition -> seen.putIfAbsent(partition.topic(), partition));
        for (Partition sample : seen.values()) {
          for (String taker : subscribers.getOrDefault(sample.topic(), List.of())) {
            if (!reached.containsKey(taker)) {
              Step next = new Step(taker, choose(step.member, taker, sample.topic()), step);
              reached.put(taker, next);
              queue.add(next);
            }
          }
        }
      }
      return false;
    }

    /** The partition of a topic that goes over: rather one that is nearer there than here. */
    private Partition choose(String from, String to, Uuid topic) {
      Partition chosen = null;
      for (Partition partition : assigned(from)) {
        if (!partition.topic().equals(topic)) {
          continue;
        }
        if (isNear(partition, to) && !isNear(partition, from)) {
          return partition;
        }
        chosen = partition; // the last: early partitions stay put
      }
      if (chosen == null) {
        throw new IllegalStateException("member " + from + " has nothing of " + topic);
      }
      return chosen;
    }
  }

  /** A member reached in the search, and what it would take from the one before. */
  private record Step(String member, @Nullable Partition takes, @Nullable Step before) {
    void carryOut(Balance balance) {
      for (Step step = this; step.before != null && step.takes != null; step = step.before) {
        balance.assigned(step.before.member).remove(step.takes);
        balance.assigned(step.member).add(step.takes);
      }
    }
  }
}
