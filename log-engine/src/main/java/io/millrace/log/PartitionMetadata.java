package io.millrace.log;

import io.millrace.log.storage.AtomicFile;
import io.millrace.log.storage.LogFile;
import io.millrace.log.storage.LogStorage;
import io.millrace.protocol.Uuid;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * The file {@code partition.metadata} of a partition's directory: which topic it belongs to, in
 * Kafka's form.
 */
final class PartitionMetadata {

  static final String FILE = "partition.metadata";

  private static final String VERSION_LINE = "version: 0";
  private static final String ID_PREFIX = "topic_id: ";

  private PartitionMetadata() {}

  /** Writes the file; it becomes durable with the log's first flush. */
  static void write(LogStorage storage, TopicPartitionId id) throws IOException {
    String text = VERSION_LINE + "\n" + ID_PREFIX + id.topicId() + "\n";
    try (LogFile file = storage.open(AtomicFile.join(id.directoryName(), FILE), true)) {
      file.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)), 0);
    }
  }

  static void force(LogStorage storage, String directory) throws IOException {
    try (LogFile file = storage.open(AtomicFile.join(directory, FILE), false)) {
      file.force();
    }
  }

  /**
   * Whose log a directory holds.
   *
   * @return null when the name is none of a partition, or the file is missing or incomplete: such a
   *     log was never durable
   */
  static @Nullable TopicPartitionId read(LogStorage storage, String directory) throws IOException {
    int dash = directory.lastIndexOf('-');
    if (dash <= 0) {
      return null;
    }
    byte[] bytes = AtomicFile.read(storage, AtomicFile.join(directory, FILE));
    if (bytes == null) {
      return null;
    }
    String[] lines = new String(bytes, StandardCharsets.UTF_8).split("\n", -1);
    if (lines.length < 2 || !lines[0].equals(VERSION_LINE) || !lines[1].startsWith(ID_PREFIX)) {
      return null;
    }
    try {
      Uuid topicId = Uuid.parse(lines[1].substring(ID_PREFIX.length()));
      int partition = Integer.parseInt(directory.substring(dash + 1));
      TopicPartitionId id = new TopicPartitionId(topicId, directory.substring(0, dash), partition);
      return id.directoryName().equals(directory) ? id : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
