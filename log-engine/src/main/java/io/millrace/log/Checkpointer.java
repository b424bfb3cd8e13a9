package io.millrace.log;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.log.storage.LogStorage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Gathers what the {@link OffsetsCheckpoint} of a directory in service is to say: how far each of
 * its logs is, and what was said before of those that could not be opened.
 *
 * <p>Gathering takes its turn on the append loop, writing waits for the disk on whatever loop may.
 */
@ConfinedTo("the append loop, but for writing and for the entries of unopened logs")
final class Checkpointer {

  /** A checkpoint to write; one with a higher sequence is newer. */
  record Checkpoint(long sequence, List<OffsetsCheckpoint.Entry> entries) {}

  private final OffsetsCheckpoint file;
  private long sequence;
  private List<OffsetsCheckpoint.Entry> last = List.of();

  /** What the checkpoint says of logs that could not be opened, by directory name; any thread. */
  private final Map<String, OffsetsCheckpoint.Entry> ofUnopened = new ConcurrentHashMap<>();

  Checkpointer(LogStorage storage) {
    this.file = new OffsetsCheckpoint(storage);
  }

  // ---- any thread

  /**
   * Goes on saying in the checkpoint what it says of a log that could not be opened: forgotten, the
   * next start would take its damage for the torn end of a log of which nothing was flushed.
   */
  void remember(OffsetsCheckpoint.Entry unopened) {
    ofUnopened.put(unopened.id().directoryName(), unopened);
  }

  /** Says no more of an unopened log: its name is another's from now on. */
  void forget(String directoryName) {
    ofUnopened.remove(directoryName);
  }

  boolean hasUnopened() {
    return !ofUnopened.isEmpty();
  }

  /** Writes the checkpoint, unless a newer one is there already. Blocking. */
  void write(Checkpoint checkpoint) throws IOException {
    file.write(checkpoint.sequence(), checkpoint.entries());
  }

  // ---- append loop

  Checkpoint gather(Collection<SegmentedLog> logs) {
    List<OffsetsCheckpoint.Entry> entries = new ArrayList<>(logs.size());
    logs.forEach(log -> entries.add(log.checkpointEntry()));
    entries.addAll(ofUnopened.values());
    last = entries;
    return new Checkpoint(++sequence, entries);
  }

  /** Null when it would say what the one gathered before says. */
  @Nullable Checkpoint gatherIfChanged(Collection<SegmentedLog> logs) {
    List<OffsetsCheckpoint.Entry> before = last;
    Checkpoint now = gather(logs);
    return now.entries().equals(before) ? null : now;
  }
}
