package io.millrace.tools.system;

import io.millrace.protocol.network.FreePorts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.admin.TopicDescription;
import org.apache.kafka.common.errors.TopicExistsException;

/**
 * A cluster of processes on loopback, with an unmodified Kafka admin client at hand. Not
 * thread-safe.
 */
final class ProcessCluster implements AutoCloseable {

  private final Map<Integer, NodeProcess> nodes = new TreeMap<>();
  private final Map<Integer, Integer> ports = new HashMap<>();
  private final Admin admin;

  private ProcessCluster(Path directory, int size, Map<String, String> settings)
      throws IOException {
    List<Integer> free = FreePorts.find(2 * size);
    String voters =
        IntStream.rangeClosed(1, size)
            .mapToObj(id -> id + "@127.0.0.1:" + free.get(size + id - 1))
            .collect(Collectors.joining(","));
    for (int id = 1; id <= size; id++) {
      int port = free.get(id - 1);
      ports.put(id, port);
      Map<String, String> properties = new LinkedHashMap<>();
      properties.put("node.id", Integer.toString(id));
      properties.put("process.roles", "broker,controller");
      properties.put(
          "listeners",
          "PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + free.get(size + id - 1));
      properties.put("controller.listener.names", "CONTROLLER");
      properties.put("controller.quorum.voters", voters);
      properties.put("log.dirs", directory.resolve("node-" + id).resolve("data").toString());
      properties.putAll(BrokerKind.chosen().settings(size));
      properties.put("min.insync.replicas", size > 1 ? "2" : "1");
      properties.putAll(settings);
      nodes.put(id, NodeProcess.start(id, directory.resolve("node-" + id), properties));
    }
    // Short timeouts: a frozen node must not hold up the questions that its peers can answer.
    admin =
        Admin.create(
            Map.of(
                AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap(),
                AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, "2000",
                AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, "10000"));
  }

  /** Starts the processes and waits until every broker is in the cluster. */
  static ProcessCluster start(Path directory, int size, Map<String, String> settings)
      throws IOException {
    ProcessCluster cluster = new ProcessCluster(directory, size, settings);
    try {
      cluster.awaitBrokers(size);
      return cluster;
    } catch (AssertionError e) {
      cluster.close();
      throw e;
    }
  }

  static ProcessCluster start(Path directory, int size) throws IOException {
    return start(directory, size, Map.of());
  }

  String bootstrap() {
    return ports.values().stream()
        .map(port -> "127.0.0.1:" + port)
        .collect(Collectors.joining(","));
  }

  Admin admin() {
    return admin;
  }

  NodeProcess node(int id) {
    NodeProcess node = nodes.get(id);
    if (node == null) {
      throw new IllegalArgumentException("no node " + id + " among " + nodes.keySet());
    }
    return node;
  }

  List<NodeProcess> nodes() {
    return List.copyOf(nodes.values());
  }

  void awaitBrokers(int count) {
    Await.until(
        count + " brokers are alive: " + bootstrap(),
        Duration.ofSeconds(60),
        () -> admin.describeCluster().nodes().get().size() == count);
  }

  /** Creates a topic; that it exists means that only the answer to a first attempt was lost. */
  void createTopic(String name, int partitions, int replicationFactor)
      throws ExecutionException, InterruptedException {
    try {
      admin
          .createTopics(List.of(new NewTopic(name, partitions, (short) replicationFactor)))
          .all()
          .get();
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof TopicExistsException)
          || describe(name).partitions().size() != partitions) {
        throw e;
      }
    }
  }

  TopicDescription describe(String topic) throws ExecutionException, InterruptedException {
    return Objects.requireNonNull(
        admin.describeTopics(List.of(topic)).allTopicNames().get().get(topic));
  }

  /** Id of the node that leads a partition. */
  int leaderOf(String topic, int partition) throws ExecutionException, InterruptedException {
    var leader = describe(topic).partitions().get(partition).leader();
    if (leader == null || leader.id() < 0) {
      throw new IllegalStateException(topic + "-" + partition + " has no leader");
    }
    return leader.id();
  }

  /** Id of the active controller. */
  int controller() throws ExecutionException, InterruptedException {
    return admin.describeMetadataQuorum().quorumInfo().get().leaderId();
  }

  /** Waits until every partition of the topic has all its replicas in sync. */
  void awaitInSync(String topic) {
    Await.until(
        "every replica of " + topic + " is in sync",
        Duration.ofSeconds(60),
        () ->
            describe(topic).partitions().stream()
                .allMatch(
                    partition ->
                        partition.leader() != null
                            && partition.isr().size() == partition.replicas().size()));
  }

  @Override
  public void close() {
    admin.close(Duration.ZERO);
    nodes.values().forEach(NodeProcess::close);
  }

  /** The output of every node, for the message of a failed test. */
  String outputs() {
    StringBuilder all = new StringBuilder();
    for (NodeProcess node : nodes.values()) {
      try {
        String output = node.output();
        all.append("--- node ").append(node.id()).append('\n');
        all.append(output, Math.max(0, output.length() - 4000), output.length());
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return all.toString();
  }
}
