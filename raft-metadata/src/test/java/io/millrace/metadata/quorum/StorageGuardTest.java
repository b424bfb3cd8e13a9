package io.millrace.metadata.quorum;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damages a log that Ratis wrote, and starts from it. */
class StorageGuardTest {

  private static final int PUTS = 200;

  @TempDir Path directory;

  private TestVoters voters;

  @BeforeEach
  void writeALog() {
    voters = new TestVoters(directory, 1);
    voters.start(1);
    for (int i = 0; i < PUTS; i++) {
      voters.put("/k" + i, "v");
    }
  }

  @AfterEach
  void stop() {
    voters.close();
  }

  @Test
  void tornTail_isCutAndCopiedAndTheRestServed() throws Exception {
    // given the last record half written, as a power cut leaves it inside a preallocated file
    stopForgettingApplied();
    Path segment = openSegment();
    long end = endOfData(segment);
    try (RandomAccessFile file = new RandomAccessFile(segment.toFile(), "rw")) {
      file.seek(end - 20);
      file.write(new byte[20]);
      file.setLength(end + 100_000);
    }

    // when
    voters.start(1);
    voters.awaitLeader();

    // then
    assertThat(voters.get(1, "/k" + (PUTS - 2))).isEqualTo("v");
    assertThat(voters.get(1, "/k" + (PUTS - 1))).isNull();
    try (Stream<Path> saved = Files.list(voters.directory(1).resolve("saved"))) {
      assertThat(saved).singleElement().asString().endsWith(".torn");
    }
    voters.put("/k" + (PUTS - 1), "again");
  }

  @Test
  void damageFarFromTheEnd_refusesToStartAndNamesTheFile() throws Exception {
    // given a byte flipped near the beginning, more than a flush group of good records before the
    // end
    stopForgettingApplied();
    Path segment = openSegment();
    flip(segment, 200);

    // when, then
    assertRefused(segment.getFileName().toString());
  }

  @Test
  void damageBelowWhatWasApplied_refusesToStartEvenNearTheEnd() throws Exception {
    voters.stop(1);
    Path segment = openSegment();
    flip(segment, endOfData(segment) - 10);

    assertRefused("had been applied");
  }

  @Test
  void missingSegment_refusesToStartInsteadOfStartingEmpty() throws Exception {
    voters.stop(1);
    Files.delete(openSegment());

    assertRefused("files are missing");
  }

  @Test
  void damagedLog_isPutAsideByTheOperatorsWord() throws Exception {
    // given
    voters.stop(1);
    String before = Files.readString(voters.directory(1).resolve("voter"));
    Files.delete(openSegment());

    // when
    voters.tuned(config -> config.withDiscardDamagedLog(true)).start(1);
    voters.awaitLeader();

    // then it is another incarnation with an empty store
    assertThat(voters.get(1, "/k0")).isNull();
    assertThat(before).doesNotContain(voters.voter(1).voterStatus().getSelf().getIncarnation());
  }

  private void assertRefused(String reason) {
    assertThatThrownBy(
            () ->
                new RatisQuorum(
                        QuorumConfig.of(1, voters.directory(1), voters.addresses()),
                        voters,
                        (what, cause) -> {})
                    .start()
                    .get(10, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(QuorumStartException.class)
        .hasMessageContaining(reason);
  }

  /** As after kill -9 before anything was noted. */
  private void stopForgettingApplied() throws IOException {
    voters.stop(1);
    Files.delete(voters.directory(1).resolve("applied-index"));
  }

  /**
   * The last segment, open again: Ratis closes it when it stops, and a process that was killed
   * would not have.
   */
  private Path openSegment() throws IOException {
    try (Stream<Path> files = Files.list(voters.log(1))) {
      Path segment =
          files
              .filter(file -> file.getFileName().toString().matches("log_.*"))
              .max(Path::compareTo)
              .orElseThrow();
      String name = segment.getFileName().toString();
      return name.startsWith("log_inprogress_")
          ? segment
          : Files.move(segment, segment.resolveSibling("log_inprogress_" + name.split("[_-]")[1]));
    }
  }

  private static long endOfData(Path segment) throws IOException {
    byte[] bytes = Files.readAllBytes(segment);
    int end = bytes.length;
    while (bytes[end - 1] == 0) {
      end--;
    }
    return end;
  }

  private static void flip(Path segment, long position) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(segment.toFile(), "rw")) {
      file.seek(position);
      int before = file.read();
      file.seek(position);
      file.write(before ^ 0x55);
    }
  }
}
