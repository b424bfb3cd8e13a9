package io.millrace.log.tail;

import io.millrace.concurrent.ConfinedTo;
import java.util.ArrayDeque;

/**
 * The memory that all logs of one directory have for their tails. At the limit the oldest chunk is
 * let go, whichever log has it; a chunk with unwritten bytes is passed over.
 */
@ConfinedTo("the append loop")
public final class TailCache {

  private record Held(LogTail owner, TailChunk chunk) {}

  private final long maxBytes;
  private final ArrayDeque<Held> oldestFirst = new ArrayDeque<>();
  private long bytes;

  public TailCache(long maxBytes) {
    this.maxBytes = maxBytes;
  }

  void add(LogTail owner, TailChunk chunk) {
    oldestFirst.addLast(new Held(owner, chunk));
    bytes += chunk.capacity();
  }

  /** Lets chunks go until the limit holds. Called when nothing is unwritten. */
  public void trim() {
    for (int looked = oldestFirst.size(); looked > 0 && bytes > maxBytes; looked--) {
      Held held = oldestFirst.removeFirst();
      if (held.chunk().hasUnwritten()) {
        oldestFirst.addLast(held);
      } else if (held.owner().letGo(held.chunk())) {
        bytes -= held.chunk().capacity();
      }
    }
  }

  /** Takes note that a log dropped a chunk by itself. */
  void removed(TailChunk chunk) {
    if (oldestFirst.removeIf(held -> held.chunk() == chunk)) {
      bytes -= chunk.capacity();
    }
  }
}
