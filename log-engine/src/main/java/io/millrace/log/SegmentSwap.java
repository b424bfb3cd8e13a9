package io.millrace.log;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.log.segment.Segment;
import io.millrace.log.segment.SegmentFiles;
import io.millrace.log.storage.AtomicFile;
import io.millrace.log.storage.LogStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * Puts a cleaned segment in the place of its sources, so that a crash at any point leaves either
 * them or it. Nothing relies on two names changing together.
 *
 * <pre>
 *   BEGUN      intention b.swap written: "b.log, if it reaches to offset e, replaces all up to e"
 *   INSTALLED  b.log.cleaned -&gt; b.log over the first source, list changed
 *   RETIRED    the other sources -&gt; .deleted
 *   DONE       intention deleted; the next flush syncs, and writes the index
 * </pre>
 *
 * <p>The append loop renames; between the steps the cleaner loop waits until the names are on disk.
 * Who wants to change the segments meanwhile calls {@link #settleNow} first and waits itself.
 */
@ConfinedTo("the append loop")
final class SegmentSwap {

  private enum Step {
    BEGUN,
    INSTALLED,
    RETIRED,
    DONE,
    CANCELLED
  }

  private final LogState state;
  private final LogHost host;
  private final SegmentedLog log;
  private final List<Segment> sources;
  private final Segment cleaned;
  private Step step = Step.BEGUN;

  private SegmentSwap(
      LogState state, LogHost host, SegmentedLog log, List<Segment> sources, Segment cleaned) {
    this.state = state;
    this.host = host;
    this.log = log;
    this.sources = sources;
    this.cleaned = cleaned;
  }

  /**
   * Begins. The cleaned segment's bytes are on disk, its sources pinned, sealed and still in the
   * list.
   */
  static SegmentSwap begin(
      LogState state, LogHost host, SegmentedLog log, List<Segment> sources, Segment cleaned) {
    if (state.cleaning.swap != null) {
      throw new IllegalStateException("two swaps at once in " + state.path());
    }
    SegmentSwap swap = new SegmentSwap(state, host, log, sources, cleaned);
    state.cleaning.swap = swap;
    return swap;
  }

  /** Whether all segments are in the log's list, as they were. */
  static boolean areCurrent(LogState state, List<Segment> sources) {
    return new HashSet<>(state.segments.snapshot()).containsAll(sources);
  }

  /** Writes the intention; on disk when it returns. Cleaner loop. */
  void writeIntention(LogStorage storage, String directory) throws IOException {
    byte[] end = ByteBuffer.allocate(Long.BYTES).putLong(0, cleaned.nextOffset()).array();
    AtomicFile.write(storage, directory, intentionName(), end);
  }

  private String intentionName() {
    return SegmentFiles.name(cleaned.baseOffset(), SegmentFiles.SWAP);
  }

  private void deleteIntention() throws IOException {
    state.storage.delete(AtomicFile.join(state.directory(), intentionName()));
  }

  /**
   * The intention is on disk: readers change over.
   *
   * @return false when the segments were changed meanwhile and nothing was done
   */
  boolean install() throws IOException {
    if (step == Step.CANCELLED) {
      deleteIntention();
      return false;
    }
    step = Step.INSTALLED;
    List<Segment> next = new ArrayList<>();
    for (Segment segment : state.segments.snapshot()) {
      if (segment.equals(sources.get(0))) {
        next.add(cleaned);
      }
      if (!sources.contains(segment)) {
        next.add(segment);
      }
    }
    cleaned.takeName();
    state.segments.replace(next);
    sources.get(0).markReplaced();
    return true;
  }

  /** The new segment has its name, durably: the other sources lose theirs. */
  void retire() throws IOException {
    if (step != Step.INSTALLED) {
      return;
    }
    step = Step.RETIRED;
    for (Segment source : sources.subList(1, sources.size())) {
      source.markDeleted();
      state.storage.delete(
          AtomicFile.join(
              state.directory(), SegmentFiles.name(source.baseOffset(), SegmentFiles.PRODUCERS)));
    }
  }

  /** No source has its name any more, durably. */
  void end() throws IOException {
    if (step != Step.RETIRED) {
      return;
    }
    step = Step.DONE;
    state.cleaning.swap = null;
    deleteIntention();
    Segment.IndexBytes index = cleaned.seal();
    if (index != null) {
      state.unit.segmentSealed(cleaned, index);
    }
    host.flushSoon(log);
    for (Segment source : sources) {
      host.removeLater(source, state.config.fileDeleteDelayMs());
    }
  }

  /** Calls it off when nothing was renamed yet, else does what is left and waits for the disk. */
  void settleNow() throws IOException {
    if (step == Step.BEGUN) {
      step = Step.CANCELLED;
      state.cleaning.swap = null;
      return;
    }
    state.storage.syncDirectory(state.directory());
    retire();
    state.storage.syncDirectory(state.directory());
    end();
    state.storage.syncDirectory(state.directory());
  }
}
