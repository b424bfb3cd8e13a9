package io.millrace.client;

import io.millrace.client.producer.Murmur2;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** The partitioners at hand. Thread-safe. */
public final class Partitioners {

  private Partitioners() {}

  /**
   * The default: records with a key by murmur2 of the key, so that they land where Kafka's Java
   * client puts them; records without one where the producer's current batch is.
   */
  public static Partitioner keyHash() {
    return (topic, key, value, partitionCount) ->
        key == null ? Partitioner.ANY : Murmur2.partition(key, partitionCount);
  }

  /** Spreads batches evenly and ignores keys. */
  public static Partitioner uniform() {
    return (topic, key, value, partitionCount) -> Partitioner.ANY;
  }

  /** Each record of a topic to the next partition, keys or not. Makes small batches. */
  public static Partitioner roundRobin() {
    ConcurrentHashMap<String, AtomicInteger> next = new ConcurrentHashMap<>();
    return (topic, key, value, partitionCount) ->
        Math.floorMod(
            next.computeIfAbsent(topic, name -> new AtomicInteger()).getAndIncrement(),
            partitionCount);
  }
}
