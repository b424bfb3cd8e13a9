package io.millrace.tools;

import picocli.CommandLine.Command;

/** {@code millrace node}: one node as one process. */
@Command(
    name = "node",
    description = "Starts, stops and watches a node of this machine.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      NodeStartCommand.class,
      NodeStopCommand.class,
      NodeStatusCommand.class,
      NodeConfigKeysCommand.class,
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  millrace node start                                      one node with defaults, in the foreground",
      "  millrace node start --config node-1.properties --daemon",
      "  millrace node status --config node-1.properties",
      "  millrace node stop --config node-1.properties",
      "  millrace node config-keys                                every key, its default and its range"
    })
final class NodeCommand extends CommandGroup {}
