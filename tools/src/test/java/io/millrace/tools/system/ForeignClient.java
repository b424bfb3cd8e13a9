package io.millrace.tools.system;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.tools.system.MemberEvent.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.apache.kafka.common.TopicPartition;

/**
 * Clients in other languages as group members. Each is skipped where it is not installed, unless
 * {@code MILLRACE_REQUIRE_CLIENTS} is set.
 */
enum ForeignClient {
  KCAT {
    @Override
    boolean isInstalled() {
      return succeeds("kcat", "-V");
    }

    @Override
    MemberProcess member(ProcessCluster cluster, Path directory, Place place, GroupLedger ledger)
        throws IOException {
      List<String> command = new ArrayList<>(List.of("sh", "-c", "exec \"$@\" 2>&1", "kcat"));
      command.addAll(List.of("kcat", "-b", cluster.bootstrap(), "-G", place.group(), "-u"));
      command.addAll(List.of("-f", "record %t %p %o\\n"));
      for (String setting :
          List.of(
              "auto.offset.reset=earliest",
              "auto.commit.interval.ms=100",
              "session.timeout.ms=3000",
              "heartbeat.interval.ms=300",
              "partition.assignment.strategy=" + place.assignor())) {
        command.addAll(List.of("-X", setting));
      }
      command.add(place.topic());
      return MemberProcess.launch(
          command, directory, List.of(place.name()), new KcatLines(place.name()), ledger);
    }
  },

  CONFLUENT_PYTHON {
    @Override
    boolean isInstalled() {
      return succeeds(PYTHON, "-c", "import confluent_kafka");
    }

    @Override
    MemberProcess member(ProcessCluster cluster, Path directory, Place place, GroupLedger ledger)
        throws IOException {
      return script(cluster, directory, place, ledger, directory, PYTHON, "confluent_member.py");
    }
  },

  KAFKA_PYTHON {
    @Override
    boolean isInstalled() {
      return succeeds(PYTHON, "-c", "import kafka");
    }

    @Override
    MemberProcess member(ProcessCluster cluster, Path directory, Place place, GroupLedger ledger)
        throws IOException {
      return script(cluster, directory, place, ledger, directory, PYTHON, "kafka_python_member.py");
    }
  },

  KAFKAJS {
    /** npm puts it into the build directory, once. */
    @Override
    boolean isInstalled() {
      Path home = KAFKAJS_HOME;
      return Files.isDirectory(home.resolve("node_modules").resolve("kafkajs"))
          || succeeds(
              "npm",
              "install",
              "--silent",
              "--no-audit",
              "--no-fund",
              "--prefix",
              home.toString(),
              "kafkajs@2.2.4");
    }

    @Override
    MemberProcess member(ProcessCluster cluster, Path directory, Place place, GroupLedger ledger)
        throws IOException {
      return script(cluster, directory, place, ledger, KAFKAJS_HOME, "node", "kafkajs_member.js");
    }
  };

  /** Where a member belongs, and its name in the ledger. */
  record Place(String group, String topic, String assignor, String name) {}

  /** Debian's, which has the packages; not whatever a version manager puts before it. */
  private static final String PYTHON = "/usr/bin/python3";

  private static final Path KAFKAJS_HOME =
      Path.of(System.getProperty("millrace.kafkajs", "target/kafkajs")).toAbsolutePath();

  abstract boolean isInstalled();

  abstract MemberProcess member(
      ProcessCluster cluster, Path directory, Place place, GroupLedger ledger) throws IOException;

  void assumeInstalled() {
    boolean there = isInstalled();
    if (System.getenv("MILLRACE_REQUIRE_CLIENTS") != null && !there) {
      throw new AssertionError(this + " is required here, but cannot be run");
    }
    assumeTrue(there, () -> this + " is not on this machine");
  }

  private static boolean succeeds(String... command) {
    try {
      Process process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start();
      if (!process.waitFor(60, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return false;
      }
      return process.exitValue() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static MemberProcess script(
      ProcessCluster cluster,
      Path directory,
      Place place,
      GroupLedger ledger,
      Path home,
      String interpreter,
      String resource)
      throws IOException {
    Path script = home.resolve(place.name() + "-" + resource);
    try (InputStream source =
        Objects.requireNonNull(ForeignClient.class.getResourceAsStream(resource), resource)) {
      Files.copy(source, script, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    }
    return MemberProcess.launch(
        List.of(
            interpreter,
            script.toString(),
            cluster.bootstrap(),
            place.group(),
            place.topic(),
            place.assignor(),
            place.name()),
        directory,
        List.of(place.name()),
        line -> List.of(),
        ledger);
  }

  /** Reads what kcat prints. It commits on its own, so of commits nothing is told. */
  private static final class KcatLines implements Function<String, List<MemberEvent>> {

    private static final Pattern REBALANCED =
        Pattern.compile("% Group .* rebalanced.*?(revoke|lost|assign).*: (.*)");
    private static final Pattern PARTITION = Pattern.compile("(\\S+) \\[(\\d+)\\]");

    private final String member;

    KcatLines(String member) {
      this.member = member;
    }

    @Override
    public List<MemberEvent> apply(String line) {
      if (line.startsWith("record ")) {
        String[] parts = line.split(" ");
        TopicPartition partition = new TopicPartition(parts[1], Integer.parseInt(parts[2]));
        long offset = Long.parseLong(parts[3]);
        return List.of(event(Kind.READ, Map.of(partition, offset), Map.of(partition, offset + 1)));
      }
      Matcher matcher = REBALANCED.matcher(line);
      if (!matcher.matches()) {
        return List.of();
      }
      Map<TopicPartition, Long> partitions =
          PARTITION
              .matcher(matcher.group(2))
              .results()
              .collect(
                  Collectors.toMap(
                      one -> new TopicPartition(one.group(1), Integer.parseInt(one.group(2))),
                      one -> 0L));
      return List.of(
          event(
              matcher.group(1).equals("assign") ? Kind.ASSIGNED : Kind.REVOKED,
              partitions,
              Map.of()));
    }

    private MemberEvent event(
        Kind kind, Map<TopicPartition, Long> offsets, Map<TopicPartition, Long> ends) {
      long now = System.nanoTime();
      return new MemberEvent(kind, member, now, now, -1, offsets, ends, "");
    }
  }
}
