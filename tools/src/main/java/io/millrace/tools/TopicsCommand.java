package io.millrace.tools;

import picocli.CommandLine.Command;

/** {@code millrace topics}: what topics there are, and changing them. */
@Command(
    name = "topics",
    description = "Creates, lists, describes, alters and deletes topics.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      TopicsCreateCommand.class,
      TopicsListCommand.class,
      TopicsDescribeCommand.class,
      TopicsAlterCommand.class,
      TopicsDeleteCommand.class,
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  millrace topics create --topic orders --partitions 6 --replication-factor 3",
      "  millrace topics describe --topic orders",
      "  millrace topics alter --topic orders --partitions 12 --config retention.ms=86400000"
    })
final class TopicsCommand extends CommandGroup {}
