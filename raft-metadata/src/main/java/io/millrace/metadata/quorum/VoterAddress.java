package io.millrace.metadata.quorum;

import java.util.Objects;

/** Where a configured voter's controller port is: one item of {@code controller.quorum.voters}. */
public record VoterAddress(int nodeId, String host, int port) {

  public VoterAddress {
    Objects.requireNonNull(host, "host");
    if (nodeId < 0) {
      throw new IllegalArgumentException("node id is negative: " + nodeId);
    }
    if (host.isEmpty() || port < 1 || port > 65_535) {
      throw new IllegalArgumentException(
          "not an address: " + host + ":" + port + ", node " + nodeId);
    }
  }

  @Override
  public String toString() {
    return nodeId + "@" + host + ":" + port;
  }
}
