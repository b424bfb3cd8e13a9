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
}
