package io.millrace.server.config;

import java.util.List;

/**
 * Limits of the client listeners. At each limit there is back-pressure or a closed connection,
 * never growth.
 */
public record NetworkConfig(
    int networkThreads,
    int maxRequestBytes,
    int maxConnections,
    long idleTimeoutMs,
    int maxQueuedRequestsPerConnection,
    long maxQueuedBytes,
    int sendBufferBytes,
    int receiveBufferBytes,
    int backlog,
    int fetchSessionSlots,
    int maxFetchBytes) {

  static final ConfigKey<Integer> THREADS =
      ConfigKey.integer(
          "num.network.threads", 3, 1, 1024, "Event loops that serve client connections.");
  static final ConfigKey<Integer> MAX_REQUEST =
      ConfigKey.integer(
          "socket.request.max.bytes",
          100 * 1024 * 1024,
          1024,
          Integer.MAX_VALUE,
          "Largest request; a larger one closes its connection.");
  static final ConfigKey<Integer> MAX_CONNECTIONS =
      ConfigKey.integer(
          "max.connections",
          Integer.MAX_VALUE,
          1,
          Integer.MAX_VALUE,
          "Connections at one time; more are closed as they come.");
  static final ConfigKey<Long> IDLE =
      ConfigKey.bigInteger(
          "connections.max.idle.ms",
          600_000,
          1000,
          Long.MAX_VALUE,
          "A connection without traffic for so long is closed.");
  static final ConfigKey<Integer> QUEUED_REQUESTS =
      ConfigKey.integer(
          "queued.max.requests",
          500,
          1,
          100_000,
          "Requests of one connection that may wait for their answers before it is no longer read.");
  static final ConfigKey<Long> QUEUED_BYTES =
      ConfigKey.bigInteger(
          "queued.max.request.bytes",
          -1,
          -1,
          Long.MAX_VALUE,
          "Bytes of requests in memory before connections are no longer read; -1 for a quarter of the"
              + " heap.");
  static final ConfigKey<Integer> SEND_BUFFER =
      ConfigKey.integer(
          "socket.send.buffer.bytes",
          -1,
          -1,
          Integer.MAX_VALUE,
          "SO_SNDBUF of client connections; -1 leaves it to the system.");
  static final ConfigKey<Integer> RECEIVE_BUFFER =
      ConfigKey.integer(
          "socket.receive.buffer.bytes",
          -1,
          -1,
          Integer.MAX_VALUE,
          "SO_RCVBUF of client connections; -1 leaves it to the system.");
  static final ConfigKey<Integer> BACKLOG =
      ConfigKey.integer(
          "socket.listen.backlog.size", 128, 1, 65_535, "Connections waiting to be accepted.");
  static final ConfigKey<Integer> SESSION_SLOTS =
      ConfigKey.integer(
          "max.incremental.fetch.session.cache.slots",
          1000,
          0,
          1_000_000,
          "Incremental fetch sessions kept; more fetch without a session.");
  static final ConfigKey<Integer> MAX_FETCH =
      ConfigKey.integer(
          "fetch.max.bytes",
          55 * 1024 * 1024,
          1024,
          Integer.MAX_VALUE,
          "Most bytes in one fetch response.");

  static List<ConfigKey<?>> keys() {
    return List.of(
        THREADS,
        MAX_REQUEST,
        MAX_CONNECTIONS,
        IDLE,
        QUEUED_REQUESTS,
        QUEUED_BYTES,
        SEND_BUFFER,
        RECEIVE_BUFFER,
        BACKLOG,
        SESSION_SLOTS,
        MAX_FETCH);
  }

  static NetworkConfig from(ConfigValues values) {
    long queuedBytes = values.get(QUEUED_BYTES);
    return new NetworkConfig(
        values.get(THREADS),
        values.get(MAX_REQUEST),
        values.get(MAX_CONNECTIONS),
        values.get(IDLE),
        values.get(QUEUED_REQUESTS),
        queuedBytes > 0 ? queuedBytes : Runtime.getRuntime().maxMemory() / 4,
        values.get(SEND_BUFFER),
        values.get(RECEIVE_BUFFER),
        values.get(BACKLOG),
        values.get(SESSION_SLOTS),
        values.get(MAX_FETCH));
  }
}
