package io.millrace.tools.system;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.millrace.protocol.network.FreePorts;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A node that is asked to end before it is ready. */
@Timeout(120)
final class NodeStopIT {

  @TempDir private Path directory;

  @Test
  void nodeThatWaitsForTheOtherVoters_endsInOrder() throws Exception {
    assumeTrue(BrokerKind.chosen() == BrokerKind.MILLRACE, "Kafka's node says other things");
    // given: a node whose fellow voter never comes
    List<Integer> ports = FreePorts.find(3);
    Map<String, String> settings =
        Map.of(
            "node.id",
            "1",
            "listeners",
            "PLAINTEXT://127.0.0.1:" + ports.get(0) + ",CONTROLLER://127.0.0.1:" + ports.get(1),
            "controller.quorum.voters",
            "1@127.0.0.1:" + ports.get(1) + ",2@127.0.0.1:" + ports.get(2),
            "log.dirs",
            directory.resolve("data").toString());
    try (NodeProcess node = NodeProcess.start(1, directory, settings)) {
      Await.until(
          "the node waits for its fellow",
          Duration.ofSeconds(60),
          () -> node.output().contains("waiting for the voters"));

      // when
      int code = node.stop();

      // then
      assertThat(code).isZero();
      assertThat(node.output()).doesNotContain("unexpected failure");
    }
  }
}
