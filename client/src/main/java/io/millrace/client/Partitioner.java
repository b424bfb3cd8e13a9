package io.millrace.client;

import org.jspecify.annotations.Nullable;

/**
 * Chooses the partition of a record that names none. Runs on the producer's loop: be short and
 * never block. See {@link Partitioners}.
 */
@FunctionalInterface
public interface Partitioner {

  /**
   * The partition.
   *
   * @param key the serialized key
   * @param partitionCount how many partitions the topic has, at least 1
   * @return 0 to {@code partitionCount - 1}; {@link #ANY} leaves it to the producer's sticky
   *     choice, which fills one batch after another and avoids partitions without a leader
   */
  int partition(String topic, byte @Nullable [] key, byte @Nullable [] value, int partitionCount);

  /** Leave the choice to the producer. */
  int ANY = -1;
}
