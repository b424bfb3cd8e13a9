package io.millrace.tools.node;

import io.millrace.server.Node;
import io.millrace.server.NodeProgress;
import io.millrace.server.config.Endpoint;
import io.millrace.server.config.NodeConfig;
import io.millrace.tools.ExitCode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one node as this process: from the start until SIGTERM or Ctrl-C has stopped it, telling its
 * state file all along. The main thread waits; the shutdown hook stops.
 */
public final class NodeProcess {

  private static final Logger LOG = LoggerFactory.getLogger(NodeProcess.class);
  private static final long STOP_SECONDS = 60;

  private final NodeConfig config;
  private final Path stateFile;

  private NodeProcess(NodeConfig config, Path stateFile) {
    this.config = config;
    this.stateFile = stateFile;
  }

  /**
   * Runs the node.
   *
   * @return an {@link ExitCode}; on a stop by signal the process ends inside the shutdown hook
   *     instead
   * @throws RuntimeException {@link io.millrace.server.NodeStartException} when it cannot start
   */
  public static int run(NodeConfig config, Path stateFile) {
    return new NodeProcess(config, stateFile).run();
  }

  private int run() {
    CompletableFuture<Node> starting = Node.start(config, new Told());
    Thread hook = new Thread(() -> stop(starting), "millrace-stop");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      starting.join();
    } catch (CancellationException stopped) {
      return ExitCode.OK; // only the hook cancels; it ends the process
    } catch (RuntimeException e) {
      forget();
      throw e;
    }
    waitForever();
    return ExitCode.OK;
  }

  private static void waitForever() {
    try {
      new CompletableFuture<Void>().get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (java.util.concurrent.ExecutionException e) {
      throw new IllegalStateException("nobody completes this", e);
    }
  }

  /**
   * In the shutdown hook. An orderly stop ends the process with 0 whichever signal asked for it.
   */
  private void stop(CompletableFuture<Node> starting) {
    if (starting.cancel(true)) {
      forget();
      Runtime.getRuntime().halt(ExitCode.OK); // it was still on its way, and nothing needs an end
    }
    if (starting.isCompletedExceptionally()) {
      return;
    }
    tell(NodeState.Phase.STOPPING, "handing leaderships over and flushing");
    try {
      starting.join().stop().get(STOP_SECONDS, TimeUnit.SECONDS);
      forget();
      Runtime.getRuntime().halt(ExitCode.OK);
    } catch (TimeoutException e) {
      LOG.error(
          "the node did not stop within {} s and is ended; nothing acknowledged is lost",
          STOP_SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (java.util.concurrent.ExecutionException e) {
      LOG.error("the node failed while it stopped", e.getCause());
    }
    Runtime.getRuntime().halt(ExitCode.FAILED);
  }

  private void tell(NodeState.Phase phase, String message) {
    try {
      NodeState.ofThisProcess(phase, message).write(stateFile);
    } catch (IOException e) {
      // The node itself reports an unusable directory, with more to say about it.
      LOG.debug("cannot write {}: {}", stateFile, e.getMessage());
    }
  }

  private void forget() {
    try {
      Files.deleteIfExists(stateFile);
    } catch (IOException e) {
      LOG.debug("cannot delete {}: {}", stateFile, e.getMessage());
    }
  }

  /** Passes the start's progress on to whoever reads the state file. */
  private final class Told implements NodeProgress {

    @Override
    public void step(String what) {
      tell(NodeState.Phase.STARTING, what);
    }

    @Override
    public void waiting(String forWhat) {
      tell(NodeState.Phase.STARTING, "waiting for " + forWhat);
    }

    @Override
    public void ready(Node node) {
      String listeners =
          node.listeners().stream().map(Endpoint::toString).collect(Collectors.joining(", "));
      tell(
          NodeState.Phase.READY,
          "node "
              + config.quorum().nodeId()
              + (listeners.isEmpty()
                  ? ", a voter of the quorum"
                  : " answers clients at " + listeners));
    }
  }
}
