package io.millrace.replication.simulation;

/** One run of a node's process. */
final class Life {
  final int node;
  final int number;
  boolean alive = true;

  Life(int node, int number) {
    this.node = node;
    this.number = number;
  }

  @Override
  public String toString() {
    return "node " + node + " life " + number;
  }
}
