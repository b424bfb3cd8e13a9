package io.millrace.tools.node;

import io.millrace.server.Node;
import io.millrace.server.NodeProgress;
import io.millrace.server.config.NodeConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Three complete nodes in this process, each with its own ports, data directory and quorum member:
 * what three processes on three machines would be. Used by one thread; a shutdown hook stops it on
 * Ctrl-C.
 */
public final class LocalCluster implements AutoCloseable {

  /** How many nodes. */
  public static final int SIZE = 3;

  private static final String HOST = "localhost";
  private static final Duration STOP_PATIENCE = Duration.ofSeconds(60);

  private final List<LocalNode> configs;
  private final Consumer<String> progress;
  private final List<CompletableFuture<Node>> starting = new ArrayList<>();
  private final CompletableFuture<Void> stopped = new CompletableFuture<>();
  private final Set<String> said = ConcurrentHashMap.newKeySet();
  private volatile boolean closing;

  /**
   * One node's place.
   *
   * @param clientAddress where clients connect
   * @param quorumAddress where the other nodes connect
   */
  public record LocalNode(
      int id,
      String clientAddress,
      String quorumAddress,
      Path dataDirectory,
      Properties properties) {}

  /**
   * Plans the nodes; starts nothing.
   *
   * @param firstPort the nodes take this port and the five that follow
   * @param progress is told what the start waits for
   */
  public LocalCluster(Path dataDirectory, int firstPort, Consumer<String> progress) {
    if (firstPort < 1 || firstPort + 2 * SIZE - 1 > 65_535) {
      throw new IllegalArgumentException(
          "--port is " + firstPort + ", expected 1 to " + (65_535 - 2 * SIZE + 1));
    }
    this.progress = progress;
    String voters =
        IntStream.range(0, SIZE)
            .mapToObj(i -> (i + 1) + "@" + HOST + ":" + quorumPort(firstPort, i))
            .collect(Collectors.joining(","));
    configs =
        IntStream.range(0, SIZE).mapToObj(i -> plan(dataDirectory, firstPort, i, voters)).toList();
  }

  private static LocalNode plan(Path dataDirectory, int firstPort, int index, String voters) {
    int id = index + 1;
    String client = HOST + ":" + (firstPort + 2 * index);
    String quorum = HOST + ":" + quorumPort(firstPort, index);
    Path directory = dataDirectory.resolve("node-" + id);
    Properties properties = new Properties();
    properties.setProperty("node.id", Integer.toString(id));
    properties.setProperty("listeners", "PLAINTEXT://" + client + ",CONTROLLER://" + quorum);
    properties.setProperty("controller.quorum.voters", voters);
    properties.setProperty("log.dirs", directory.toString());
    properties.setProperty("default.replication.factor", Integer.toString(SIZE));
    // All stop together: nobody is left to take over.
    properties.setProperty("controlled.shutdown.enable", "false");
    return new LocalNode(id, client, quorum, directory, properties);
  }

  private static int quorumPort(int firstPort, int index) {
    return firstPort + 2 * index + 1;
  }

  public List<LocalNode> configs() {
    return configs;
  }

  public String bootstrapServers() {
    return configs.stream().map(LocalNode::clientAddress).collect(Collectors.joining(","));
  }

  /**
   * Starts all nodes at once and returns when every one is ready. The first that cannot start ends
   * the others: they would wait for it.
   *
   * @return false when Ctrl-C came first
   */
  public boolean start() {
    StopSignal signal = StopSignal.install(this::close, STOP_PATIENCE);
    stopped.thenRun(signal::done);
    synchronized (this) {
      if (closing) {
        return false;
      }
      for (LocalNode config : configs) {
        starting.add(Node.start(NodeConfig.from(config.properties()), new Said(config.id())));
      }
    }
    CompletableFuture<Void> ready =
        CompletableFuture.allOf(starting.toArray(CompletableFuture[]::new));
    starting.forEach(one -> one.exceptionally(failure -> failed(ready, failure)));
    try {
      ready.join();
      return true;
    } catch (CompletionException | CancellationException e) {
      if (closing) {
        return false;
      }
      close();
      throw e;
    }
  }

  private static @Nullable Node failed(CompletableFuture<Void> ready, Throwable failure) {
    ready.completeExceptionally(failure);
    return null;
  }

  /** Waits until the cluster was stopped, which Ctrl-C does. */
  public void awaitStop() {
    stopped.join();
  }

  @Override
  public synchronized void close() {
    if (stopped.isDone()) {
      return;
    }
    closing = true;
    progress.accept("Stopping the nodes.");
    List<CompletableFuture<?>> stops = new ArrayList<>();
    for (CompletableFuture<Node> one : starting) {
      // A start that is given up undoes itself.
      if (!one.cancel(false) && !one.isCompletedExceptionally()) {
        stops.add(one.join().stop());
      }
    }
    CompletableFuture.allOf(stops.toArray(CompletableFuture[]::new)).join();
    stopped.complete(null);
  }

  /** Passes on what a node waits for; its steps are too quick to be read. */
  private final class Said implements NodeProgress {

    private final int id;

    Said(int id) {
      this.id = id;
    }

    @Override
    public void waiting(String forWhat) {
      String line = "  node " + id + " waits for " + forWhat;
      if (!closing && said.add(line)) {
        progress.accept(line);
      }
    }
  }
}
