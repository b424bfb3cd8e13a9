package io.millrace.log.segment;

import io.millrace.concurrent.SingleWriter;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A log's segments in order, the last one active. The append loop replaces the whole array; readers
 * hold on to the one they loaded.
 *
 * <p>Invariant: never empty, base offsets grow strictly.
 */
@SingleWriter
public final class SegmentList {

  private static final VarHandle SEGMENTS;

  static {
    try {
      SEGMENTS =
          MethodHandles.lookup().findVarHandle(SegmentList.class, "segments", Segment[].class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @SuppressWarnings("UnusedVariable") // read through SEGMENTS
  private Segment[] segments;

  public SegmentList(List<Segment> first) {
    segments = checked(first);
  }

  private static Segment[] checked(List<Segment> list) {
    if (list.isEmpty()) {
      throw new IllegalArgumentException("a log has at least one segment");
    }
    for (int i = 1; i < list.size(); i++) {
      if (list.get(i - 1).baseOffset() >= list.get(i).baseOffset()) {
        throw new IllegalArgumentException(
            "segment "
                + list.get(i).baseOffset()
                + " follows segment "
                + list.get(i - 1).baseOffset());
      }
    }
    return list.toArray(Segment[]::new);
  }

  private Segment[] acquire() {
    return (Segment[]) SEGMENTS.getAcquire(this);
  }

  /** All segments now; a snapshot. Any thread. */
  public List<Segment> snapshot() {
    return List.of(acquire());
  }

  /** The same object as long as no segment came or went. Any thread. */
  public Object version() {
    return acquire();
  }

  public Segment first() {
    return acquire()[0];
  }

  public Segment active() {
    Segment[] now = acquire();
    return now[now.length - 1];
  }

  /**
   * The segment that holds an offset, or the one after a gap; the first for older offsets. Any
   * thread.
   */
  public Segment floor(long offset) {
    Segment[] now = acquire();
    int low = 0;
    int high = now.length - 1;
    while (low < high) {
      int middle = (low + high + 1) >>> 1;
      if (now[middle].baseOffset() <= offset) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return now[low];
  }

  /** The segment behind another, or null. Any thread. */
  public @Nullable Segment after(Segment segment) {
    for (Segment each : acquire()) {
      if (each.baseOffset() > segment.baseOffset()) {
        return each;
      }
    }
    return null;
  }

  public long sizeInBytes() {
    long size = 0;
    for (Segment each : acquire()) {
      size += each.endPosition();
    }
    return size;
  }

  /** Makes a segment the active one. Append loop. */
  public void add(Segment segment) {
    List<Segment> next = new ArrayList<>(snapshot());
    next.add(segment);
    replace(next);
  }

  /** Replaces all segments. Append loop. */
  public void replace(List<Segment> next) {
    SEGMENTS.setRelease(this, checked(next));
  }
}
