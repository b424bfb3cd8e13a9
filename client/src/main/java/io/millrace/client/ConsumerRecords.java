package io.millrace.client;

import java.util.Collections;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/** What one {@link Consumer#poll} brought; in order within each partition. Immutable. */
public final class ConsumerRecords<K, V> implements Iterable<ConsumerRecord<K, V>> {

  private final Map<TopicPartition, List<ConsumerRecord<K, V>>> byPartition;
  private final int count;

  /** Copies the lists. */
  public ConsumerRecords(Map<TopicPartition, List<ConsumerRecord<K, V>>> records) {
    Map<TopicPartition, List<ConsumerRecord<K, V>>> copy = new LinkedHashMap<>();
    int total = 0;
    for (Map.Entry<TopicPartition, List<ConsumerRecord<K, V>>> entry : records.entrySet()) {
      copy.put(entry.getKey(), List.copyOf(entry.getValue()));
      total += entry.getValue().size();
    }
    this.byPartition = Collections.unmodifiableMap(copy);
    this.count = total;
  }

  /** Nothing. */
  public static <K, V> ConsumerRecords<K, V> empty() {
    return new ConsumerRecords<>(Map.of());
  }

  public int count() {
    return count;
  }

  public boolean isEmpty() {
    return count == 0;
  }

  public Set<TopicPartition> partitions() {
    return byPartition.keySet();
  }

  /** The records of one partition; empty when there are none. */
  public List<ConsumerRecord<K, V>> records(TopicPartition partition) {
    return byPartition.getOrDefault(partition, List.of());
  }

  public Stream<ConsumerRecord<K, V>> stream() {
    return byPartition.values().stream().flatMap(List::stream);
  }

  @Override
  public Iterator<ConsumerRecord<K, V>> iterator() {
    return stream().iterator();
  }
}
