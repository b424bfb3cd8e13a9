package io.millrace.tools;

import io.millrace.client.MillraceException;
import io.millrace.server.NodeStartException;
import io.millrace.server.config.ConfigException;
import java.io.PrintWriter;
import java.util.concurrent.CompletionException;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/**
 * Turns what a command throws into a line on standard error and an exit code. A stack trace means a
 * bug of ours.
 */
final class FailureReporter implements IExecutionExceptionHandler {

  @Override
  public int handleExecutionException(Exception thrown, CommandLine command, ParseResult parsed) {
    command.getOut().flush();
    PrintWriter err = command.getErr();
    Throwable cause =
        thrown instanceof CompletionException && thrown.getCause() != null
            ? thrown.getCause()
            : thrown;
    if (cause instanceof CommandFailure failure) {
      err.println("millrace: " + failure.getMessage());
      if (failure.hint() != null) {
        err.println("  " + failure.hint());
      }
      return failure.exitCode();
    }
    if (cause instanceof NodeStartException || cause instanceof ConfigException) {
      err.println("millrace: " + cause.getMessage());
      return ExitCode.FAILED;
    }
    if (cause instanceof MillraceException failure) {
      err.println("millrace: " + failure.getMessage());
      return ExitCode.FAILED;
    }
    if (cause instanceof IllegalArgumentException) {
      err.println("millrace: " + cause.getMessage());
      return ExitCode.USAGE;
    }
    err.println("millrace: unexpected failure, please report it with these lines:");
    cause.printStackTrace(err);
    return ExitCode.FAILED;
  }
}
