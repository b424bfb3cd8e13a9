package io.millrace.log;

import io.millrace.log.storage.AtomicFile;
import io.millrace.log.storage.LogStorage;
import io.millrace.protocol.Uuid;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of a directory that says, for each log, up to where it was flushed, where it begins, and
 * its high watermark. A line per log, and a checksum. Without the file every log is checked from
 * its beginning.
 *
 * <p>Thread-safe: the flush loop writes on schedule, the append loop after a truncation; the
 * later-gathered one wins.
 */
final class OffsetsCheckpoint {

  private static final Logger LOG = LoggerFactory.getLogger(OffsetsCheckpoint.class);

  static final String FILE = "offsets-checkpoint";

  private static final String HEADER = "millrace-offsets 2";

  /** Without the cleaned offset. */
  private static final String HEADER_1 = "millrace-offsets 1";

  /**
   * One log's line.
   *
   * @param recoveryPoint everything below was flushed
   * @param cleanedTo everything below was compacted
   */
  record Entry(
      TopicPartitionId id, long recoveryPoint, long highWatermark, long logStart, long cleanedTo) {}

  private final LogStorage storage;
  private long written = -1;

  OffsetsCheckpoint(LogStorage storage) {
    this.storage = storage;
  }

  /** Writes the file, unless one that was gathered later is there already. Blocking. */
  synchronized void write(long sequence, Collection<Entry> entries) throws IOException {
    if (sequence > written) {
      AtomicFile.write(storage, "", FILE, encode(entries));
      written = sequence;
    }
  }

  /** What the file says, by directory name; nothing when it is missing or damaged. */
  Map<String, Entry> read() throws IOException {
    byte[] bytes = AtomicFile.read(storage, FILE);
    if (bytes == null) {
      return Map.of();
    }
    try {
      return decode(new String(bytes, StandardCharsets.UTF_8));
    } catch (IllegalArgumentException e) {
      LOG.warn(
          "offsets checkpoint is damaged, every log will be checked whole path={}/{} reason={}",
          storage.describe(),
          FILE,
          e.getMessage());
      return Map.of();
    }
  }

  private static byte[] encode(Collection<Entry> entries) {
    StringBuilder text = new StringBuilder(HEADER).append('\n');
    for (Entry entry : entries) {
      TopicPartitionId id = entry.id();
      text.append(id.topicId())
          .append(' ')
          .append(id.topic())
          .append(' ')
          .append(id.partition())
          .append(' ');
      text.append(entry.recoveryPoint()).append(' ').append(entry.highWatermark()).append(' ');
      text.append(entry.logStart()).append(' ').append(entry.cleanedTo()).append('\n');
    }
    return (text + checksum(text.toString()) + "\n").getBytes(StandardCharsets.UTF_8);
  }

  private static Map<String, Entry> decode(String text) {
    int lastLine = text.lastIndexOf('\n', text.length() - 2) + 1;
    String body = text.substring(0, lastLine);
    boolean withCleaned = body.startsWith(HEADER + "\n");
    if (!(withCleaned || body.startsWith(HEADER_1 + "\n"))
        || !text.substring(lastLine).equals(checksum(body) + "\n")) {
      throw new IllegalArgumentException("header or checksum is wrong");
    }
    Map<String, Entry> entries = new HashMap<>();
    for (String line : body.substring(HEADER.length() + 1).lines().toList()) {
      String[] words = line.split(" ", -1);
      int expected = withCleaned ? 7 : 6;
      if (words.length != expected) {
        throw new IllegalArgumentException(
            "line has " + words.length + " words, expected " + expected);
      }
      TopicPartitionId id =
          new TopicPartitionId(Uuid.parse(words[0]), words[1], Integer.parseInt(words[2]));
      entries.put(
          id.directoryName(),
          new Entry(
              id,
              Long.parseLong(words[3]),
              Long.parseLong(words[4]),
              Long.parseLong(words[5]),
              withCleaned ? Long.parseLong(words[6]) : 0));
    }
    return entries;
  }

  private static String checksum(String text) {
    CRC32C crc = new CRC32C();
    crc.update(text.getBytes(StandardCharsets.UTF_8));
    return String.format(Locale.ROOT, "crc32c %08x", crc.getValue());
  }
}
