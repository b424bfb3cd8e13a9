package io.millrace.tools;

import picocli.CommandLine.Command;

/** {@code millrace cluster}: the cluster as a whole. */
@Command(
    name = "cluster",
    description = "Shows the cluster as a whole.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {ClusterStatusCommand.class})
final class ClusterCommand extends CommandGroup {}
