package io.millrace.tools.node;

import io.millrace.tools.ExitCode;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Starts this program again as a process of its own and waits until that one says that it is ready.
 */
public final class Daemon {

  private static final long POLL_MS = 50;
  private static final int LOG_LINES_SHOWN = 10;

  private final PrintWriter err;

  public Daemon(PrintWriter err) {
    this.err = err;
  }

  /**
   * Starts and waits.
   *
   * @param arguments of the new process
   * @param stateFile where it tells of itself
   * @param log where it logs; its standard output goes beside it
   * @return an {@link ExitCode}
   */
  public int start(List<String> arguments, Path stateFile, Path log, long waitSeconds)
      throws IOException, InterruptedException {
    Path directory = Objects.requireNonNull(log.toAbsolutePath().getParent(), log.toString());
    try {
      Files.createDirectories(directory);
    } catch (IOException e) {
      throw unusable(
          directory, Files.exists(directory) ? "there is no directory" : "cannot make a directory");
    }
    if (!Files.isWritable(directory)) {
      throw unusable(directory, "user " + System.getProperty("user.name") + " may not write");
    }
    File output = new File(log + ".out");
    Process process =
        new ProcessBuilder(commandLine(arguments))
            .redirectInput(new File("/dev/null"))
            .redirectOutput(ProcessBuilder.Redirect.to(output))
            .redirectErrorStream(true)
            .start();
    if (waitSeconds == 0) {
      err.println(
          "Started (pid "
              + process.pid()
              + ", log "
              + log
              + "); 'node status' says when it is ready");
      return ExitCode.OK;
    }
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(waitSeconds);
    String said = "";
    while (System.nanoTime() < deadline) {
      if (!process.isAlive()) {
        err.println(
            "millrace: the node ended at once, with exit code "
                + process.exitValue()
                + "; its last words:");
        lastWords(output.toPath(), log);
        return ExitCode.FAILED;
      }
      Optional<NodeState> state =
          NodeState.read(stateFile).filter(found -> found.pid() == process.pid());
      if (state.isPresent() && state.get().phase() == NodeState.Phase.READY) {
        err.println(
            "Ready: " + state.get().message() + " (pid " + process.pid() + ", log " + log + ")");
        return ExitCode.OK;
      }
      if (state.isPresent() && !state.get().message().equals(said)) {
        said = state.get().message();
        err.println(said);
      }
      process.waitFor(POLL_MS, TimeUnit.MILLISECONDS);
    }
    err.println(
        "millrace: not ready after "
            + waitSeconds
            + " s, but it goes on trying (pid "
            + process.pid()
            + ", log "
            + log
            + ")");
    return ExitCode.FAILED;
  }

  private static FileSystemException unusable(Path directory, String why) {
    return new FileSystemException(
        directory.toString(),
        null,
        why + " here, where the node's log is to be; name another log.dirs or --log-file");
  }

  /**
   * The same JVM with the same flags; in a session of its own, so that the terminal's Ctrl-C does
   * not reach it.
   */
  private static List<String> commandLine(List<String> arguments) {
    List<String> command = new ArrayList<>();
    if (Files.isExecutable(Path.of("/usr/bin/setsid"))) {
      command.add("/usr/bin/setsid");
    }
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), "io.millrace.tools.Main"));
    command.addAll(arguments);
    return command;
  }

  private void lastWords(Path output, Path log) throws IOException {
    for (Path file : List.of(output, log)) {
      if (Files.exists(file)) {
        List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
        lines
            .subList(Math.max(0, lines.size() - LOG_LINES_SHOWN), lines.size())
            .forEach(line -> err.println("  " + line));
      }
    }
  }
}
