package io.millrace.client;

/**
 * Where a group goes on in a partition, as it is committed.
 *
 * @param offset of the next record to be read
 * @param leaderEpoch of the last record that was read, by which a truncated log is noticed; -1 when
 *     unknown
 * @param metadata the application's own note; brokers limit its length
 */
public record OffsetAndMetadata(long offset, int leaderEpoch, String metadata) {

  public OffsetAndMetadata {
    if (offset < 0) {
      throw new IllegalArgumentException("offset " + offset + " is negative");
    }
  }

  /** An offset alone. */
  public OffsetAndMetadata(long offset) {
    this(offset, -1, "");
  }

  /** An offset with a note. */
  public OffsetAndMetadata(long offset, String metadata) {
    this(offset, -1, metadata);
  }
}
