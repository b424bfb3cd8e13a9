package io.millrace.tools;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** What a wrong command line and an absent cluster answer. */
class CommandLineTest {

  @TempDir private Path directory;

  /** How a command ended and what it printed. */
  private record Ended(int code, String out, String err) {}

  private static Ended run(String... arguments) {
    CommandLine commandLine = Main.commandLine();
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    commandLine.setOut(new PrintWriter(out));
    commandLine.setErr(new PrintWriter(err));
    int code = commandLine.execute(arguments);
    return new Ended(code, out.toString(), err.toString());
  }

  @Test
  void everyCommand_hasHelpWithExamples() {
    for (String command :
        new String[] {
          "quickstart",
          "node start",
          "node stop",
          "node status",
          "topics create",
          "topics list",
          "topics describe",
          "topics alter",
          "topics delete",
          "groups list",
          "groups describe",
          "groups members",
          "groups reset-offsets",
          "groups delete-offsets",
          "groups delete",
          "produce",
          "consume",
          "cluster status",
          "log dump"
        }) {
      Ended ended = run((command + " --help").split(" "));

      assertThat(ended.code()).as(command).isEqualTo(ExitCode.OK);
      assertThat(ended.out()).as(command).contains("Examples:").contains("millrace " + command);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "topcis list",
        "topics",
        "topics create",
        "topics create --topic a --partitions zero",
        "topics create --topic a --partitions 0",
        "topics create --topic a --replica-assignment 1:x",
        "topics alter --topic a",
        "consume --topic a --from-beginning --offset 3",
        "consume --topic a --group g --partition 0",
        "consume --topic a --group g --exit-at-end",
        "consume --topic a --group=",
        "consume --topic a --idle-timeout-ms -1",
        "node start --daemon --wait-s -1 --override log.dirs=/nowhere",
        "produce --topic a --acks 2",
        "groups",
        "groups list --state sleepy",
        "groups describe",
        "groups describe --group a --all-groups",
        "groups reset-offsets --group a --topic t",
        "groups reset-offsets --group a --to-earliest",
        "groups reset-offsets --group a --topic t --to-earliest --to-latest",
        "groups reset-offsets --group a --topic t --all-topics --to-latest",
        "groups reset-offsets --group a --topic t:x --to-latest",
        "groups reset-offsets --group a --topic t --to-offset -1",
        "groups reset-offsets --group a --topic t --to-datetime yesterday",
        "groups reset-offsets --group a --topic t --by-duration 5",
        "groups reset-offsets --group a --topic t --to-latest --execute --dry-run",
        "groups reset-offsets --topic t --to-latest",
        "groups delete-offsets --group a",
        "groups delete",
        "node start --override nonsense.key=1 --override log.dirs=/nowhere",
        "node start --override log.dirs=",
        "produce --topic a --partition -1 -b 127.0.0.1:1",
        "produce --topic a --producer-property lingr.ms=5",
        "produce --topic a --producer-property security.protocol=SSL",
        "consume --topic a --consumer-property auto.offset.rest=earliest",
      })
  void wrongCommandLine_isRefusedBeforeAnythingIsTried(String line) {
    Ended ended = run(line.split(" "));

    assertThat(ended.code()).isEqualTo(ExitCode.USAGE);
    assertThat(ended.err()).isNotBlank().doesNotContain("\tat ");
  }

  @Test
  void misspeltFlag_isNamed_evenWhereARequiredOneIsMissingForIt() {
    Ended ended = run("topics", "create", "--topc", "orders");

    assertThat(ended.code()).isEqualTo(ExitCode.USAGE);
    assertThat(ended.err()).contains("--topc").contains("--topic");
  }

  @Test
  void unknownClientSetting_isNamedWithTheNearestKnown() {
    Ended ended = run("produce", "--topic", "a", "--producer-property", "lingr.ms=5");

    assertThat(ended.err()).contains("lingr.ms").contains("did you mean linger.ms?");
  }

  @Test
  void kafkasSettingWithoutEffect_isNamed() {
    Ended ended =
        run(
            ("produce --topic a -b 127.0.0.1:1 --producer-property linger.ms=1"
                    + " --producer-property transactional.id=t")
                .split(" "));

    assertThat(ended.err()).contains("without effect here: transactional.id\n");
  }

  @Test
  void refusedConnections_endACommandAtOnce() {
    long start = System.nanoTime();

    Ended ended = run("topics", "list", "-b", "127.0.0.1:1,127.0.0.1:2");

    assertThat(System.nanoTime() - start).isLessThan(5_000_000_000L);
    assertThat(ended.code()).isEqualTo(ExitCode.UNREACHABLE);
    assertThat(ended.err()).contains("127.0.0.1:1: connection refused");
  }

  @Test
  void silentBroker_isNamedWhileTheCommandWaits() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String address = "127.0.0.1:" + silent.getLocalPort();

      Ended ended = run("topics", "list", "-b", address, "--timeout-ms", "1500");

      assertThat(ended.code()).isEqualTo(ExitCode.UNREACHABLE);
      assertThat(ended.err()).contains("no answer yet from " + address + ", trying for up to 2 s");
    }
  }

  @Test
  void clusterThatDoesNotAnswer_hasAnExitCodeOfItsOwnAndAHint() {
    Ended ended = run("topics", "list", "-b", "127.0.0.1:1", "--timeout-ms", "500");

    assertThat(ended.code()).isEqualTo(ExitCode.UNREACHABLE);
    assertThat(ended.err())
        .contains("127.0.0.1:1")
        .contains("millrace node start")
        .doesNotContain("\tat ");
  }

  @Test
  void nodeThatDoesNotRun_isReportedAsStopped() {
    Ended ended = run("node", "status", "--override", "log.dirs=" + directory, "--json");

    assertThat(ended.code()).isEqualTo(ExitCode.NOT_HEALTHY);
    assertThat(ended.out()).contains("\"state\":\"stopped\"");

    Ended stop = run("node", "stop", "--override", "log.dirs=" + directory, "--json");

    assertThat(stop.code()).isEqualTo(ExitCode.OK);
    assertThat(stop.out()).contains("\"wasRunning\":false,\"stopMs\":null");
  }

  @Test
  void fileWhereADirectoryBelongs_isToldInTermsOfLogDirs() throws IOException {
    Path file = Files.writeString(directory.resolve("file"), "");

    Ended status = run("node", "status", "--override", "log.dirs=" + file);
    Ended start = run("node", "start", "--daemon", "--override", "log.dirs=" + file);

    assertThat(status.code()).isEqualTo(ExitCode.NOT_HEALTHY);
    assertThat(start.code()).isEqualTo(ExitCode.FAILED);
    assertThat(start.err()).contains(file + ": there is no directory").contains("log.dirs");
  }

  @Test
  void dumpOfNothing_saysSo() throws IOException {
    Files.writeString(directory.resolve("millrace.log"), "for people");

    Ended ended = run("log", "dump", directory.toString());

    assertThat(ended.code()).isEqualTo(ExitCode.FAILED);
    assertThat(ended.err()).contains("no .log file");
  }
}
