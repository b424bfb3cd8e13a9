package io.millrace.server;

import io.millrace.concurrent.Clock;
import io.millrace.metadata.MetadataNode;
import io.millrace.server.config.Endpoint;
import io.millrace.server.coordinator.group.GroupCoordinator;
import io.millrace.server.metrics.ServerMetrics;
import io.millrace.server.network.NettyServer;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a node is made of so far. Filled in the order of the start; {@link #stop} undoes what is
 * there, whether the start came to its end or not. One thread at a time: the start's, then the
 * stop's.
 */
final class NodeParts {
  private static final Logger LOG = LoggerFactory.getLogger(NodeParts.class);
  private static final long HAND_OVER_NANOS = TimeUnit.SECONDS.toNanos(6);
  // Longer than an election of the controller, short enough for the last of several nodes that stop
  // together.
  private static final long HAND_OVER_ANSWER_SECONDS = 3;
  private static final long STEP_SECONDS = 20;

  private final ServerMetrics metrics = new ServerMetrics();
  private final boolean controlledShutdown;
  private final Loops loops;
  private final Clock clock;
  private List<Endpoint> bound = List.of();
  private @Nullable NettyServer server;
  private @Nullable MetadataNode metadata;
  private @Nullable BrokerRuntime broker;
  private boolean registered;
  private AutoCloseable jmx = () -> {};
  private boolean stopped;

  NodeParts(Loops loops, Clock clock, boolean controlledShutdown) {
    this.clock = clock;
    this.loops = loops;
    this.controlledShutdown = controlledShutdown;
  }

  ServerMetrics metrics() {
    return metrics;
  }

  List<Endpoint> bound() {
    return bound;
  }

  void server(NettyServer newServer) {
    server = newServer;
  }

  void bound(List<Endpoint> endpoints) {
    bound = List.copyOf(endpoints);
  }

  void metadata(MetadataNode newMetadata) {
    metadata = newMetadata;
  }

  MetadataNode metadata() {
    return Objects.requireNonNull(metadata, "the metadata are started first");
  }

  void broker(BrokerRuntime newBroker) {
    broker = newBroker;
  }

  GroupCoordinator groups() {
    return Objects.requireNonNull(broker, "not a broker").groups();
  }

  void registered() {
    registered = true;
  }

  /** Called after the start has been told of, hence perhaps beside a stop. */
  synchronized void jmx(AutoCloseable registration) {
    if (stopped) {
      closeQuietly(registration);
    } else {
      jmx = registration;
    }
  }

  private synchronized void closeJmx() {
    stopped = true;
    closeQuietly(jmx);
  }

  private static void closeQuietly(AutoCloseable registration) {
    try {
      registration.close();
    } catch (Exception e) {
      LOG.debug("metrics stay in JMX", e);
    }
  }

  /** Stops what there is, in order. Blocks. */
  void stop() {
    closeJmx();
    if (registered && controlledShutdown) {
      handOver();
    }
    if (server != null) {
      server.close();
    }
    if (broker != null) {
      await("end roles", broker.endRoles());
      broker.closeNetwork();
    }
    // The logs are marked clean before the cluster is told, so that a slow quorum does not cost a
    // recovery.
    if (broker != null) {
      await("flush and close logs", broker.closeLogs());
    }
    if (metadata != null) {
      metadata.close();
    }
    await("end threads", loops.stop());
  }

  /** Lets go of everything without a word to anybody. Blocks for a moment. */
  void kill() {
    closeJmx();
    if (server != null) {
      server.close();
    }
    if (broker != null) {
      broker.closeNetwork();
      await("end roles", broker.endRoles());
      broker.abandonLogs();
    }
    if (metadata != null) {
      metadata.close();
    }
    await("end threads", loops.stop());
  }

  private void handOver() {
    long deadline = clock.monotonicNanos() + HAND_OVER_NANOS;
    LOG.info("handing leaderships over");
    try {
      int remaining = Integer.MAX_VALUE;
      while (remaining > 0 && clock.monotonicNanos() - deadline < 0) {
        int now =
            metadata()
                .client()
                .controlledShutdown()
                .get(HAND_OVER_ANSWER_SECONDS, TimeUnit.SECONDS)
                .remaining();
        if (now >= remaining) {
          LOG.info("partitions without another replica in sync stay behind, partitions={}", now);
          return;
        }
        remaining = now;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      LOG.warn(
          "leaderships were not handed over, others notice by the broken connection: {}",
          e.toString());
    }
  }

  private static void await(String what, CompletableFuture<Void> step) {
    try {
      step.get(STEP_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      LOG.warn("stop did not finish a step, going on: step={} reason={}", what, e.toString());
    }
  }
}
