package io.millrace.server;

import io.millrace.metadata.image.Endpoint;
import io.millrace.server.config.ListenerConfig;
import io.millrace.server.config.QuorumConfig;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** Works out the addresses that clients and brokers are told. */
final class Advertised {
  private static final Set<String> THIS_MACHINE = Set.of("localhost", "127.0.0.1", "::1");

  private static final String PLAINTEXT = "PLAINTEXT";

  private Advertised() {}

  /**
   * @param bound the client listeners with their real ports
   */
  static List<Endpoint> endpoints(
      List<io.millrace.server.config.Endpoint> bound,
      ListenerConfig listeners,
      QuorumConfig quorum) {
    List<Endpoint> endpoints = new ArrayList<>();
    for (io.millrace.server.config.Endpoint listener : bound) {
      io.millrace.server.config.Endpoint told = listeners.advertised().get(listener.listener());
      if (told != null) {
        int port = told.port() == 0 ? listener.port() : told.port();
        endpoints.add(new Endpoint(listener.listener(), told.host(), port, PLAINTEXT));
      } else {
        endpoints.add(
            new Endpoint(
                listener.listener(), host(listener.host(), quorum), listener.port(), PLAINTEXT));
      }
    }
    return endpoints;
  }

  private static String host(String bound, QuorumConfig quorum) {
    if (!bound.isEmpty() && !bound.equals("0.0.0.0") && !bound.equals("::")) {
      return bound;
    }
    // A cluster whose voters call each other localhost is on one machine; looking up its name may
    // take seconds.
    if (quorum.voters().stream().allMatch(voter -> THIS_MACHINE.contains(voter.host()))) {
      return "localhost";
    }
    try {
      return InetAddress.getLocalHost().getCanonicalHostName();
    } catch (UnknownHostException e) {
      throw new NodeStartException(
          "this machine's name cannot be looked up ("
              + e.getMessage()
              + "): set advertised.listeners",
          e);
    }
  }
}
