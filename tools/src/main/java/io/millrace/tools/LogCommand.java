package io.millrace.tools;

import picocli.CommandLine.Command;

/** {@code millrace log}: files of a log, without a cluster. */
@Command(
    name = "log",
    description = "Looks into the files of a log. Needs no running node and changes nothing.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {LogDumpCommand.class})
final class LogCommand extends CommandGroup {}
