package io.millrace.tools.system;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;

/**
 * One node as a process of its own, run through the same entry point as the user's. Not
 * thread-safe.
 */
final class NodeProcess implements AutoCloseable {

  private final int id;
  private final Path directory;
  private final Path config;
  private Process process;

  private NodeProcess(int id, Path directory, Path config, Process process) {
    this.id = id;
    this.directory = directory;
    this.config = config;
    this.process = process;
  }

  /** Writes the configuration and starts the process. */
  static NodeProcess start(int id, Path directory, Map<String, String> settings)
      throws IOException {
    Files.createDirectories(directory);
    Properties properties = new Properties();
    properties.putAll(settings);
    Path config = directory.resolve("node.properties");
    try (var writer = Files.newBufferedWriter(config, StandardCharsets.UTF_8)) {
      properties.store(writer, null);
    }
    BrokerKind.chosen().prepare(config);
    return new NodeProcess(id, directory, config, launch(directory, config));
  }

  private static Process launch(Path directory, Path config) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(
        List.of(
            "-ea",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:+HeapDumpOnOutOfMemoryError"));
    command.add("-XX:HeapDumpPath=" + directory);
    command.addAll(BrokerKind.chosen().command(config));
    File output = directory.resolve("output.log").toFile();
    return new ProcessBuilder(command)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(output))
        .start();
  }

  int id() {
    return id;
  }

  Path dataDirectory() {
    return directory.resolve("data");
  }

  /** All that the process wrote, over all its lives. */
  String output() throws IOException {
    return Files.readString(directory.resolve("output.log"), StandardCharsets.UTF_8);
  }

  boolean isAlive() {
    return process.isAlive();
  }

  /** {@code kill -9}. Returns when the process is gone. */
  void kill() {
    process.destroyForcibly();
    awaitExit(Duration.ofSeconds(10));
  }

  /** {@code kill -STOP}: the process neither answers nor closes its connections. */
  void freeze() throws IOException, InterruptedException {
    signal("STOP");
  }

  void unfreeze() throws IOException, InterruptedException {
    signal("CONT");
  }

  private void signal(String name) throws IOException, InterruptedException {
    int code =
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    if (code != 0) {
      throw new IOException("kill -" + name + " of node " + id + " exited with " + code);
    }
  }

  /** {@code kill -TERM}: the orderly way. */
  int stop() {
    process.destroy();
    return awaitExit(Duration.ofSeconds(30));
  }

  private int awaitExit(Duration limit) {
    try {
      if (!process.waitFor(limit.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new AssertionError("node " + id + " did not end within " + limit.toSeconds() + " s");
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError("interrupted while node " + id + " ended", e);
    }
  }

  /** Starts the process again on the same configuration and data. */
  void restart() throws IOException {
    if (process.isAlive()) {
      throw new IllegalStateException("node " + id + " still runs");
    }
    process = launch(directory, config);
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
