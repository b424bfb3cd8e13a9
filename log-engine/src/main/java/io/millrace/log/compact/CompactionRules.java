package io.millrace.log.compact;

import java.util.ArrayList;
import java.util.List;

/**
 * The arithmetic of compaction: what may be cleaned, whether it is worth it, in which groups. Pure.
 */
public final class CompactionRules {

  /**
   * A sealed segment.
   *
   * @param nextOffset one past its last offset, where the next segment begins
   * @param maxTimestamp of its records, -1 when there is none
   */
  public record Piece(long baseOffset, long nextOffset, long bytes, long maxTimestamp) {}

  /**
   * How much of a log is new since its last cleaning.
   *
   * @param cleanBytes of segments that were cleaned
   * @param dirtyBytes of segments that can be cleaned and were not
   */
  public record Dirt(long cleanBytes, long dirtyBytes) {
    public double ratio() {
      return dirtyBytes == 0 ? 0 : (double) dirtyBytes / (cleanBytes + dirtyBytes);
    }
  }

  private CompactionRules() {}

  /**
   * How many segments from the log's start on may be cleaned: those wholly below a limit whose
   * newest record is old enough. The first that is not ends the stretch.
   */
  public static int cleanable(List<Piece> sealed, long limitOffset, long nowMs, long minLagMs) {
    int count = 0;
    for (Piece piece : sealed) {
      boolean tooYoung = minLagMs > 0 && piece.maxTimestamp() > nowMs - minLagMs;
      if (piece.nextOffset() > limitOffset || tooYoung) {
        break;
      }
      count++;
    }
    return count;
  }

  /** How dirty some cleanable segments are when all below an offset was cleaned. */
  public static Dirt dirt(List<Piece> cleanable, long firstDirtyOffset) {
    long clean = 0;
    long dirty = 0;
    for (Piece piece : cleanable) {
      if (piece.nextOffset() <= firstDirtyOffset) {
        clean += piece.bytes();
      } else {
        dirty += piece.bytes();
      }
    }
    return new Dirt(clean, dirty);
  }

  /**
   * Whether a log is to be cleaned now.
   *
   * @param oldestDirtyMs the timestamp of the oldest record not cleaned, -1 when unknown
   * @param horizonMs when the next tombstone may go
   */
  public static boolean isDue(
      Dirt dirt,
      double minDirtyRatio,
      long oldestDirtyMs,
      long maxLagMs,
      long horizonMs,
      long nowMs) {
    if (horizonMs <= nowMs) {
      return true;
    }
    return dirt.dirtyBytes() > 0
        && (dirt.ratio() >= minDirtyRatio
            || (oldestDirtyMs >= 0 && nowMs - oldestDirtyMs > maxLagMs));
  }

  /**
   * Neighbours that become one segment: together not over the size of one, few enough to swap
   * quickly, their offsets not too far apart for an index. A piece that is over any limit by itself
   * is a group of one.
   *
   * @return indexes: group i is [ends[i-1], ends[i])
   */
  public static List<Integer> groupEnds(List<Piece> pieces, long maxBytes, int maxPieces) {
    List<Integer> ends = new ArrayList<>();
    int first = 0;
    long bytes = 0;
    for (int i = 0; i < pieces.size(); i++) {
      Piece piece = pieces.get(i);
      boolean fits =
          bytes + piece.bytes() <= maxBytes
              && i - first < maxPieces
              && piece.nextOffset() - pieces.get(first).baseOffset() <= Integer.MAX_VALUE;
      if (i > first && !fits) {
        ends.add(i);
        first = i;
        bytes = 0;
      }
      bytes += piece.bytes();
    }
    if (!pieces.isEmpty()) {
      ends.add(pieces.size());
    }
    return ends;
  }
}
