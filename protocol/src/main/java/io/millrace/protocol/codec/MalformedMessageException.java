package io.millrace.protocol.codec;

/**
 * Bytes from a peer that are no message of the key and version they claim. The connection they came
 * from cannot be trusted to be in step and is closed.
 */
public final class MalformedMessageException extends RuntimeException {

  private static final long serialVersionUID = 1;

  public MalformedMessageException(String message) {
    super(message);
  }
}
