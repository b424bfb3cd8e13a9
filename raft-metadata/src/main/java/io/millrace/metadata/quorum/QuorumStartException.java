package io.millrace.metadata.quorum;

import java.io.IOException;

/** The voter must not start as things are; the message tells the operator what and where. */
public final class QuorumStartException extends IOException {

  public QuorumStartException(String message) {
    super(message);
  }
}
