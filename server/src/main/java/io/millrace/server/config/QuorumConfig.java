package io.millrace.server.config;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Who this node is and who votes.
 *
 * @param voters every voter of the metadata quorum, this node too when it is one
 * @param rack where this node stands; replicas of a partition are spread over racks
 * @param fetchTimeoutMs how long a voter waits for a silent leader at most
 * @param controllerBind where this node serves the quorum; empty on a node that is only a broker
 */
public record QuorumConfig(
    int nodeId,
    Optional<String> rack,
    boolean broker,
    boolean controller,
    List<Voter> voters,
    Optional<Endpoint> controllerBind,
    int sessionTimeoutMs,
    int heartbeatIntervalMs,
    int fetchTimeoutMs) {

  /** A voter as {@code controller.quorum.voters} names it. */
  public record Voter(int nodeId, String host, int port) {
    @Override
    public String toString() {
      return nodeId + "@" + host + ":" + port;
    }
  }

  static final int DEFAULT_CONTROLLER_PORT = 9093;

  static final ConfigKey<Integer> NODE_ID =
      ConfigKey.integer("node.id", 1, 0, 99_999, "The node's number, unique in the cluster.");
  static final ConfigKey<String> RACK =
      ConfigKey.text(
          "broker.rack",
          "",
          "a name",
          "Rack or zone of this node; the replicas of a partition go to different ones.");
  static final ConfigKey<List<String>> ROLES =
      ConfigKey.list(
          "process.roles",
          "broker,controller",
          "broker, controller or both",
          "What the node does: keeps partitions, votes in the metadata quorum, or both.");
  static final ConfigKey<List<String>> VOTERS =
      ConfigKey.list(
          "controller.quorum.voters",
          "",
          "a comma-separated list of id@host:port",
          "Voters of the metadata quorum; this node alone when not set.");
  static final ConfigKey<Integer> SESSION_TIMEOUT =
      ConfigKey.integer(
          "broker.session.timeout.ms",
          6000,
          500,
          600_000,
          "A broker that is silent for so long is fenced; a broken connection is noticed at once.");
  static final ConfigKey<Integer> HEARTBEAT_INTERVAL =
      ConfigKey.integer(
          "broker.heartbeat.interval.ms",
          1000,
          50,
          60_000,
          "Time between two signs of life of a broker to the controller.");

  static final ConfigKey<Integer> FETCH_TIMEOUT =
      ConfigKey.integer(
          "controller.quorum.fetch.timeout.ms",
          2000,
          200,
          60_000,
          "A voter stands for election when the leader is silent for half of this to all of it;"
              + " at once when the leader's process is gone. The same on all voters.");

  public QuorumConfig {
    voters = List.copyOf(voters);
  }

  static List<ConfigKey<?>> keys() {
    return List.of(
        NODE_ID, RACK, ROLES, VOTERS, SESSION_TIMEOUT, HEARTBEAT_INTERVAL, FETCH_TIMEOUT);
  }

  static QuorumConfig from(ConfigValues values) {
    int nodeId = values.get(NODE_ID);
    Set<String> roles = new HashSet<>(values.get(ROLES));
    if (roles.isEmpty() || !Set.of("broker", "controller").containsAll(roles)) {
      throw ConfigValues.bad(ROLES, String.join(",", values.get(ROLES)), ROLES.allowed());
    }
    boolean controller = roles.contains("controller");
    Optional<Endpoint> bind = controller ? Optional.of(controllerBind(values)) : Optional.empty();
    List<Voter> voters = voters(values, nodeId, bind);
    boolean listed = voters.stream().anyMatch(voter -> voter.nodeId() == nodeId);
    if (controller && !listed) {
      throw ConfigValues.bad(
          VOTERS,
          String.join(",", values.get(VOTERS)),
          "node.id=" + nodeId + " among the voters, because process.roles has controller");
    }
    if (!controller && listed) {
      throw ConfigValues.bad(
          ROLES,
          String.join(",", values.get(ROLES)),
          "controller among the roles, because controller.quorum.voters has node.id=" + nodeId);
    }
    if (values.get(HEARTBEAT_INTERVAL) * 2 > values.get(SESSION_TIMEOUT)) {
      throw ConfigValues.bad(
          HEARTBEAT_INTERVAL,
          values.get(HEARTBEAT_INTERVAL).toString(),
          "at most half of broker.session.timeout.ms=" + values.get(SESSION_TIMEOUT));
    }
    return new QuorumConfig(
        nodeId,
        Optional.of(values.get(RACK)).filter(rack -> !rack.isEmpty()),
        roles.contains("broker"),
        controller,
        voters,
        bind,
        values.get(SESSION_TIMEOUT),
        values.get(HEARTBEAT_INTERVAL),
        values.get(FETCH_TIMEOUT));
  }

  private static Endpoint controllerBind(ConfigValues values) {
    Set<String> names = new HashSet<>(values.get(ListenerConfig.CONTROLLER_NAMES));
    for (String text : values.get(ListenerConfig.LISTENERS)) {
      Endpoint endpoint = Endpoint.parse(ListenerConfig.LISTENERS.name(), text);
      if (names.contains(endpoint.listener())) {
        return endpoint;
      }
    }
    // Not listed: the port that the voters' list has for this node, else the usual one.
    for (Voter voter : parseVoters(values)) {
      if (voter.nodeId() == values.get(NODE_ID)) {
        return new Endpoint("CONTROLLER", "", voter.port());
      }
    }
    return new Endpoint("CONTROLLER", "", DEFAULT_CONTROLLER_PORT);
  }

  private static List<Voter> voters(ConfigValues values, int nodeId, Optional<Endpoint> bind) {
    List<Voter> voters = parseVoters(values);
    if (!voters.isEmpty()) {
      return voters;
    }
    if (bind.isEmpty()) {
      throw ConfigValues.bad(VOTERS, "", "the voters' addresses, because this node is not one");
    }
    Endpoint own = bind.get();
    String host = own.host().isEmpty() || own.host().equals("0.0.0.0") ? "localhost" : own.host();
    return List.of(new Voter(nodeId, host, own.port()));
  }

  private static List<Voter> parseVoters(ConfigValues values) {
    List<Voter> voters = new ArrayList<>();
    Set<Integer> ids = new HashSet<>();
    for (String text : values.get(VOTERS)) {
      int at = text.indexOf('@');
      int colon = text.lastIndexOf(':');
      if (at < 1 || colon < at + 2) {
        throw ConfigValues.bad(VOTERS, text, VOTERS.allowed());
      }
      String host = text.substring(at + 1, colon);
      if (host.startsWith("[") && host.endsWith("]")) {
        host = host.substring(1, host.length() - 1);
      }
      int id;
      try {
        id = Integer.parseInt(text.substring(0, at));
      } catch (NumberFormatException notANumber) {
        throw ConfigValues.bad(VOTERS, text, VOTERS.allowed());
      }
      if (!ids.add(id)) {
        throw ConfigValues.bad(VOTERS, text, "each id once");
      }
      voters.add(
          new Voter(id, host, Endpoint.parsePort(VOTERS.name(), text, text.substring(colon + 1))));
    }
    return voters;
  }
}
