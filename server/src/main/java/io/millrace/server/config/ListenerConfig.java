package io.millrace.server.config;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Where clients, other brokers and controllers reach this node.
 *
 * @param client listeners for clients and brokers
 * @param advertised what clients are told to connect to, per client listener name
 * @param interBroker name of the listener that other brokers fetch from
 */
public record ListenerConfig(
    List<Endpoint> client, Map<String, Endpoint> advertised, String interBroker) {

  static final ConfigKey<List<String>> LISTENERS =
      ConfigKey.list(
          "listeners",
          "PLAINTEXT://:9092",
          "a comma-separated list of " + Endpoint.FORM,
          "Addresses this node listens on; those named in controller.listener.names serve the quorum.");
  static final ConfigKey<List<String>> ADVERTISED =
      ConfigKey.list(
          "advertised.listeners",
          "",
          "a comma-separated list of " + Endpoint.FORM,
          "Addresses that clients are told to connect to, where they differ from listeners.");
  static final ConfigKey<List<String>> SECURITY_MAP =
      ConfigKey.list(
          "listener.security.protocol.map",
          "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
          "a comma-separated list of NAME:PLAINTEXT (TLS and SASL are not implemented yet)",
          "Security protocol of each listener name.");
  static final ConfigKey<List<String>> CONTROLLER_NAMES =
      ConfigKey.list(
          "controller.listener.names",
          "CONTROLLER",
          "listener names, comma-separated",
          "Names of the listeners that serve the quorum instead of clients.");
  static final ConfigKey<String> INTER_BROKER =
      ConfigKey.text(
          "inter.broker.listener.name",
          "",
          "the name of one of the client listeners",
          "Listener that other brokers fetch from; the first client listener when not set.");

  public ListenerConfig {
    client = List.copyOf(client);
    advertised = Map.copyOf(advertised);
  }

  static List<ConfigKey<?>> keys() {
    return List.of(LISTENERS, ADVERTISED, SECURITY_MAP, CONTROLLER_NAMES, INTER_BROKER);
  }

  static ListenerConfig from(ConfigValues values) {
    checkProtocols(values);
    Set<String> controllerNames = new HashSet<>(values.get(CONTROLLER_NAMES));
    List<Endpoint> client = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (String text : values.get(LISTENERS)) {
      Endpoint endpoint = Endpoint.parse(LISTENERS.name(), text);
      if (!names.add(endpoint.listener())) {
        throw ConfigValues.bad(LISTENERS, text, "each listener name once");
      }
      if (!controllerNames.contains(endpoint.listener())) {
        client.add(endpoint);
      }
    }
    Map<String, Endpoint> advertised = new HashMap<>();
    for (String text : values.get(ADVERTISED)) {
      Endpoint endpoint = Endpoint.parse(ADVERTISED.name(), text);
      if (controllerNames.contains(endpoint.listener())) {
        continue;
      }
      if (!names.contains(endpoint.listener())) {
        throw ConfigValues.bad(ADVERTISED, text, "only names that listeners has: " + names);
      }
      if (endpoint.host().isEmpty() || endpoint.host().equals("0.0.0.0")) {
        throw ConfigValues.bad(ADVERTISED, text, "a host that clients can connect to");
      }
      advertised.put(endpoint.listener(), endpoint);
    }
    return new ListenerConfig(client, advertised, interBroker(values, client));
  }

  private static String interBroker(ConfigValues values, List<Endpoint> client) {
    String name = values.get(INTER_BROKER);
    if (name.isEmpty()) {
      return client.isEmpty() ? "" : client.get(0).listener();
    }
    if (client.stream().noneMatch(endpoint -> endpoint.listener().equals(name))) {
      throw ConfigValues.bad(
          INTER_BROKER, name, "one of " + client.stream().map(Endpoint::listener).toList());
    }
    return name;
  }

  private static void checkProtocols(ConfigValues values) {
    for (String entry : values.get(SECURITY_MAP)) {
      int colon = entry.lastIndexOf(':');
      if (colon < 1) {
        throw ConfigValues.bad(SECURITY_MAP, entry, SECURITY_MAP.allowed());
      }
      // Other protocols may be mapped, as in Kafka's own sample files, as long as no listener uses
      // them.
      String listener = entry.substring(0, colon);
      boolean used =
          values.get(LISTENERS).stream().anyMatch(text -> text.startsWith(listener + "://"));
      if (used && !entry.substring(colon + 1).equals("PLAINTEXT")) {
        throw ConfigValues.bad(SECURITY_MAP, entry, SECURITY_MAP.allowed());
      }
    }
  }
}
