package io.millrace.tools;

import java.io.PrintWriter;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * A wrong command line gets the reason, the nearest thing that exists, and where to read on; not
 * the whole help.
 */
final class UsageReporter implements IParameterExceptionHandler {

  @Override
  public int handleParseException(ParameterException missed, String[] args) {
    CommandLine command = missed.getCommandLine();
    ParameterException thrown = misspelt(missed, command);
    PrintWriter err = command.getErr();
    err.println("millrace: " + thrown.getMessage());
    UnmatchedArgumentException.printSuggestions(thrown, err);
    err.println("  See: " + command.getCommandSpec().qualifiedName() + " --help");
    return ExitCode.USAGE;
  }

  /** A required flag that is missing is most often there, but misspelt: that is what to tell. */
  private static ParameterException misspelt(ParameterException thrown, CommandLine command) {
    List<String> unmatched = command.getUnmatchedArguments();
    return thrown instanceof MissingParameterException && !unmatched.isEmpty()
        ? new UnmatchedArgumentException(command, unmatched)
        : thrown;
  }
}
