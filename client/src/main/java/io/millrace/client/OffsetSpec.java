package io.millrace.client;

/** Which offset of a partition is asked for. */
public record OffsetSpec(long timestamp) {

  private static final OffsetSpec EARLIEST = new OffsetSpec(-2);
  private static final OffsetSpec LATEST = new OffsetSpec(-1);
  private static final OffsetSpec MAX_TIMESTAMP = new OffsetSpec(-3);

  /** The first record that the log still has. */
  public static OffsetSpec earliest() {
    return EARLIEST;
  }

  /** Where the next record will be read: the high watermark. */
  public static OffsetSpec latest() {
    return LATEST;
  }

  /** The record with the highest timestamp. */
  public static OffsetSpec maxTimestamp() {
    return MAX_TIMESTAMP;
  }

  /** The first record with this timestamp or a later one. */
  public static OffsetSpec forTimestamp(long millis) {
    if (millis < 0) {
      throw new IllegalArgumentException("timestamp " + millis + " is negative");
    }
    return new OffsetSpec(millis);
  }
}
