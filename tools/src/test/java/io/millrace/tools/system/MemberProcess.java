package io.millrace.tools.system;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/** A process with group members, see {@link MemberProcessMain}, and the signals to it. */
final class MemberProcess implements AutoCloseable {

  /** Which kafka-clients the members run on. */
  enum Version {
    TODAY,
    FIVE_YEARS_AGO;

    String classPath() {
      if (this == TODAY) {
        return System.getProperty("java.class.path");
      }
      String old = System.getProperty("millrace.old-kafka-clients");
      if (!new File(old).isDirectory()) {
        throw new AssertionError("the build did not fill " + old);
      }
      try {
        return Path.of(
                MemberProcessMain.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            + File.pathSeparator
            + old
            + File.separator
            + "*";
      } catch (java.net.URISyntaxException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  private final List<String> members;
  private final Path log;
  private final Process process;
  private final Thread reader;

  private MemberProcess(
      List<String> members,
      Path log,
      Process process,
      Function<String, List<MemberEvent>> parser,
      Consumer<MemberEvent> sink) {
    this.members = members;
    this.log = log;
    this.process = process;
    reader = new Thread(() -> read(parser, sink), "reader-" + members);
    reader.setDaemon(true);
    reader.start();
  }

  static MemberProcess start(
      Path directory,
      Version version,
      List<String> members,
      List<String> topics,
      Properties settings,
      Consumer<MemberEvent> sink)
      throws IOException {
    Properties all = new Properties();
    all.putAll(settings);
    all.put("members", String.join(",", members));
    all.put("topics", String.join(",", topics));
    Path file = directory.resolve("members-" + String.join("-", members) + ".properties");
    try (var writer = Files.newBufferedWriter(file)) {
      all.store(writer, null);
    }
    return launch(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx128m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            version.classPath(),
            MemberProcessMain.class.getName(),
            file.toString()),
        directory,
        members,
        line -> List.of(),
        sink);
  }

  /**
   * Starts any program as a member.
   *
   * @param parser from a line of its output to the events that it tells, for a program that does
   *     not write {@link MemberEvent#line()}
   */
  static MemberProcess launch(
      List<String> command,
      Path directory,
      List<String> members,
      Function<String, List<MemberEvent>> parser,
      Consumer<MemberEvent> sink)
      throws IOException {
    Path log = directory.resolve("members-" + String.join("-", members) + ".log");
    Process process =
        new ProcessBuilder(command)
            .redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()))
            .start();
    return new MemberProcess(members, log, process, parser, sink);
  }

  private void read(Function<String, List<MemberEvent>> parser, Consumer<MemberEvent> sink) {
    try (BufferedReader input =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String line = input.readLine();
      while (line != null) {
        if (line.startsWith(MemberEvent.PREFIX)) {
          sink.accept(MemberEvent.parse(line));
        } else {
          parser.apply(line).forEach(sink);
        }
        line = input.readLine();
      }
    } catch (IOException e) {
      // the process was killed while it wrote
    }
  }

  List<String> members() {
    return members;
  }

  /** {@code kill -9}: returns when the process is gone and its last event was read. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor(10, TimeUnit.SECONDS);
    reader.join(10_000);
  }

  /** {@code kill -STOP}. */
  void freeze() throws IOException, InterruptedException {
    signal("STOP");
  }

  /** {@code kill -CONT}. */
  void unfreeze() throws IOException, InterruptedException {
    signal("CONT");
  }

  private void signal(String name) throws IOException, InterruptedException {
    int code =
        new ProcessBuilder("kill", "-" + name, Long.toString(process.pid())).start().waitFor();
    if (code != 0) {
      throw new IOException("kill -" + name + " exited with " + code + ", members=" + members);
    }
  }

  /** {@code kill -TERM}: the members leave; each has left when it has told {@code CLOSED}. */
  void stop() throws IOException, InterruptedException {
    signal("TERM"); // Process.destroy() would close our end of its output, too
  }

  /** Waits for the end of a process that was told to stop. */
  void awaitEnd() throws InterruptedException {
    if (!process.waitFor(20, TimeUnit.SECONDS)) {
      throw new AssertionError("members " + members + " did not end: " + log());
    }
    reader.join(10_000);
  }

  /** What it wrote to its standard error. */
  String log() {
    try {
      String text = Files.readString(log);
      return text.substring(Math.max(0, text.length() - 3000));
    } catch (IOException e) {
      return e.toString();
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
