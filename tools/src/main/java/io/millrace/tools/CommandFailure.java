package io.millrace.tools;

import java.io.Serial;
import org.jspecify.annotations.Nullable;

/**
 * A command that cannot do what it was asked: what happened, what to do next, and the exit code. No
 * stack trace is shown.
 */
final class CommandFailure extends RuntimeException {

  @Serial private static final long serialVersionUID = 1;

  private final int exitCode;
  private final @Nullable String hint;

  CommandFailure(String message) {
    this(ExitCode.FAILED, message, null);
  }

  /**
   * @param hint what the person can do next; null when the message says it all
   */
  CommandFailure(int exitCode, String message, @Nullable String hint) {
    super(message);
    this.exitCode = exitCode;
    this.hint = hint;
  }

  int exitCode() {
    return exitCode;
  }

  @Nullable String hint() {
    return hint;
  }
}
