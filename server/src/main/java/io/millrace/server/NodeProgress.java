package io.millrace.server;

/**
 * Told what a starting node does, for whoever shows it. Called on the start's thread; must not
 * block.
 */
public interface NodeProgress {

  /** Says nothing; the log has it. */
  NodeProgress SILENT = new NodeProgress() {};

  /** A step begins. */
  default void step(String what) {}

  /**
   * A step waits for something outside of this process, such as a majority of the voters. Said
   * again every few seconds.
   */
  default void waiting(String forWhat) {}

  /** Clients can use the node. */
  default void ready(Node node) {}
}
