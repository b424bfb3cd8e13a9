package io.millrace.tools;

import io.millrace.client.MillraceException;
import io.millrace.server.NodeStartException;
import io.millrace.server.config.ConfigException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
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
    if (cause instanceof IOException && "Broken pipe".equals(cause.getMessage())) {
      return ExitCode.OK; // the reader, such as head, has seen enough
    }
    if (cause instanceof IOException) {
      err.println("millrace: " + told((IOException) cause));
      return ExitCode.FAILED;
    }
    err.println("millrace: unexpected failure, please report it with these lines:");
    cause.printStackTrace(err);
    return ExitCode.FAILED;
  }

  /** The names of some of Java's exceptions are part of what they say. */
  private static String told(IOException e) {
    String message = String.valueOf(e.getMessage());
    if (e instanceof NoSuchFileException) {
      return message + ": there is no such file";
    }
    if (e instanceof AccessDeniedException) {
      return message + ": permission denied";
    }
    return e instanceof FileSystemException || e.getClass() == IOException.class
        ? message
        : e.getClass().getSimpleName() + ": " + message;
  }
}
