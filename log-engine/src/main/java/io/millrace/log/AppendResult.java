package io.millrace.log;

import io.millrace.protocol.ErrorCode;

/**
 * What became of an append. An accepted append is not yet durable: see {@link
 * PartitionLog#onDurable}.
 */
public sealed interface AppendResult {

  /**
   * Offsets are assigned; the bytes are written before the loop's current turn ends.
   *
   * @param logAppendTime the stamp given to the batches, or -1 when the topic keeps its clients'
   *     timestamps
   */
  record Appended(long baseOffset, long lastOffset, long logAppendTime, long logStartOffset)
      implements AppendResult {}

  /**
   * A retry of a batch that the log already holds; answered as success, once {@code lastOffset} is
   * committed.
   *
   * @param logAppendTime as in {@link Appended}
   */
  record Duplicate(long baseOffset, long lastOffset, long logAppendTime, long logStartOffset)
      implements AppendResult {}

  /** Nothing was appended. */
  record Rejected(ErrorCode code, String reason) implements AppendResult {}

  /** The code to answer with. */
  default ErrorCode error() {
    return this instanceof Rejected rejected ? rejected.code() : ErrorCode.NONE;
  }
}
