package io.millrace.server.coordinator.group;

/**
 * Who sends a request.
 *
 * @param version of the request
 * @param host the peer's address as shown to people: {@code /10.0.0.7}
 * @param connection names the connection that it came by, on this broker and as long as it runs;
 *     {@link #UNKNOWN} when nobody can tell
 * @param patienceMs how long the answer to a heartbeat may be kept back from it; 0 for not at all
 */
public record GroupClient(
    short version, String clientId, String host, long connection, int patienceMs) {
  public static final long UNKNOWN = 0;

  /** A client of which no connection is known. */
  public GroupClient(short version, String clientId, String host) {
    this(version, clientId, host, UNKNOWN, 0);
  }

  /**
   * Whether a member that has used a later connection since says something by this one. It was sent
   * before that, and what it says of the member's partitions is out of date: bytes may wait in the
   * socket of a connection that its client has long replaced.
   */
  boolean isOvertakenBy(long later) {
    return connection != UNKNOWN && connection < later;
  }
}
