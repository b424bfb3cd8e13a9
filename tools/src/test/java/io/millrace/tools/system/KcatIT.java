package io.millrace.tools.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * kcat, that is librdkafka, against three nodes. Skipped where there is no kcat, unless
 * MILLRACE_REQUIRE_KCAT is set.
 */
class KcatIT {

  @TempDir private static Path directory;
  private static ProcessCluster cluster;

  @BeforeAll
  static void startCluster() throws IOException {
    assumeTrue(
        kcatIsThere() || System.getenv("MILLRACE_REQUIRE_KCAT") != null, "no kcat on this machine");
    cluster = ProcessCluster.start(directory, 3);
  }

  @AfterAll
  static void stopCluster() {
    if (cluster != null) {
      cluster.close();
    }
  }

  private static boolean kcatIsThere() {
    try {
      return new ProcessBuilder("kcat", "-V").redirectErrorStream(true).start().waitFor() == 0;
    } catch (IOException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  @Test
  void listsBrokersTopicsAndController() throws Exception {
    cluster.createTopic("listed", 3, 3);

    String listing = kcat("", "-L", "-t", "listed");

    assertThat(listing)
        .contains("3 brokers:")
        .contains("topic \"listed\" with 3 partitions:")
        .contains("controller");
  }

  @ParameterizedTest
  @ValueSource(strings = {"none", "gzip", "snappy", "lz4", "zstd"})
  void roundTripsEveryCodec(String codec) throws Exception {
    String topic = "codec-" + codec;
    cluster.createTopic(topic, 2, 3);
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < 2000; i++) {
      lines.add(
          "key"
              + i
              + ":value "
              + i
              + " of "
              + codec
              + " and some text that repeats, some text that repeats");
    }

    kcat(String.join("\n", lines) + "\n", "-P", "-t", topic, "-K:", "-z", codec, "-X", "acks=all");
    List<String> read =
        kcat("", "-C", "-t", topic, "-o", "beginning", "-e", "-q", "-K:").lines().sorted().toList();

    assertThat(read).containsExactlyElementsOf(lines.stream().sorted().toList());
  }

  @Test
  void idempotentProducerWithHeadersAndNulls_roundTrips() throws Exception {
    cluster.createTopic("headers", 1, 3);

    kcat(
        "k:v\n",
        "-P",
        "-t",
        "headers",
        "-K:",
        "-H",
        "origin=test",
        "-X",
        "enable.idempotence=true");
    kcat("gone:\n", "-P", "-t", "headers", "-K:", "-Z");
    String read =
        kcat("", "-C", "-t", "headers", "-o", "beginning", "-e", "-q", "-f", "%o|%k|%s|%S|%h\\n");

    assertThat(read).isEqualTo("0|k|v|1|origin=test\n1|gone||-1|\n");
  }

  @Test
  void offsetsByTime_findTheRecord() throws Exception {
    cluster.createTopic("timed", 1, 3);
    kcat("first\n", "-P", "-t", "timed");
    long between = System.currentTimeMillis() + 1;
    Await.until(
        "the clock moves on",
        java.time.Duration.ofSeconds(5),
        () -> System.currentTimeMillis() > between);
    kcat("second\n", "-P", "-t", "timed");

    String read = kcat("", "-C", "-t", "timed", "-o", "s@" + between, "-e", "-q");
    String offset = kcat("", "-Q", "-t", "timed:0:" + between);

    assertThat(read).isEqualTo("second\n");
    assertThat(offset).contains("offset 1");
  }

  /** Runs kcat against the cluster and returns its standard output; fails when it does. */
  private static String kcat(String input, String... arguments) throws Exception {
    List<String> command = new ArrayList<>(List.of("kcat", "-b", cluster.bootstrap()));
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).start();
    CompletableFuture<byte[]> output =
        CompletableFuture.supplyAsync(() -> readAll(process.getInputStream()));
    CompletableFuture<byte[]> errors =
        CompletableFuture.supplyAsync(() -> readAll(process.getErrorStream()));
    try (OutputStream stdin = process.getOutputStream()) {
      stdin.write(input.getBytes(StandardCharsets.UTF_8));
    }
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new AssertionError(
          "kcat did not end within 30 s: " + command + "\n" + text(errors) + cluster.outputs());
    }
    assertThat(process.exitValue())
        .as("%s: %s %s", command, text(errors), cluster.outputs())
        .isZero();
    return text(output);
  }

  private static String text(CompletableFuture<byte[]> bytes) {
    return new String(bytes.join(), StandardCharsets.UTF_8);
  }

  private static byte[] readAll(java.io.InputStream stream) {
    try (stream) {
      return stream.readAllBytes();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
