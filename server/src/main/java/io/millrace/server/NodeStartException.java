package io.millrace.server;

import org.jspecify.annotations.Nullable;

/**
 * The node cannot start, for a reason that its operator can change. The message says which; no
 * stack trace is needed.
 */
public final class NodeStartException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public NodeStartException(String message) {
    this(message, null);
  }

  public NodeStartException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
