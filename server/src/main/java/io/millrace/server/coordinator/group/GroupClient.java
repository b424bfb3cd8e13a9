package io.millrace.server.coordinator.group;

/**
 * Who sends a request.
 *
 * @param version of the request
 * @param host the peer's address as shown to people: {@code /10.0.0.7}
 */
public record GroupClient(short version, String clientId, String host) {}
