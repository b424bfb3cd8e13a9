package io.millrace.metadata.kv;

import org.jspecify.annotations.Nullable;

/**
 * The proposal was handed to the log, and leadership or patience ended before the answer: it may
 * yet be applied.
 */
public final class OutcomeUnknownException extends RuntimeException {

  public OutcomeUnknownException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
