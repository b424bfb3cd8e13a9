package io.millrace.tools;

import io.millrace.tools.logging.LogSettings;
import io.millrace.tools.node.StopSignal;
import io.millrace.tools.output.TerminalSafeWriter;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;

/** Where the {@code millrace} command begins. */
public final class Main {

  private static final int HELP_WIDTH = 120;

  private Main() {}

  /** Runs one command and exits with its code; see {@link ExitCode}. */
  public static void main(String[] args) {
    // A command that runs a node replaces these before its first log line.
    LogSettings.command().apply();
    int code = commandLine().execute(args);
    StopSignal.exit(code);
  }

  /** The whole command tree, printing UTF-8 whatever the platform's charset is. */
  static CommandLine commandLine() {
    CommandLine commandLine = new CommandLine(new MillraceCommand());
    commandLine.setOut(new PrintWriter(System.out, false, StandardCharsets.UTF_8));
    Writer err = new OutputStreamWriter(System.err, StandardCharsets.UTF_8);
    commandLine.setErr(new PrintWriter(new TerminalSafeWriter(err), true));
    commandLine.setExecutionExceptionHandler(new FailureReporter());
    commandLine.setParameterExceptionHandler(new UsageReporter());
    commandLine.setCaseInsensitiveEnumValuesAllowed(true);
    // Into a pipe or a file, where no terminal has a width: examples that can be copied whole.
    commandLine.setUsageHelpWidth(HELP_WIDTH);
    commandLine.setUsageHelpAutoWidth(true);
    commandLine.setAbbreviatedSubcommandsAllowed(false);
    return commandLine;
  }
}
