package io.millrace.server.coordinator.group;

import io.millrace.protocol.Uuid;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/** Partitions of topics, by topic id. Immutable, in a fixed order, no topic without a partition. */
public record PartitionSet(SortedMap<Uuid, SortedSet<Integer>> byTopic) {

  public static final PartitionSet EMPTY = new PartitionSet(new TreeMap<>());

  public PartitionSet {
    TreeMap<Uuid, SortedSet<Integer>> copy = new TreeMap<>();
    byTopic.forEach(
        (topic, partitions) -> {
          if (!partitions.isEmpty()) {
            copy.put(topic, Collections.unmodifiableSortedSet(new TreeSet<>(partitions)));
          }
        });
    byTopic = Collections.unmodifiableSortedMap(copy);
  }

  public static PartitionSet of(Map<Uuid, ? extends Collection<Integer>> partitions) {
    TreeMap<Uuid, SortedSet<Integer>> sorted = new TreeMap<>();
    partitions.forEach((topic, list) -> sorted.put(topic, new TreeSet<>(list)));
    return new PartitionSet(sorted);
  }

  public static PartitionSet of(Uuid topic, Integer... partitions) {
    return of(Map.of(topic, List.of(partitions)));
  }

  public boolean isEmpty() {
    return byTopic.isEmpty();
  }

  public int size() {
    return byTopic.values().stream().mapToInt(SortedSet::size).sum();
  }

  public SortedSet<Integer> of(Uuid topic) {
    return byTopic.getOrDefault(topic, Collections.emptyNavigableSet());
  }

  public boolean contains(Uuid topic, int partition) {
    return of(topic).contains(partition);
  }

  public boolean containsAll(PartitionSet other) {
    return other.minus(this).isEmpty();
  }

  public boolean intersects(PartitionSet other) {
    return !and(other).isEmpty();
  }

  public PartitionSet plus(PartitionSet other) {
    if (other.isEmpty()) {
      return this;
    }
    TreeMap<Uuid, SortedSet<Integer>> all = new TreeMap<>();
    byTopic.forEach((topic, partitions) -> all.put(topic, new TreeSet<>(partitions)));
    other.byTopic.forEach(
        (topic, partitions) ->
            all.computeIfAbsent(topic, key -> new TreeSet<>()).addAll(partitions));
    return new PartitionSet(all);
  }

  public PartitionSet minus(PartitionSet other) {
    return keep((topic, partition) -> !other.contains(topic, partition));
  }

  public PartitionSet and(PartitionSet other) {
    return keep(other::contains);
  }

  /** The partitions that a rule accepts. */
  public PartitionSet keep(Rule rule) {
    TreeMap<Uuid, SortedSet<Integer>> kept = new TreeMap<>();
    byTopic.forEach(
        (topic, partitions) -> {
          TreeSet<Integer> left = new TreeSet<>();
          for (int partition : partitions) {
            if (rule.accepts(topic, partition)) {
              left.add(partition);
            }
          }
          kept.put(topic, left);
        });
    return new PartitionSet(kept);
  }

  /** A question about a partition. */
  @FunctionalInterface
  public interface Rule {
    boolean accepts(Uuid topic, int partition);
  }
}
