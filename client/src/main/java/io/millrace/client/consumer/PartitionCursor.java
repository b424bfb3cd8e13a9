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

  final TopicPartition partition;
  final long generation;
  final ArrayDeque<FetchEvent> coming = new ArrayDeque<>();
  long position;
  boolean paused;
  @Nullable ChunkReader reader;
  @Nullable MillraceException failure;

  PartitionCursor(TopicPartition partition, long generation, StartAt start, boolean paused) {
    this.partition = partition;
    this.generation = generation;
    this.position = start.offset() >= 0 ? start.offset() : UNSETTLED;
    this.paused = paused;
  }

  boolean isSettled() {
    return position != UNSETTLED;
  }

  /** What the loop says takes effect in its order: behind the chunks that came before it. */
  void settle(Settled settled) {
    if (coming.isEmpty() && reader == null) {
      position = settled.offset();
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
        position = settled.offset();
      }
    }
    return null;
  }
}
