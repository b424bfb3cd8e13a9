package io.millrace.log;

import io.millrace.concurrent.SingleWriter;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The offsets of a log that other threads see. The append loop stores each with release after what
 * it promises is true; readers load with acquire. Each cell stands for itself: two loads may see
 * different moments.
 */
@SuppressWarnings("UnusedVariable") // the fields are read through their handles
@SingleWriter
final class PublishedOffsets {

  private static final VarHandle LOG_START;
  private static final VarHandle STABLE;
  private static final VarHandle HIGH_WATERMARK;
  private static final VarHandle DURABLE_END;
  private static final VarHandle LOG_END;

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      LOG_START = lookup.findVarHandle(PublishedOffsets.class, "logStart", long.class);
      STABLE = lookup.findVarHandle(PublishedOffsets.class, "lastStable", long.class);
      HIGH_WATERMARK = lookup.findVarHandle(PublishedOffsets.class, "highWatermark", long.class);
      DURABLE_END = lookup.findVarHandle(PublishedOffsets.class, "durableEnd", long.class);
      LOG_END = lookup.findVarHandle(PublishedOffsets.class, "logEnd", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private long logStart;
  private long lastStable;
  private long highWatermark;
  private long durableEnd;
  private long logEnd;

  PublishedOffsets(long logStart, long highWatermark, long durableEnd, long logEnd) {
    if (logStart > highWatermark || highWatermark > logEnd || durableEnd > logEnd) {
      throw new IllegalArgumentException(
          "offsets out of order: logStart="
              + logStart
              + " highWatermark="
              + highWatermark
              + " durableEnd="
              + durableEnd
              + " logEnd="
              + logEnd);
    }
    this.logStart = logStart;
    this.lastStable = highWatermark;
    this.highWatermark = highWatermark;
    this.durableEnd = durableEnd;
    this.logEnd = logEnd;
    VarHandle.releaseFence();
  }

  long logStartAcquire() {
    return (long) LOG_START.getAcquire(this);
  }

  long lastStableAcquire() {
    return (long) STABLE.getAcquire(this);
  }

  long highWatermarkAcquire() {
    return (long) HIGH_WATERMARK.getAcquire(this);
  }

  long durableEndAcquire() {
    return (long) DURABLE_END.getAcquire(this);
  }

  long logEndAcquire() {
    return (long) LOG_END.getAcquire(this);
  }

  void releaseLogStart(long offset) {
    LOG_START.setRelease(this, offset);
  }

  void releaseLastStable(long offset) {
    STABLE.setRelease(this, offset);
  }

  void releaseHighWatermark(long offset) {
    HIGH_WATERMARK.setRelease(this, offset);
  }

  void releaseDurableEnd(long offset) {
    DURABLE_END.setRelease(this, offset);
  }

  /** Last of an append: whoever sees it can read every byte below. */
  void releaseLogEnd(long offset) {
    LOG_END.setRelease(this, offset);
  }
}
