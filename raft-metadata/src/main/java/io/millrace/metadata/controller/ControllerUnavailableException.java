package io.millrace.metadata.controller;

/**
 * The controller did not answer: this node is not the active one, or stopped being it before the
 * answer, or has too much to do. The operation may have taken effect. Ask again, at the hinted
 * node.
 */
public final class ControllerUnavailableException extends RuntimeException {

  private final int leaderId;

  public ControllerUnavailableException(String message, int leaderId) {
    super(message, null, false, false);
    this.leaderId = leaderId;
  }

  /** The node that is thought to be active, or -1. */
  public int leaderId() {
    return leaderId;
  }
}
