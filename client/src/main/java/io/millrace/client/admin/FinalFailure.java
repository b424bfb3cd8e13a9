package io.millrace.client.admin;

import io.millrace.client.MillraceException;

/**
 * A failure whose code is retriable for readers and writers, who may be ahead of a broker's
 * metadata, but that is an answer when the controller itself says it: a topic to be changed does
 * not exist.
 */
final class FinalFailure extends MillraceException {

  private static final long serialVersionUID = 1;

  FinalFailure(MillraceException failure) {
    super(failure.error(), String.valueOf(failure.getMessage()), failure);
  }

  @Override
  public boolean isRetriable() {
    return false;
  }
}
