package io.millrace.protocol.record;

import io.millrace.protocol.ErrorCode;
import java.util.List;

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
   * @param badRecords those that alone are to blame, by their index in the batch, ascending; empty
   *     when the batch as a whole is bad
   */
  record Invalid(ErrorCode error, String reason, List<Integer> badRecords)
      implements BatchValidation {

    public Invalid {
      badRecords = List.copyOf(badRecords);
    }

    public Invalid(ErrorCode error, String reason) {
      this(error, reason, List.of());
    }
  }

  default boolean isValid() {
    return this instanceof Valid;
  }

  /** {@link ErrorCode#NONE} when valid. */
  default ErrorCode error() {
    return this instanceof Invalid invalid ? invalid.error() : ErrorCode.NONE;
  }
}
