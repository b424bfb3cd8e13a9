package io.millrace.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Apache's own Java client, today's and one of five years ago, each in a process of its own. */
class KafkaClientsIT {

  @TempDir private static Path directory;
  private static ProcessCluster cluster;

  @BeforeAll
  static void startCluster() throws IOException {
    cluster = ProcessCluster.start(directory, 3);
  }

  @AfterAll
  static void stopCluster() {
    cluster.close();
  }

  @Test
  void todaysClient_roundTrips() throws Exception {
    assertThat(probe(System.getProperty("java.class.path"), "today")).contains("OK 4.");
  }

  @Test
  void clientOfFiveYearsAgo_roundTrips() throws Exception {
    String testClasses =
        Path.of(KafkaClientProbe.class.getProtectionDomain().getCodeSource().getLocation().toURI())
            .toString();
    String old = System.getProperty("millrace.old-kafka-clients");
    assertThat(new File(old)).as("filled by the build").isDirectory();

    assertThat(probe(testClasses + File.pathSeparator + old + File.separator + "*", "old"))
        .contains("OK 2.8");
  }

  private static String probe(String classPath, String topic) throws Exception {
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Path output = directory.resolve(topic + ".log");
    Process process =
        new ProcessBuilder(
                List.of(
                    java,
                    "-Xmx256m",
                    "-XX:TieredStopAtLevel=1",
                    "-cp",
                    classPath,
                    KafkaClientProbe.class.getName(),
                    cluster.bootstrap(),
                    topic))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(90, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError(
          "the client did not end within 90 s: " + Files.readString(output) + cluster.outputs());
    }
    String text = Files.readString(output, StandardCharsets.UTF_8);
    assertThat(process.exitValue()).as("%s%s", text, cluster.outputs()).isZero();
    return text;
  }
}
