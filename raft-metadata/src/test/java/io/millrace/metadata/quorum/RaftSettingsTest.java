package io.millrace.metadata.quorum;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.ratis.conf.RaftProperties;
import org.apache.ratis.server.RaftServerConfigKeys;
import org.junit.jupiter.api.Test;

class RaftSettingsTest {

  @Test
  void firstElection_waitsForVotesAsLongAsLaterOnes() {
    QuorumConfig config =
        QuorumConfig.of(
                1,
                Path.of("unused"),
                List.of(new VoterAddress(1, "a", 1), new VoterAddress(2, "b", 2)))
            .withTiming(QuorumConfig.Timing.upTo(Duration.ofSeconds(7)));
    RaftProperties properties =
        RaftSettings.of(config, Path.of("unused", "raft"), Path.of("unused", "removed"));
    assertThat(
            RaftServerConfigKeys.Rpc.firstElectionTimeoutMax(properties)
                .toLong(TimeUnit.MILLISECONDS))
        .isEqualTo(7_000);
  }
}
