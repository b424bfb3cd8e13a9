package io.millrace.client;

import org.jspecify.annotations.Nullable;

/** A broker as clients see it. */
public record BrokerInfo(int id, String host, int port, @Nullable String rack) {

  @Override
  public String toString() {
    return host + ":" + port + " (id " + id + ")";
  }
}
