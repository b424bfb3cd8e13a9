package io.millrace.tools;

import io.millrace.server.config.NodeConfig;
import io.millrace.tools.node.NodeState;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace node stop}. */
@Command(
    name = "stop",
    description =
        "Stops a node of this machine: it hands its leaderships over first, so that clients see no failure.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {"  millrace node stop --config node-1.properties"})
final class NodeStopCommand implements Callable<Integer> {

  @Mixin private ConfigOption config;
  @Mixin private Console console;

  @Option(
      names = "--timeout-s",
      paramLabel = "S",
      defaultValue = "60",
      description = "How long to wait for its end. Default: ${DEFAULT-VALUE}.")
  private long timeoutSeconds;

  @Override
  public Integer call() throws IOException, InterruptedException, ExecutionException {
    NodeConfig node = config.load();
    Optional<ProcessHandle> process =
        NodeState.read(ConfigOption.stateFile(node)).flatMap(NodeState::process);
    if (process.isEmpty()) {
      tell(node, null);
      return ExitCode.OK;
    }
    long started = System.nanoTime();
    process.get().destroy();
    try {
      process.get().onExit().get(timeoutSeconds, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw new CommandFailure(
          ExitCode.FAILED,
          "node "
              + node.quorum().nodeId()
              + " (pid "
              + process.get().pid()
              + ") still runs after "
              + timeoutSeconds
              + " s",
          "It may be handing leaderships over. 'kill -9 "
              + process.get().pid()
              + "' loses nothing that was acknowledged.");
    }
    tell(node, (System.nanoTime() - started) / 1_000_000);
    return ExitCode.OK;
  }

  /**
   * @param stopMs how long the stop took; null when the node was not running
   */
  private void tell(NodeConfig node, @Nullable Long stopMs) {
    int id = node.quorum().nodeId();
    if (console.json()) {
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("node", id);
      answer.put("wasRunning", stopMs != null);
      answer.put("stopMs", stopMs);
      console.printJson(answer);
    } else {
      console.say(
          stopMs == null
              ? "Node " + id + " is not running."
              : "Node " + id + " stopped in " + stopMs + " ms.");
    }
  }
}
