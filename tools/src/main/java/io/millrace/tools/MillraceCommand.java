package io.millrace.tools;

import java.util.concurrent.Callable;
import picocli.AutoComplete.GenerateCompletion;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code millrace}: the root of all commands. */
@Command(
    name = "millrace",
    description =
        "A distributed message log that speaks the Kafka protocol and coordinates itself.",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      QuickstartCommand.class,
      NodeCommand.class,
      TopicsCommand.class,
      GroupsCommand.class,
      ProduceCommand.class,
      ConsumeCommand.class,
      ClusterCommand.class,
      LogCommand.class,
      GenerateCompletion.class,
      HelpCommand.class,
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  millrace quickstart                                a cluster of three nodes on this"
          + " machine",
      "  millrace node start --config node.properties       one node, in the foreground",
      "  millrace topics create --topic orders --partitions 6",
      "  echo hello | millrace produce --topic orders",
      "  millrace consume --topic orders --from-beginning",
      "  millrace groups describe --group billing",
      "  millrace cluster status",
      "  source <(millrace generate-completion)             completion for bash and zsh",
      "",
      "Every command explains itself: millrace COMMAND --help"
    })
final class MillraceCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return ExitCode.USAGE;
  }
}
