package io.millrace.tools;

import picocli.CommandLine.Command;

/** {@code millrace groups}: who reads what, how far they are, and changing that. */
@Command(
    name = "groups",
    description = "Lists and describes consumer groups, resets and deletes their offsets.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      GroupsListCommand.class,
      GroupsDescribeCommand.class,
      GroupsMembersCommand.class,
      GroupsResetOffsetsCommand.class,
      GroupsDeleteOffsetsCommand.class,
      GroupsDeleteCommand.class,
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  millrace groups list",
      "  millrace groups describe --group billing",
      "  millrace groups members --group billing",
      "  millrace groups reset-offsets --group billing --topic orders --to-earliest            shows what would happen",
      "  millrace groups reset-offsets --group billing --topic orders --to-earliest --execute"
    })
final class GroupsCommand extends CommandGroup {}
