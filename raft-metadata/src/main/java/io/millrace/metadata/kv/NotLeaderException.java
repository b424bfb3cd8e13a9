package io.millrace.metadata.kv;

/**
 * The proposal was refused before it reached the log: this node does not lead. It was not and will
 * not be applied.
 */
public final class NotLeaderException extends RuntimeException {

  private final int leaderId;

  public NotLeaderException(String message, int leaderId) {
    super(message);
    this.leaderId = leaderId;
  }

  /** The node that is thought to lead, or {@link QuorumStatus#NO_LEADER}. */
  public int leaderId() {
    return leaderId;
  }
}
