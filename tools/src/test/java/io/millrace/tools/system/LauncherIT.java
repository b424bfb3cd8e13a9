package io.millrace.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The {@code millrace} script, in front of what the build has just packaged. */
@Timeout(60)
final class LauncherIT {

  @TempDir private Path home;

  @BeforeEach
  void installWhatIsBuilt() throws IOException {
    Path dist = Files.createDirectories(home.resolve("tools/target/dist"));
    Files.copy(Path.of("..", "millrace"), home.resolve("millrace"));
    Files.createSymbolicLink(dist.resolve("lib"), Path.of("target/dist/lib").toAbsolutePath());
    Files.createFile(dist.resolve("built"));
  }

  @Test
  void version_isThatOfTheBuild() throws Exception {
    assertThat(run(home, "--version")).matches("(?s)millrace \\d+\\.\\d+\\S*, Java \\d+.*");
  }

  @Test
  void scriptThatIsLinkedToFromElsewhere_findsItsHome(@TempDir Path elsewhere) throws Exception {
    Files.createSymbolicLink(elsewhere.resolve("millrace"), home.resolve("millrace"));

    assertThat(run(elsewhere, "--help")).contains("quickstart");
  }

  private static String run(Path directory, String argument) throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder("bash", directory.resolve("millrace").toString(), argument)
            .redirectErrorStream(true);
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().put("MILLRACE_NO_BUILD", "1");
    Process process = builder.start();
    try {
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(process.exitValue()).as(output).isZero();
      return output;
    } finally {
      process.destroyForcibly();
    }
  }
}
