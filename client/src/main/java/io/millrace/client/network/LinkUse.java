package io.millrace.client.network;

/**
 * What a connection is for. Brokers answer a connection's requests in order, so a fetch that waits
 * for data, or a commit that waits for replicas, would hold up all behind it: these have
 * connections of their own.
 */
public enum LinkUse {
  REQUESTS,
  FETCHES,
  COORDINATOR
}
