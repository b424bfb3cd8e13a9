package io.millrace.client.consumer;

import io.millrace.client.MillraceException;
import io.millrace.client.TopicPartition;
import io.millrace.protocol.record.MemoryRecords;
import java.util.List;

/**
 * What the fetching loop tells the reading side. The generation says which assignment or seek it
 * belongs to; whoever has moved on since then ignores it.
 */
sealed interface FetchEvent {

  TopicPartition partition();

  long generation();

  /**
   * Reading goes on from here: a lookup has ended, or a log was truncated.
   *
   * @param leaderEpoch of the record before, where it is known; else -1
   * @param committed the group has this very offset already
   */
  record Settled(
      TopicPartition partition, long generation, long offset, int leaderEpoch, boolean committed)
      implements FetchEvent {

    Settled(TopicPartition partition, long generation, long offset) {
      this(partition, generation, offset, -1, false);
    }
  }

  /**
   * Batches, on the heap. They may begin before the position: a fetch answers whole batches.
   *
   * @param aborted transactions whose records are to be left out, by first offset
   */
  record Fetched(
      TopicPartition partition, long generation, MemoryRecords records, List<Aborted> aborted)
      implements FetchEvent {

    int bytes() {
      return records.sizeInBytes();
    }
  }

  /** Fetching stopped and will not go on by itself. */
  record Failed(TopicPartition partition, long generation, MillraceException reason)
      implements FetchEvent {}

  /** A transaction that was aborted. */
  record Aborted(long producerId, long firstOffset) {}
}
