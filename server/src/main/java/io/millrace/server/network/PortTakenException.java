package io.millrace.server.network;

/** A listener's address cannot be bound. The message is for the operator. */
public final class PortTakenException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  PortTakenException(String message, Throwable cause) {
    super(message, cause);
  }
}
