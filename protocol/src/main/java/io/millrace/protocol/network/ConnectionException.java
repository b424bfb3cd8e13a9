package io.millrace.protocol.network;

import java.io.IOException;
import java.io.Serial;
import org.jspecify.annotations.Nullable;

/** Why a connection could not be made, or a request on it was not answered. */
public final class ConnectionException extends IOException {

  @Serial private static final long serialVersionUID = 1;

  /** What the caller may do about it. */
  public enum Kind {
    /** Nobody answered at the address, or the negotiation of versions failed. */
    NOT_CONNECTED,
    /**
     * The connection ended before the answer came; the request may or may not have been carried
     * out.
     */
    CLOSED,
    /**
     * No answer in time; the connection is closed. The request may or may not have been carried
     * out.
     */
    TIMED_OUT,
    /**
     * The limit of requests in flight is reached; nothing was sent. Send again when an answer has
     * come.
     */
    TOO_MANY_IN_FLIGHT,
    /**
     * No version of the API that both sides speak, or none that can say what the request says;
     * nothing was sent.
     */
    UNSUPPORTED_VERSION,
    /** The peer's answer is not one; the connection is closed. */
    MALFORMED_ANSWER
  }

  private final Kind kind;

  public ConnectionException(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public ConnectionException(Kind kind, String message) {
    this(kind, message, null);
  }

  public Kind kind() {
    return kind;
  }

  /** Whether it is certain that the peer has not seen the request. */
  public boolean nothingWasSent() {
    return kind == Kind.NOT_CONNECTED
        || kind == Kind.TOO_MANY_IN_FLIGHT
        || kind == Kind.UNSUPPORTED_VERSION;
  }
}
