package io.millrace.client.producer;

import io.millrace.protocol.ErrorCode;

/** What an answer means for a batch. Pure. */
enum SendVerdict {
  /** It is in the log. */
  SUCCEED,
  /** It is in the log from an earlier attempt, too long ago for the broker to know the offset. */
  SUCCEED_WITHOUT_OFFSET,
  /** It is not in the log, or nobody knows; the same bytes may be sent again. */
  RETRY,
  /** It is not in the log because its numbers do not follow on the last that the broker has. */
  OUT_OF_SEQUENCE,
  /** It is not in the log, and too large; smaller batches may do. */
  SPLIT,
  /** It is not in the log, and no other attempt will help. */
  FAIL,
  /** It is not in the log, and the producer id is of no more use. */
  FAIL_AND_RENEW_ID;

  /**
   * @param records how many the batch has; a single one cannot be split
   */
  static SendVerdict of(ErrorCode error, boolean idempotent, int records) {
    return switch (error) {
      case NONE -> SUCCEED;
      case DUPLICATE_SEQUENCE_NUMBER -> SUCCEED_WITHOUT_OFFSET;
      case OUT_OF_ORDER_SEQUENCE_NUMBER, UNKNOWN_PRODUCER_ID -> idempotent ? OUT_OF_SEQUENCE : FAIL;
      case INVALID_PRODUCER_EPOCH, PRODUCER_FENCED -> idempotent ? FAIL_AND_RENEW_ID : FAIL;
      case MESSAGE_TOO_LARGE -> records > 1 ? SPLIT : FAIL;
      default -> error.isRetriable() ? RETRY : FAIL;
    };
  }

  /** Whether a failed attempt may nevertheless have written the batch, or may still do so. */
  static boolean leavesOutcomeUnknown(ErrorCode error) {
    return switch (error) {
      case NETWORK_EXCEPTION,
          REQUEST_TIMED_OUT,
          NOT_ENOUGH_REPLICAS_AFTER_APPEND,
          UNKNOWN_SERVER_ERROR,
          KAFKA_STORAGE_ERROR ->
          true;
      default -> false;
    };
  }
}
