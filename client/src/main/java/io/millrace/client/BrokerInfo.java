package io.millrace.client;

import org.jspecify.annotations.Nullable;

/**
 * A broker as clients see it.
 *
 * @param id -1 while only the address is known
 */
public record BrokerInfo(int id, String host, int port, @Nullable String rack) {

  @Override
  public String toString() {
    String address = host + ":" + port;
    return id < 0 ? address : address + " (id " + id + ")";
  }
}
