package io.millrace.protocol.record;

import io.millrace.protocol.ErrorCode;

/** What {@link RecordBatchValidator} found. */
public sealed interface BatchValidation {

  /**
   * The batches are whole and say the truth.
   *
   * @param minTimestamp of all records, -1 when there is a record without one
   * @param maxTimestamp of all records, -1 when none has one
   */
  record Valid(int batches, int records, long minTimestamp, long maxTimestamp)
      implements BatchValidation {}

  /**
   * @param error what the client is told
   * @param reason one sentence with both values, for the client and the log
   */
  record Invalid(ErrorCode error, String reason) implements BatchValidation {}

  default boolean isValid() {
    return this instanceof Valid;
  }

  /** {@link ErrorCode#NONE} when valid. */
  default ErrorCode error() {
    return this instanceof Invalid invalid ? invalid.error() : ErrorCode.NONE;
  }
}
