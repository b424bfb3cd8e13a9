package io.millrace.tools;

import io.millrace.server.config.NodeConfig;
import io.millrace.tools.logging.LogSettings;
import io.millrace.tools.node.Daemon;
import io.millrace.tools.node.NodeProcess;
import io.millrace.tools.node.NodeState;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code millrace node start}. */
@Command(
    name = "start",
    description = "Runs one node until Ctrl-C, or in the background.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  millrace node start",
      "  millrace node start --config node-1.properties --daemon",
      "  millrace node start --override listeners=PLAINTEXT://:19092 --override log.dirs=/var/lib/millrace"
    })
final class NodeStartCommand implements Callable<Integer> {

  @Mixin private ConfigOption config;
  @Mixin private Console console;

  @Option(
      names = "--daemon",
      description = "Runs in the background; returns when the node is ready.")
  private boolean daemon;

  @Option(
      names = "--log-level",
      paramLabel = "LEVEL",
      defaultValue = "INFO",
      description = "TRACE, DEBUG, INFO, WARN or ERROR. Default: ${DEFAULT-VALUE}.")
  private String logLevel = "INFO";

  @Option(
      names = "--log-file",
      paramLabel = "FILE",
      description =
          "Where the log goes. Default: standard error, or millrace.log in the metadata directory (the first of log.dirs) with --daemon.")
  private @Nullable Path logFile;

  @Option(
      names = "--wait-s",
      paramLabel = "S",
      defaultValue = "60",
      description =
          "With --daemon: how long to wait for readiness; 0 is not at all, for the first nodes of a new cluster. Default: ${DEFAULT-VALUE}.")
  private long waitSeconds;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (waitSeconds < 0) {
      throw new CommandFailure(
          ExitCode.USAGE, "--wait-s is " + waitSeconds + ", expected 0 or more", null);
    }
    NodeConfig node = config.load();
    Path stateFile = ConfigOption.stateFile(node);
    Optional<ProcessHandle> running = NodeState.read(stateFile).flatMap(NodeState::process);
    if (running.isPresent()) {
      throw new CommandFailure(
          ExitCode.FAILED,
          "node " + node.quorum().nodeId() + " runs already, as process " + running.get().pid(),
          "Stop it with 'millrace node stop', or give this one another data directory.");
    }
    if (daemon) {
      Path log = logFile != null ? logFile : stateFile.resolveSibling("millrace.log");
      return new Daemon(console.err()).start(arguments(log), stateFile, log, waitSeconds);
    }
    LogSettings.node(logLevel, logFile).apply();
    return NodeProcess.run(node, stateFile);
  }

  /** The command line of the process in the background. */
  private List<String> arguments(Path log) {
    List<String> arguments =
        new ArrayList<>(
            List.of("node", "start", "--log-level", logLevel, "--log-file", log.toString()));
    if (config.file() != null) {
      arguments.addAll(List.of("--config", config.file().toString()));
    }
    config
        .overrides()
        .forEach((key, value) -> arguments.addAll(List.of("--override", key + "=" + value)));
    return arguments;
  }
}
