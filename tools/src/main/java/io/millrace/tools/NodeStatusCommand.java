package io.millrace.tools;

import io.millrace.server.config.Endpoint;
import io.millrace.server.config.NodeConfig;
import io.millrace.tools.node.NodeState;
import io.millrace.tools.output.Table;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code millrace node status}. */
@Command(
    name = "status",
    description = "Says whether a node of this machine runs.",
    mixinStandardHelpOptions = true,
    footerHeading = "%nExamples:%n",
    footer = {
      "  millrace node status --config node-1.properties",
      "",
      "Exits with 0 when it is ready, with 4 when not."
    })
final class NodeStatusCommand implements Callable<Integer> {

  @Mixin private ConfigOption config;
  @Mixin private Console console;

  @Override
  public Integer call() throws IOException {
    NodeConfig node = config.load();
    Optional<NodeState> state = NodeState.read(ConfigOption.stateFile(node));
    boolean running = state.isPresent() && state.get().process().isPresent();
    String phase =
        running
            ? state.get().phase().name().toLowerCase(Locale.ROOT)
            : state.isPresent() ? "ended without a stop" : "stopped";
    List<String> listeners = node.listeners().client().stream().map(Endpoint::toString).toList();
    if (console.json()) {
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("node", node.quorum().nodeId());
      answer.put("state", phase);
      answer.put("pid", running ? state.get().pid() : null);
      answer.put("since", running ? state.get().startedMillis() : null);
      answer.put("listeners", listeners);
      answer.put("message", running ? state.get().message() : null);
      console.printJson(answer);
    } else {
      Table table = new Table(">NODE", "STATE", ">PID", "SINCE", "LISTENERS");
      table.row(
          node.quorum().nodeId(),
          phase,
          running ? state.get().pid() : "-",
          running ? RecordText.time(state.get().startedMillis()) : "-",
          String.join(",", listeners));
      console.print(table);
      if (running && state.get().phase() != NodeState.Phase.READY) {
        console.say(state.get().message());
      }
    }
    return running && state.get().phase() == NodeState.Phase.READY
        ? ExitCode.OK
        : ExitCode.NOT_HEALTHY;
  }
}
