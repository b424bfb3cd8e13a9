package io.millrace.client;

import org.jspecify.annotations.Nullable;

/**
 * A broker as clients see it.
 *
 * @param id -1 while only the address is known
 * @param fenced registered but not taking part: starting, or silent. Only {@link
 *     Admin#describeCluster()} tells of such
 */
public record BrokerInfo(int id, String host, int port, @Nullable String rack, boolean fenced) {

  /** A broker that takes part. */
  public BrokerInfo(int id, String host, int port, @Nullable String rack) {
    this(id, host, port, rack, false);
  }

  @Override
  public String toString() {
    String address = host + ":" + port;
    return id < 0 ? address : address + " (id " + id + ")";
  }
}
