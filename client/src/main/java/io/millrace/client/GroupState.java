package io.millrace.client;

/** Where a group stands, by Kafka's names. */
public enum GroupState {
  /** A name that this client does not know. */
  UNKNOWN("Unknown"),
  /** Classic: waits for its members to join anew. */
  PREPARING_REBALANCE("PreparingRebalance"),
  /** Classic: waits for the leader's assignment. */
  COMPLETING_REBALANCE("CompletingRebalance"),
  /** Every member has what it should have. */
  STABLE("Stable"),
  /** No such group, or one that is being removed. */
  DEAD("Dead"),
  /** No members; committed offsets may be there. */
  EMPTY("Empty"),
  /** Consumer protocol: a new assignment is being computed. */
  ASSIGNING("Assigning"),
  /** Consumer protocol: members are on their way to the assignment. */
  RECONCILING("Reconciling"),
  /** Streams: internal topics or the topology are missing. */
  NOT_READY("NotReady");

  private final String wireName;

  GroupState(String wireName) {
    this.wireName = wireName;
  }

  /** As the protocol and Kafka's tools write it. */
  public String wireName() {
    return wireName;
  }

  /** By its name in the protocol, in any case; {@link #UNKNOWN} for others. */
  public static GroupState ofWireName(String name) {
    for (GroupState state : values()) {
      if (state.wireName.equalsIgnoreCase(name)) {
        return state;
      }
    }
    return UNKNOWN;
  }

  @Override
  public String toString() {
    return wireName;
  }
}
