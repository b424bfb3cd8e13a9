package io.millrace.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.millrace.server.config.NodeConfig;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an operator gets wrong, and what the node says to it. */
class NodeStartTest {
  @TempDir Path directory;

  @Test
  void takenPort_isNamed() throws IOException {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("localhost"))) {
      Properties properties = TestNodes.single(directory);
      properties.setProperty("listeners", "PLAINTEXT://localhost:" + taken.getLocalPort());

      assertThatThrownBy(
              () ->
                  Node.start(NodeConfig.from(properties))
                      .get(TestNodes.START_SECONDS, TimeUnit.SECONDS))
          .hasCauseInstanceOf(NodeStartException.class)
          .hasMessageContaining("cannot listen on PLAINTEXT://localhost:" + taken.getLocalPort());
    }
  }

  @Test
  void takenControllerPort_isNamed() throws IOException {
    Properties properties = TestNodes.single(directory);
    int port =
        Integer.parseInt(properties.getProperty("controller.quorum.voters").replaceAll(".*:", ""));
    try (ServerSocket taken = new ServerSocket(port, 1, InetAddress.getByName("localhost"))) {
      assertThat(taken.isBound()).isTrue();

      assertThatThrownBy(
              () ->
                  Node.start(NodeConfig.from(properties))
                      .get(TestNodes.START_SECONDS, TimeUnit.SECONDS))
          .hasCauseInstanceOf(NodeStartException.class)
          .hasMessageContaining("CONTROLLER://localhost:" + port);
    }
  }

  @Test
  void fileInPlaceOfTheDirectory_isNamed() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));

    assertThatThrownBy(() -> DataDirectories.open(List.of(file), 1, new SplittableRandom(1)))
        .isInstanceOf(NodeStartException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("it is not a directory");
  }

  @Test
  void oneBadDirectoryOfTwo_isLeftOut() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));
    Path good = directory.resolve("good");

    assertThat(DataDirectories.open(List.of(file, good), 1, new SplittableRandom(1)).paths())
        .containsExactly(good);
  }

  @Test
  void directoryOfAnotherNode_isRefused() {
    DataDirectories.open(List.of(directory), 1, new SplittableRandom(1));

    assertThatThrownBy(() -> DataDirectories.open(List.of(directory), 2, new SplittableRandom(1)))
        .isInstanceOf(NodeStartException.class)
        .hasMessageContaining("belongs to node.id=1, this node is node.id=2");
  }

  @Test
  void directoryOfAnotherCluster_isRefused() {
    DataDirectories.open(List.of(directory), 1, new SplittableRandom(1)).joinCluster("ours");
    DataDirectories again = DataDirectories.open(List.of(directory), 1, new SplittableRandom(1));

    assertThat(again.clusterId()).isEqualTo("ours");
    assertThatThrownBy(() -> again.joinCluster("theirs"))
        .isInstanceOf(NodeStartException.class)
        .hasMessageContaining("belongs to cluster ours, the voters are of cluster theirs");
  }

  @Test
  void directoryKeepsItsIdAndIsNotKafkas() throws IOException {
    DataDirectories first = DataDirectories.open(List.of(directory), 1, new SplittableRandom(1));
    assertThat(DataDirectories.open(List.of(directory), 1, new SplittableRandom(2)).directoryId())
        .isEqualTo(first.directoryId());

    Files.writeString(directory.resolve(DataDirectories.FILE), "version=0\nbroker.id=1\n");
    assertThatThrownBy(() -> DataDirectories.open(List.of(directory), 1, new SplittableRandom(1)))
        .hasMessageContaining("was not written by Millrace");
  }
}
