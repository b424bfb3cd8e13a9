package io.millrace.log;

import io.millrace.concurrent.EventLoop;
import io.millrace.log.storage.LogStorage;
import java.util.List;

/**
 * One directory and the loops that serve it.
 *
 * @param appendLoop owns every log of the directory
 * @param flushLoops where flushing waits for the disk, each on a thread of its own in production:
 *     flushes of several files at once cost the disk hardly more than one (docs/decisions/020). The
 *     first also deletes and writes checkpoints
 * @param cleanerLoops where compaction reads and writes; directories may share them, and without
 *     any no log is compacted
 */
public record LogDirectory(
    LogStorage storage,
    EventLoop appendLoop,
    List<EventLoop> flushLoops,
    List<EventLoop> cleanerLoops) {

  /** How many flush loops a production directory should have. */
  public static final int RECOMMENDED_FLUSH_LOOPS = 6;

  public LogDirectory {
    flushLoops = List.copyOf(flushLoops);
    cleanerLoops = List.copyOf(cleanerLoops);
    if (flushLoops.isEmpty()) {
      throw new IllegalArgumentException("directory " + storage.describe() + " has no flush loop");
    }
  }

  /** A directory with one flush loop, as in the simulation. */
  public LogDirectory(LogStorage storage, EventLoop appendLoop, EventLoop flushLoop) {
    this(storage, appendLoop, List.of(flushLoop), List.of());
  }
}
