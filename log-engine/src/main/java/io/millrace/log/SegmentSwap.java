package io.millrace.log;

import io.millrace.concurrent.ConfinedTo;
import io.millrace.log.segment.Segment;
import io.millrace.log.segment.SegmentFiles;
import io.millrace.log.storage.AtomicFile;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;

/**
 * Puts a cleaned segment in the place of others, so that a crash at any point leaves either them or
 * it.
 *
 * <pre>
 *   commit    b.log.cleaned -> b.log.swap      | names synced: from here on recovery completes it
 *   install   sources -> .deleted, list changed | names synced: no source comes back
 *   name      b.log.swap -> b.log               | the next flush syncs, and writes the index
 * </pre>
 *
 * <p>The append loop renames, the cleaner loop waits for the disk in between. Who wants to change
 * the segments meanwhile calls {@link #finishNow} first and waits itself.
 */
@ConfinedTo("the append loop")
final class SegmentSwap {

  private enum Step {
    COMMITTED,
    INSTALLED,
    DONE
  }

  private final LogState state;
  private final LogHost host;
  private final SegmentedLog log;
  private final List<Segment> sources;
  private final Segment cleaned;
  private Step step = Step.COMMITTED;

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
  static SegmentSwap commit(
      LogState state, LogHost host, SegmentedLog log, List<Segment> sources, Segment cleaned)
      throws IOException {
    if (state.cleaning.swap != null) {
      throw new IllegalStateException("two swaps at once in " + state.path());
    }
    cleaned.renameCleaned(SegmentFiles.CLEANED, SegmentFiles.SWAP);
    SegmentSwap swap = new SegmentSwap(state, host, log, sources, cleaned);
    state.cleaning.swap = swap;
    return swap;
  }

  /** Whether all segments are in the log's list, as they were. */
  static boolean areCurrent(LogState state, List<Segment> sources) {
    return new HashSet<>(state.segments.snapshot()).containsAll(sources);
  }

  /** The name {@code .swap} is durable: readers change over. */
  void install() throws IOException {
    if (step != Step.COMMITTED) {
      return;
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
    state.segments.replace(next);
    for (Segment source : sources) {
      source.markDeleted();
    }
  }

  /** No source has its name any more, durably: the cleaned segment takes the first one's. */
  void name() throws IOException {
    if (step != Step.INSTALLED) {
      return;
    }
    step = Step.DONE;
    state.cleaning.swap = null;
    cleaned.renameCleaned(SegmentFiles.SWAP, "");
    for (int i = 1; i < sources.size(); i++) {
      state.storage.delete(
          AtomicFile.join(
              state.directory(),
              SegmentFiles.name(sources.get(i).baseOffset(), SegmentFiles.PRODUCERS)));
    }
    Segment.IndexBytes index = cleaned.seal();
    if (index != null) {
      state.unit.segmentSealed(cleaned, index);
    }
    host.flushSoon(log);
    for (Segment source : sources) {
      host.removeLater(source, state.config.fileDeleteDelayMs());
    }
  }

  /** Does what is left, and waits for the disk. */
  void finishNow() throws IOException {
    state.storage.syncDirectory(state.directory());
    install();
    state.storage.syncDirectory(state.directory());
    name();
    state.storage.syncDirectory(state.directory());
  }
}
