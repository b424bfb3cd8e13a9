package io.millrace.tools;

import io.millrace.client.Admin;
import io.millrace.client.AdminBuilder;
import io.millrace.client.ClientBuilder;
import io.millrace.client.MillraceException;
import io.millrace.protocol.ErrorCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import picocli.CommandLine.Spec.Target;

/** Which cluster a command speaks to; the flags that all of them share. */
final class ClusterOptions {

  @Option(
      names = {"-b", "--bootstrap-server"},
      paramLabel = "HOST:PORT[,...]",
      defaultValue = "${env:MILLRACE_BOOTSTRAP_SERVER:-localhost:9092}",
      description =
          "Any brokers of the cluster. Default: $MILLRACE_BOOTSTRAP_SERVER, or else localhost:9092.")
  private String bootstrapServers = "localhost:9092";

  @Option(
      names = "--command-config",
      paramLabel = "FILE",
      description = "Client properties, by Kafka's names; flags win over them.")
  private @Nullable Path commandConfig;

  @Option(
      names = "--timeout-ms",
      paramLabel = "MS",
      defaultValue = "15000",
      description = "How long to try before giving up. Default: ${DEFAULT-VALUE}.")
  private int timeoutMs = 15_000;

  private static final int CONNECT_TIMEOUT_MS = 3_000;

  @Spec(Target.MIXEE)
  private CommandSpec command;

  /** Whether somebody has answered; from then on what takes long is the cluster's work. */
  private boolean answered;

  /** How long to try before giving up. */
  int timeoutMs() {
    return timeoutMs;
  }

  String bootstrapServers() {
    return bootstrapServers;
  }

  /** The properties every client of a command is built from. */
  Properties properties() {
    if (timeoutMs <= 0) {
      throw new CommandFailure(
          ExitCode.USAGE, "--timeout-ms is " + timeoutMs + ", expected 1 or more", null);
    }
    Properties properties = new Properties();
    if (commandConfig != null) {
      try (Reader reader = Files.newBufferedReader(commandConfig, StandardCharsets.UTF_8)) {
        properties.load(reader);
      } catch (IOException | IllegalArgumentException e) {
        throw new CommandFailure(
            ExitCode.USAGE,
            "cannot read --command-config " + commandConfig + ": " + e.getMessage(),
            null);
      }
    }
    properties.setProperty("bootstrap.servers", bootstrapServers);
    properties.setProperty("client.id", "millrace-cli");
    properties.setProperty("default.api.timeout.ms", Integer.toString(timeoutMs));
    properties.setProperty("request.timeout.ms", Integer.toString(Math.min(timeoutMs, 30_000)));
    // A broker that accepts and then says nothing must not use up the time that another needs.
    properties.putIfAbsent(
        "socket.connection.setup.timeout.ms",
        Integer.toString(Math.min(timeoutMs, CONNECT_TIMEOUT_MS)));
    return properties;
  }

  Admin admin() {
    AdminBuilder builder = Admin.builder().properties(properties());
    check(builder, Map.of());
    return builder.build();
  }

  /**
   * Looks at what the builder was given and whether anybody listens where it will connect to.
   *
   * @param byFlag the settings that a flag gave to this very client
   */
  void check(ClientBuilder<?> builder, Map<String, String> byFlag) {
    PrintWriter err = command.commandLine().getErr();
    ClientSettings.check(builder, byFlag, err);
    List<String> addresses =
        Arrays.stream(bootstrapServers.split(","))
            .map(String::trim)
            .filter(address -> !address.isEmpty())
            .toList();
    if (!addresses.isEmpty()) { // the client refuses to begin without
      FirstContact.require(addresses, timeoutMs, err);
    }
  }

  /**
   * Waits for an answer; says so when the first takes long. An unreachable cluster becomes a
   * failure with a hint.
   */
  <T> T await(@Nullable CompletableFuture<T> question) {
    // The client answers for each resource that it was asked about; null would be its bug.
    CompletableFuture<T> answer =
        Objects.requireNonNull(question, "no answer for a resource that was asked about");
    try {
      if (!answered) {
        // Whatever it is, it comes again from join.
        answer
            .copy()
            .completeOnTimeout(null, FirstContact.NOTICE_MS, TimeUnit.MILLISECONDS)
            .exceptionally(failure -> null)
            .join();
        if (!answer.isDone()) {
          command.commandLine().getErr().println(FirstContact.notice(bootstrapServers, timeoutMs));
        }
      }
      T value = answer.join();
      answered = true;
      return value;
    } catch (CompletionException e) {
      throw failure(e.getCause() == null ? e : e.getCause());
    }
  }

  /** What to tell the person about a failed call. */
  RuntimeException failure(Throwable cause) {
    if (cause instanceof MillraceException e
        && (e.error() == ErrorCode.NETWORK_EXCEPTION || e.error() == ErrorCode.REQUEST_TIMED_OUT)) {
      return new CommandFailure(
          ExitCode.UNREACHABLE,
          "no broker answered within " + timeoutMs + " ms: " + e.getMessage(),
          hint(bootstrapServers));
    }
    return cause instanceof RuntimeException runtime ? runtime : new CompletionException(cause);
  }

  /** What to do when nobody answers there. */
  static String hint(String addresses) {
    return "Is a node running at "
        + addresses
        + "? Start one with 'millrace node start' or 'millrace quickstart',"
        + " or name another with --bootstrap-server.";
  }
}
