package io.millrace.server;

import io.millrace.protocol.network.FreePorts;
import io.millrace.server.config.NodeConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Nodes in this process, on ports that were free a moment ago. */
final class TestNodes {
  static final int START_SECONDS = 60;

  private TestNodes() {}

  static Properties single(Path directory) {
    Properties properties = new Properties();
    int controllerPort = FreePorts.find();
    properties.setProperty("node.id", "1");
    properties.setProperty(
        "listeners", "PLAINTEXT://localhost:0,CONTROLLER://localhost:" + controllerPort);
    properties.setProperty("controller.quorum.voters", "1@localhost:" + controllerPort);
    properties.setProperty("log.dirs", directory.toString());
    return properties;
  }

  static List<Properties> cluster(Path directory, int nodes) {
    List<Integer> ports = FreePorts.find(2 * nodes);
    List<String> voters = new ArrayList<>();
    for (int i = 0; i < nodes; i++) {
      voters.add((i + 1) + "@localhost:" + ports.get(i));
    }
    List<Properties> all = new ArrayList<>();
    for (int i = 0; i < nodes; i++) {
      Properties properties = new Properties();
      properties.setProperty("node.id", Integer.toString(i + 1));
      properties.setProperty(
          "listeners",
          "PLAINTEXT://localhost:"
              + ports.get(nodes + i)
              + ",CONTROLLER://localhost:"
              + ports.get(i));
      properties.setProperty("controller.quorum.voters", String.join(",", voters));
      properties.setProperty("log.dirs", directory.resolve("node-" + (i + 1)).toString());
      all.add(properties);
    }
    return all;
  }

  static Node start(Properties properties) {
    return await(Node.start(NodeConfig.from(properties)));
  }

  static <T> T await(CompletableFuture<T> future) {
    return future.orTimeout(START_SECONDS, TimeUnit.SECONDS).join();
  }

  static void awaitTrue(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("not within " + START_SECONDS + " s");
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2)); // leaves the CPU to the nodes
    }
  }
}
