package io.millrace.client.consumer;

import io.millrace.client.MillraceException;
import io.millrace.client.TopicPartition;
import io.millrace.client.consumer.FetchEvent.Fetched;
import io.millrace.client.consumer.FetchEvent.Settled;
import java.util.ArrayDeque;
import org.jspecify.annotations.Nullable;

/**
 * A partition as the reader sees it: its position, and what was fetched and not handed over yet.
 * Guarded by the consumer's lock.
 */
final class PartitionCursor {

  private static final long UNSETTLED = -1;
  private static final long NEVER = -1;

  final TopicPartition partition;
  final long generation;
  final ArrayDeque<FetchEvent> coming = new ArrayDeque<>();
  long position;
  int leaderEpoch = -1;
  long committed = NEVER;
  boolean paused;
  boolean revoking;
  @Nullable ChunkReader reader;
  @Nullable MillraceException failure;

  PartitionCursor(TopicPartition partition, long generation, StartAt start, boolean paused) {
    this.partition = partition;
    this.generation = generation;
    this.position = start.offset() >= 0 ? start.offset() : UNSETTLED;
    this.paused = paused;
  }

  /** Whether records may be handed over. */
  boolean isOpen() {
    return !paused && !revoking;
  }

  boolean isSettled() {
    return position != UNSETTLED;
  }

  /** What the loop says takes effect in its order: behind the chunks that came before it. */
  void settle(Settled settled) {
    if (coming.isEmpty() && reader == null) {
      goTo(settled);
    } else {
      coming.add(settled);
    }
  }

  /** The next chunk to read; null when none is here. */
  @Nullable Fetched nextChunk() {
    for (FetchEvent event = coming.poll(); event != null; event = coming.poll()) {
      if (event instanceof Fetched chunk) {
        return chunk;
      }
      if (event instanceof Settled settled) {
        goTo(settled);
      }
    }
    return null;
  }

  private void goTo(Settled settled) {
    position = settled.offset();
    leaderEpoch = settled.leaderEpoch();
    if (settled.committed()) {
      committed = settled.offset();
    }
  }
}
