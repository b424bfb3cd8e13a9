package io.millrace.client;

/** Which protocol a group speaks, by Kafka's names. */
public enum GroupType {
  /** A name that this client does not know, or a broker too old to say. */
  UNKNOWN("Unknown"),
  /** Members join, one of them assigns (JoinGroup and SyncGroup). */
  CLASSIC("Classic"),
  /** The broker assigns (KIP-848). */
  CONSUMER("Consumer"),
  /** A queue (KIP-932). */
  SHARE("Share"),
  /** Kafka Streams by the broker's protocol (KIP-1071). */
  STREAMS("Streams");

  private final String wireName;

  GroupType(String wireName) {
    this.wireName = wireName;
  }

  /** As the protocol and Kafka's tools write it. */
  public String wireName() {
    return wireName;
  }

  /** By its name in the protocol, in any case; {@link #UNKNOWN} for others. */
  public static GroupType ofWireName(String name) {
    for (GroupType type : values()) {
      if (type.wireName.equalsIgnoreCase(name)) {
        return type;
      }
    }
    return UNKNOWN;
  }

  @Override
  public String toString() {
    return wireName;
  }
}
