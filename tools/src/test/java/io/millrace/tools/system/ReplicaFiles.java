package io.millrace.tools.system;

import static org.assertj.core.api.Assertions.assertThat;

import io.millrace.protocol.record.RecordBatch;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/** Compares the log files of a partition's replicas, batch by batch, byte by byte. */
final class ReplicaFiles {

  private ReplicaFiles() {}

  /**
   * Every replica of every partition has the same batches. The load must have ended; followers may
   * still be catching up.
   */
  static void assertSame(ProcessCluster cluster, String topic, int partitions) {
    for (int partition = 0; partition < partitions; partition++) {
      String name = topic + "-" + partition;
      Await.until(
          "replicas of " + name + " are alike",
          Duration.ofSeconds(20),
          () -> {
            List<List<String>> replicas = new ArrayList<>();
            for (NodeProcess node : cluster.nodes()) {
              replicas.add(batches(node.dataDirectory().resolve(name)));
            }
            assertThat(replicas.get(0)).isNotEmpty();
            replicas.forEach(replica -> assertThat(replica).isEqualTo(replicas.get(0)));
            return true;
          });
    }
  }

  /** Each batch as offset, length and checksum over all its bytes, the leader epoch included. */
  private static List<String> batches(Path directory) throws IOException {
    List<Path> segments;
    try (Stream<Path> files = Files.list(directory)) {
      segments = files.filter(file -> file.toString().endsWith(".log")).sorted().toList();
    }
    List<String> batches = new ArrayList<>();
    for (Path segment : segments) {
      ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(segment));
      int position = 0;
      while (bytes.limit() - position >= RecordBatch.HEADER_SIZE
          && bytes.getInt(position + 8) > 0) {
        RecordBatch batch = new RecordBatch(bytes, position);
        assertThat(batch.isCrcValid()).as("checksum of %s at %d", segment, position).isTrue();
        CRC32C crc = new CRC32C();
        crc.update(batch.bytes());
        batches.add(
            batch.baseOffset()
                + "+"
                + batch.sizeInBytes()
                + "#"
                + HexFormat.of().toHexDigits((int) crc.getValue()));
        position += batch.sizeInBytes();
      }
    }
    return batches;
  }
}
