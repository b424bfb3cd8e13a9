package io.millrace.log;

import io.millrace.log.compact.CompactionRules;
import io.millrace.log.compact.CompactionRules.Piece;
import io.millrace.log.segment.BatchScanner;
import io.millrace.log.segment.Segment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A log that may need cleaning, as its append loop saw it. Read on a cleaner loop.
 *
 * @param segments those that are sealed, whole on disk, and below what is replicated and decided
 * @param firstDirty below it everything was cleaned
 * @param generation of the log's truncations; another one makes this worthless
 */
record CleaningInput(
    SegmentedLog log,
    List<Segment> segments,
    long firstDirty,
    long nextHorizonMs,
    int generation,
    LogConfig config) {

  /**
   * What is to be cleaned.
   *
   * @param segments old enough
   */
  record Choice(
      CleaningInput input, List<Segment> segments, double ratio, long dirtyBytes, boolean due) {}

  /** Reads indexes where they are not in memory; blocking. */
  Choice choose(long nowMs) throws IOException {
    List<Piece> pieces = new ArrayList<>(segments.size());
    for (Segment segment : segments) {
      pieces.add(
          new Piece(
              segment.baseOffset(),
              segment.nextOffset(),
              segment.endPosition(),
              segment.maxTimestamp()));
    }
    CompactionConfig compaction = config.compaction();
    int count = CompactionRules.cleanable(pieces, Long.MAX_VALUE, nowMs, compaction.minLagMs());
    CompactionRules.Dirt dirt = CompactionRules.dirt(pieces.subList(0, count), firstDirty);
    long oldest =
        compaction.maxLagMs() == Long.MAX_VALUE ? -1 : oldestDirtyMs(segments.subList(0, count));
    boolean due =
        CompactionRules.isDue(
            dirt,
            compaction.minDirtyRatio(),
            oldest,
            compaction.maxLagMs(),
            count == 0 ? Long.MAX_VALUE : nextHorizonMs,
            nowMs);
    return new Choice(this, segments.subList(0, count), dirt.ratio(), dirt.dirtyBytes(), due);
  }

  private long oldestDirtyMs(List<Segment> cleanable) throws IOException {
    for (Segment segment : cleanable) {
      if (segment.nextOffset() > firstDirty) {
        BatchScanner batches = segment.scanFrom(Math.max(firstDirty, segment.baseOffset()));
        while (batches.next()) {
          if (batches.lastOffset() >= firstDirty) {
            return batches.maxTimestamp();
          }
        }
      }
    }
    return -1;
  }
}
