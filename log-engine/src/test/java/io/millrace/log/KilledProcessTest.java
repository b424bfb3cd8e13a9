package io.millrace.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.concurrent.Clock;
import io.millrace.concurrent.ThreadEventLoop;
import io.millrace.log.simulated.Batches;
import io.millrace.log.simulated.ManualLoop;
import io.millrace.log.storage.FileLogStorage;
import io.millrace.protocol.Uuid;
import io.millrace.protocol.record.FileRecords;
import io.millrace.protocol.record.MemoryRecords;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real process on real files, killed in the middle of its appends. */
@Timeout(60)
final class KilledProcessTest {

  private static final TopicPartitionId ID = new TopicPartitionId(new Uuid(3, 4), "killed", 0);

  @Test
  void whatAKilledProcessAcknowledged_isThere(@TempDir Path directory) throws Exception {
    for (int round = 1; round <= 3; round++) {
      long acknowledged = appendUntilKilled(directory, 200 * round);
      assertThat(recoveredEnd(directory)).as("round " + round).isGreaterThanOrEqualTo(acknowledged);
    }
  }

  @Test
  void directoryInUse_isRefusedToASecondManager(@TempDir Path directory) throws Exception {
    Process child = start(directory);
    try (BufferedReader lines = reader(child)) {
      assertThat(lines.readLine()).isNotNull();
      assertThatThrownBy(() -> open(directory))
          .isInstanceOf(LogStorageException.class)
          .hasMessageContaining("in use by another Millrace process");
    } finally {
      child.destroyForcibly().waitFor();
    }
  }

  private static long appendUntilKilled(Path directory, int lines)
      throws IOException, InterruptedException {
    Process child = start(directory);
    long last = -1;
    try (BufferedReader reader = reader(child)) {
      int heard = 0;
      for (String line = reader.readLine(); line != null; line = reader.readLine()) {
        if (line.startsWith(Child.PREFIX) && line.endsWith(";")) {
          last = Long.parseLong(line.substring(Child.PREFIX.length(), line.length() - 1));
          if (++heard == lines) {
            child.toHandle().destroyForcibly(); // SIGKILL; what it printed until then still comes
          }
        }
      }
      assertThat(heard).as("lines until the child ended").isGreaterThanOrEqualTo(lines);
    }
    child.waitFor(10, TimeUnit.SECONDS);
    return last;
  }

  private static BufferedReader reader(Process child) {
    return new BufferedReader(
        new InputStreamReader(child.getInputStream(), StandardCharsets.UTF_8));
  }

  private static Process start(Path directory) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:TieredStopAtLevel=1",
            "-Xmx128m",
            "-cp",
            System.getProperty("java.class.path"),
            Child.class.getName(),
            directory.toString())
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  private static LogManager open(Path directory) throws IOException {
    Clock clock = Clock.system();
    ManualLoop append = new ManualLoop("append", clock);
    ManualLoop flush = new ManualLoop("flush", clock);
    return LogManager.open(
        LogManagerConfig.DEFAULT,
        List.of(new LogDirectory(FileLogStorage.at(directory), append, flush)),
        clock);
  }

  /**
   * Recovers, reads everything from the files, and leaves the directory as a killed process would.
   */
  private static long recoveredEnd(Path directory) throws IOException {
    LogManager manager = open(directory);
    try {
      PartitionLog log = manager.getOrCreate(ID, Child.CONFIG);
      List<String> values = new ArrayList<>();
      long next = log.logStartOffset();
      while (next < log.logEndOffset()) {
        LogRead.Data data = (LogRead.Data) log.read(next, 64 << 10, log.logEndOffset(), true);
        values.addAll(Batches.values(inMemory((FileRecords) data.records())));
        next = data.nextOffset();
      }
      assertThat(values).hasSize((int) log.logEndOffset());
      for (int i = 0; i < values.size(); i++) {
        assertThat(values.get(i)).startsWith("value-" + i + "-");
      }
      return log.logEndOffset();
    } finally {
      manager.abandon();
    }
  }

  private static MemoryRecords inMemory(FileRecords records) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(records.sizeInBytes());
    while (bytes.hasRemaining()) {
      assertThat(records.channel().read(bytes, records.position() + bytes.position())).isPositive();
    }
    return MemoryRecords.wrap(bytes.flip());
  }

  /** Appends without end and prints each durable end. */
  static final class Child {

    static final String PREFIX = "durable ";
    static final LogConfig CONFIG = LogFixture.settings("segment.bytes", "20000");

    private Child() {}

    public static void main(String[] args) throws IOException {
      Clock clock = Clock.system();
      ThreadEventLoop append =
          new ThreadEventLoop("append", clock, (loop, cause) -> cause.printStackTrace());
      ThreadEventLoop flush =
          new ThreadEventLoop("flush", clock, (loop, cause) -> cause.printStackTrace());
      LogManager manager =
          LogManager.open(
              new LogManagerConfig(CONFIG, 1 << 20, 86_400_000, 300_000, 20),
              List.of(new LogDirectory(FileLogStorage.at(Path.of(args[0])), append, flush)),
              clock);
      PartitionLog log = manager.getOrCreate(ID, CONFIG);
      append.execute(
          () -> {
            log.onDurable(
                end -> {
                  System.out.println(PREFIX + end + ";");
                  append(log);
                });
            append(log);
          });
      append.awaitTermination(Duration.ofMinutes(1)); // it is killed long before
    }

    private static void append(PartitionLog log) {
      long end = log.logEndOffset();
      String padding = "x".repeat((int) (end % 300));
      log.appendAsLeader(Batches.of(1, "value-" + end + "-" + padding), 1);
    }
  }
}
