package io.millrace.tools;

import io.millrace.server.config.NodeConfig;
import io.millrace.tools.node.NodeState;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
      console.say("Node " + node.quorum().nodeId() + " is not running.");
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
    console.say(
        "Node "
            + node.quorum().nodeId()
            + " stopped in "
            + (System.nanoTime() - started) / 1_000_000
            + " ms.");
    return ExitCode.OK;
  }
}
