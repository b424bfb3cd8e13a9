package io.millrace.log;

import io.millrace.protocol.ErrorCode;
import io.millrace.protocol.record.MemoryRecords;
import io.millrace.protocol.record.Records;

/** The answer to a read. Whoever gets it releases {@link #asRecords()}. */
public sealed interface LogRead {

  /**
   * Whole batches, the first of which holds the asked offset, or none when there is nothing to read
   * yet.
   *
   * @param nextOffset where to read on: one past the last record returned, the asked offset when
   *     empty
   */
  record Data(Records records, long nextOffset) implements LogRead {}

  /** The asked offset lies outside of the log. */
  record OutOfRange(long logStartOffset, long logEndOffset) implements LogRead {}

  /** The log's directory is offline. */
  record Failed(ErrorCode code, String reason) implements LogRead {}

  /** The bytes; empty unless this is {@link Data}. */
  default Records asRecords() {
    return this instanceof Data data ? data.records() : MemoryRecords.EMPTY;
  }

  /** The code to answer with. */
  default ErrorCode error() {
    if (this instanceof Failed failed) {
      return failed.code();
    }
    return this instanceof OutOfRange ? ErrorCode.OFFSET_OUT_OF_RANGE : ErrorCode.NONE;
  }
}
