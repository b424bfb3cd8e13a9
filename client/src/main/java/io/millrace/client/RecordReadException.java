package io.millrace.client;

import io.millrace.protocol.ErrorCode;
import org.jspecify.annotations.Nullable;

/**
 * A record was fetched but cannot be handed over: its batch fails the checksum, or the deserializer
 * refused it. The position stays before the record; {@link Consumer#seek} past it to go on.
 */
public final class RecordReadException extends MillraceException {

  private static final long serialVersionUID = 1;

  private final transient TopicPartition partition;
  private final long offset;

  public RecordReadException(
      ErrorCode error,
      TopicPartition partition,
      long offset,
      String reason,
      @Nullable Throwable cause) {
    super(
        error,
        "cannot read record, partition=" + partition + " offset=" + offset + ": " + reason,
        cause);
    this.partition = partition;
    this.offset = offset;
  }

  public TopicPartition partition() {
    return partition;
  }

  public long offset() {
    return offset;
  }
}
