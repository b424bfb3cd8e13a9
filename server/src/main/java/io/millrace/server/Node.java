package io.millrace.server;

import io.millrace.concurrent.Clock;
import io.millrace.metadata.MetadataNode;
import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.publish.MetadataClient;
import io.millrace.server.config.Endpoint;
import io.millrace.server.config.NodeConfig;
import io.millrace.server.coordinator.group.GroupCoordinator;
import io.millrace.server.metrics.ServerMetrics;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A running node: a voter, a broker, or both, as its configuration says. Several may run in one
 * process.
 *
 * <pre>
 *   start() --> STARTING --ready--> RUNNING --stop()--> STOPPED
 *                   |                  |---kill()-----> STOPPED
 *                   '---failure, all undone--> (no node)
 * </pre>
 *
 * <p>The public methods may be called from any thread.
 */
public final class Node implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Node.class);

  private final NodeConfig config;
  private final NodeParts parts;
  private final CompletableFuture<Void> stopped = new CompletableFuture<>();
  private boolean stopping;

  Node(NodeConfig config, NodeParts parts) {
    this.config = config;
    this.parts = parts;
  }

  /** {@link #start(NodeConfig, NodeProgress)} without anybody to tell. */
  public static CompletableFuture<Node> start(NodeConfig config) {
    return start(config, NodeProgress.SILENT);
  }

  /**
   * Starts a node. The future completes when clients can use it, which takes a majority of the
   * voters; it fails with {@link NodeStartException} when there is something for the operator to
   * do, and nothing of the node is left then. Cancelling the future gives up.
   */
  public static CompletableFuture<Node> start(NodeConfig config, NodeProgress progress) {
    return new NodeStart(config, progress, Clock.system()).begin();
  }

  public NodeConfig config() {
    return config;
  }

  /** The client listeners with the ports that they are bound to. */
  public List<Endpoint> listeners() {
    return parts.bound();
  }

  /** The port of the first client listener. */
  public int port() {
    return parts.bound().get(0).port();
  }

  /** The metadata as this node sees them. */
  public MetadataImage image() {
    return metadata().client().image();
  }

  /** The way to the controller. */
  public MetadataClient metadataClient() {
    return metadata().client();
  }

  public MetadataNode metadata() {
    return parts.metadata();
  }

  public ServerMetrics metrics() {
    return parts.metrics();
  }

  /**
   * Stops in an order that clients do not notice where other brokers can take over: leaderships go
   * first, then connections, then the broker's place in the cluster; the logs are flushed and
   * marked clean.
   */
  public CompletableFuture<Void> stop() {
    synchronized (this) {
      if (stopping) {
        return stopped.copy();
      }
      stopping = true;
    }
    runAside("node-stop@" + config.quorum().nodeId(), parts::stop);
    return stopped.copy();
  }

  /**
   * Drops everything as a kill does, as far as one process can: no hand-over, no flush, no mark.
   * For tests of several nodes in one process.
   */
  public CompletableFuture<Void> kill() {
    synchronized (this) {
      if (stopping) {
        return stopped.copy();
      }
      stopping = true;
    }
    runAside("node-kill@" + config.quorum().nodeId(), parts::kill);
    return stopped.copy();
  }

  /** This broker's group coordinator, for tests. */
  GroupCoordinator groups() {
    return parts.groups();
  }

  private void runAside(String name, Runnable action) {
    Thread thread =
        new Thread(
            () -> {
              try {
                action.run();
                LOG.info("node stopped, node={}", config.quorum().nodeId());
                stopped.complete(null);
              } catch (RuntimeException | Error e) {
                stopped.completeExceptionally(e);
              }
            },
            name);
    thread.start();
  }

  /** Stops and waits for it. */
  @Override
  public void close() {
    stop().join();
  }
}
