package io.millrace.client;

/**
 * Where a consumer begins without a position, or with one that the log no longer has; Kafka's
 * {@code auto.offset.reset}.
 */
public enum OffsetReset {
  EARLIEST,
  LATEST,
  /** Fail: {@link Consumer#poll} throws, naming the partition. */
  NONE
}
