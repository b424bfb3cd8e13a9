package io.millrace.tools.system;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Which broker the nodes of the system tests run: ours, or, to show that a test asks for no more
 * than what Kafka does, Apache Kafka from a directory of its jars ({@code
 * -Dmillrace.kafka-lib=DIR}).
 */
enum BrokerKind {
  MILLRACE {
    @Override
    Map<String, String> settings(int clusterSize) {
      return Map.of("default.replication.factor", Integer.toString(clusterSize));
    }

    @Override
    List<String> command(Path config) {
      return List.of(
          "-Xmx256m",
          "-cp",
          System.getProperty("java.class.path"),
          "io.millrace.tools.Main",
          "node",
          "start",
          "--config",
          config.toString());
    }

    @Override
    void prepare(Path config) {}
  },

  KAFKA {
    @Override
    Map<String, String> settings(int clusterSize) {
      String size = Integer.toString(Math.min(3, clusterSize));
      return Map.of(
          "listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
          "inter.broker.listener.name", "PLAINTEXT",
          "default.replication.factor", size,
          "offsets.topic.replication.factor", size,
          "transaction.state.log.replication.factor", size);
    }

    @Override
    List<String> command(Path config) {
      return List.of("-Xmx512m", "-cp", jars(), "kafka.Kafka", config.toString());
    }

    /** Kafka wants its data directory formatted before the first start. */
    @Override
    void prepare(Path config) throws IOException {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(
          List.of("-XX:TieredStopAtLevel=1", "-cp", jars(), "kafka.tools.StorageTool", "format"));
      command.addAll(List.of("-t", "AAAAAAAAAAAAAAAAAAAABQ", "-c", config.toString()));
      try {
        if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
          throw new IOException("the format tool refused " + config);
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted while formatting", e);
      }
    }

    private String jars() {
      return Path.of(System.getProperty(LIBRARY), "*").toString();
    }
  };

  private static final String LIBRARY = "millrace.kafka-lib";

  static BrokerKind chosen() {
    return System.getProperty(LIBRARY) == null ? MILLRACE : KAFKA;
  }

  /** What a configuration needs beyond the keys that both kinds know. */
  abstract Map<String, String> settings(int clusterSize);

  /** The JVM's arguments that run a node. */
  abstract List<String> command(Path config);

  /** What must be done before the first start. */
  abstract void prepare(Path config) throws IOException;
}
