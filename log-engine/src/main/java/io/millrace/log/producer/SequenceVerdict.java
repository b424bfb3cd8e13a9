package io.millrace.log.producer;

import io.millrace.protocol.ErrorCode;

/** What the sequence check says about a batch. */
public sealed interface SequenceVerdict {

  /** The batch continues its producer's sequence. */
  enum Next implements SequenceVerdict {
    APPEND
  }

  /** The log has the batch already. */
  record Repeated(long baseOffset, long lastOffset) implements SequenceVerdict {}

  /** The batch must not be appended. */
  record Refused(ErrorCode code, String reason) implements SequenceVerdict {}
}
