package io.millrace.metadata.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.metadata.kv.proto.KvResult;
import io.millrace.metadata.quorum.proto.JoinAnswer;
import io.millrace.metadata.quorum.proto.JoinRequest;
import io.millrace.metadata.quorum.proto.VoterStatus;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real process that is killed while it writes. */
class KilledVoterTest {

  private static final int ACKNOWLEDGED_BEFORE_KILL = 300;

  @TempDir Path directory;

  @Test
  void everythingAcknowledgedBeforeKill9_isThereAfterwards() throws Exception {
    List<String> acknowledged = new ArrayList<>();
    for (int round = 0; round < 2; round++) {
      // given a process that prints each key once it was told that the key is safe
      Process process = fork("/round-" + round + "-");
      try (BufferedReader out =
          new BufferedReader(
              new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
        int before = acknowledged.size();
        for (String line = out.readLine(); line != null; line = out.readLine()) {
          if (!line.startsWith("/round-")) {
            continue;
          }
          acknowledged.add(line);
          // when
          if (acknowledged.size() - before == ACKNOWLEDGED_BEFORE_KILL) {
            // Through the handle, which leaves the pipe open for what was acknowledged before.
            process.toHandle().destroyForcibly();
          }
        }
        assertThat(acknowledged.size() - before).isGreaterThanOrEqualTo(ACKNOWLEDGED_BEFORE_KILL);
      } finally {
        process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
      }
    }

    // then
    try (TestVoters voters = new TestVoters(directory, 1)) {
      voters.start(1);
      voters.awaitLeader();
      assertThat(acknowledged).allSatisfy(key -> assertThat(voters.get(1, key)).isEqualTo("v"));
    }
  }

  private Process fork(String prefix) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            Writer.class.getName(),
            directory.resolve("node-1").toString(),
            prefix)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  /** The process: one voter that puts for ever, many at a time. */
  static final class Writer implements VoterDirectory {

    public static void main(String[] args) throws Exception {
      QuorumConfig config =
          QuorumConfig.of(1, Path.of(args[0]), List.of(new VoterAddress(1, "localhost", 9093)));
      RatisQuorum quorum =
          new RatisQuorum(config, new Writer(), (what, cause) -> Runtime.getRuntime().halt(1));
      quorum.start().get(20, TimeUnit.SECONDS);
      TestVoters.await("leadership", quorum::isLeader);
      long term = quorum.status().term();
      for (int i = 0; i < 1_000_000; i += 8) {
        List<CompletableFuture<KvResult>> results = new ArrayList<>();
        for (int j = i; j < i + 8; j++) {
          String key = args[1] + j;
          results.add(quorum.propose(TestVoters.putCommand(key, "v", term)));
        }
        for (int j = i; j < i + 8; j++) {
          if (results.get(j - i).get(20, TimeUnit.SECONDS).getStatus() == KvResult.Status.OK) {
            System.out.write((args[1] + j + "\n").getBytes(StandardCharsets.UTF_8));
            System.out.flush();
          }
        }
      }
    }

    @Override
    public CompletableFuture<VoterStatus> probe(VoterAddress voter) {
      return CompletableFuture.failedFuture(new IOException("alone"));
    }

    @Override
    public CompletableFuture<JoinAnswer> join(VoterAddress voter, JoinRequest request) {
      return CompletableFuture.failedFuture(new IOException("alone"));
    }

    @Override
    public Line keepLine(VoterAddress voter, Runnable gone) {
      return () -> {};
    }
  }
}
