package io.millrace.metadata.quorum;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the Raft log before Ratis does, because Ratis either refuses a torn tail that is
 * harmless or swallows a damaged file that is not.
 *
 * <p>The open segment is a header followed by records, then zeros up to its preallocated length:
 *
 * <pre>
 *   "RaftLog1"  { length varint | entry | CRC-32C of both (4, big endian) }*  0 0 0 ...
 * </pre>
 *
 * <p>What a power cut can tear is the group of records that was being flushed: it was never
 * acknowledged, and holds at most {@link #FLUSH_GROUP} records whose sectors may have reached the
 * disk in any order. A bad record so near the end is cut off, after the file was copied. Any other
 * damage, and any log that ends before what was applied, is told to the operator.
 */
final class StorageGuard {

  /** Ratis' raft.server.log.force.sync.num. */
  static final int FLUSH_GROUP = 128;

  private static final Logger LOG = LoggerFactory.getLogger(StorageGuard.class);
  private static final byte[] HEADER = {'R', 'a', 'f', 't', 'L', 'o', 'g', '1'};
  private static final int MAX_RECORD_BYTES = 16 << 20;
  private static final Pattern OPEN = Pattern.compile("log_inprogress_(\\d+)");
  private static final Pattern CLOSED = Pattern.compile("log_(\\d+)-(\\d+)");
  private static final Pattern SNAPSHOT = Pattern.compile("snapshot\\.(\\d+)_(\\d+)");

  private final Path groupDirectory;
  private final Path savedDirectory;

  /**
   * @param groupDirectory Ratis' directory of our group
   * @param savedDirectory where copies of what is cut are put
   */
  StorageGuard(Path groupDirectory, Path savedDirectory) {
    this.groupDirectory = groupDirectory;
    this.savedDirectory = savedDirectory;
  }

  /**
   * Checks, and cuts a torn tail.
   *
   * @param appliedIndex the highest index known to have been applied
   * @throws QuorumStartException when the storage must not be started from
   */
  void check(long appliedIndex) throws IOException {
    Path current = groupDirectory.resolve("current");
    long end = Math.max(highest(current, CLOSED), highest(groupDirectory.resolve("sm"), SNAPSHOT));
    for (Path open : matching(current, OPEN)) {
      end = Math.max(end, checkOpenSegment(open, appliedIndex));
    }
    if (end < appliedIndex) {
      throw new QuorumStartException(
          "the metadata log in "
              + current
              + " ends at index "
              + end
              + ", but this node had applied index "
              + appliedIndex
              + ": files are missing or were cut");
    }
  }

  /** Answers the index of the last good record. */
  private long checkOpenSegment(Path file, long appliedIndex) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.BIG_ENDIAN);
    long start = numberIn(file, OPEN, 1);
    if (allZero(bytes, 0)) {
      return start - 1;
    }
    if (bytes.limit() < HEADER.length
        || !bytes.slice(0, HEADER.length).equals(ByteBuffer.wrap(HEADER))) {
      throw new QuorumStartException("the metadata log segment " + file + " has a damaged header");
    }
    int position = HEADER.length;
    long records = 0;
    while (position < bytes.limit() && bytes.get(position) != 0) {
      int next = endOfRecord(bytes, position);
      if (next < 0) {
        break;
      }
      records++;
      position = next;
    }
    long last = start + records - 1;
    if (!allZero(bytes, position)) {
      cut(file, bytes, position, last, appliedIndex);
    }
    return last;
  }

  private void cut(Path file, ByteBuffer bytes, int position, long last, long appliedIndex)
      throws IOException {
    int after = goodRecordsAfter(bytes, position);
    if (after >= FLUSH_GROUP || last < appliedIndex) {
      throw new QuorumStartException(
          "the metadata log segment "
              + file
              + " is damaged at byte "
              + position
              + ", after index "
              + last
              + "; "
              + after
              + " good records follow and index "
              + appliedIndex
              + " had been applied, so that this is no torn tail");
    }
    Files.createDirectories(savedDirectory);
    Path copy = Files.createTempFile(savedDirectory, file.getFileName() + ".", ".torn");
    Files.copy(file, copy, StandardCopyOption.REPLACE_EXISTING);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(position);
      channel.force(true);
    }
    LOG.warn(
        "Cut a torn tail off the metadata log, file={} at byte={} last index={} copy={}",
        file,
        position,
        last,
        copy);
  }

  /**
   * Where the record at a position ends, or -1 when there is no whole record with the right
   * checksum.
   */
  private static int endOfRecord(ByteBuffer bytes, int position) {
    long length = 0;
    int at = position;
    for (int shift = 0; ; shift += 7) {
      if (at >= bytes.limit() || shift > 28) {
        return -1;
      }
      byte b = bytes.get(at++);
      length |= (long) (b & 0x7f) << shift;
      if (b >= 0) {
        break;
      }
    }
    if (length < 2 || length > MAX_RECORD_BYTES || at + length + Integer.BYTES > bytes.limit()) {
      return -1;
    }
    int end = at + (int) length;
    CRC32C crc = new CRC32C();
    crc.update(bytes.slice(position, end - position));
    return bytes.getInt(end) == (int) crc.getValue() ? end + Integer.BYTES : -1;
  }

  /** How many good records lie behind a bad one, counted up to the bound. */
  private static int goodRecordsAfter(ByteBuffer bytes, int bad) {
    int found = 0;
    int position = bad + 1;
    while (position < bytes.limit() && found < FLUSH_GROUP) {
      int next = startsLikeEntry(bytes, position) ? endOfRecord(bytes, position) : -1;
      if (next > 0) {
        found++;
        position = next;
      } else {
        position++;
      }
    }
    return found;
  }

  /**
   * Whether a length is followed by the first field of a log entry, the term; spares most
   * checksums.
   */
  private static boolean startsLikeEntry(ByteBuffer bytes, int position) {
    int at = position;
    while (at < bytes.limit() && at < position + 4 && bytes.get(at) < 0) {
      at++;
    }
    return at + 1 < bytes.limit() && bytes.get(at) != 0 && bytes.get(at + 1) == 0x08;
  }

  private static boolean allZero(ByteBuffer bytes, int from) {
    for (int i = from; i < bytes.limit(); i++) {
      if (bytes.get(i) != 0) {
        return false;
      }
    }
    return true;
  }

  /** The greatest last number in the names that match, or -1. */
  private static long highest(Path directory, Pattern pattern) throws IOException {
    return matching(directory, pattern).stream()
        .mapToLong(file -> numberIn(file, pattern, 2))
        .max()
        .orElse(-1);
  }

  private static List<Path> matching(Path directory, Pattern pattern) throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(directory)) {
      return files
          .filter(file -> pattern.matcher(file.getFileName().toString()).matches())
          .sorted()
          .toList();
    }
  }

  private static long numberIn(Path file, Pattern pattern, int group) {
    Matcher matcher = pattern.matcher(file.getFileName().toString());
    if (!matcher.matches()) {
      throw new IllegalArgumentException("not named like " + pattern + ": " + file);
    }
    return Long.parseLong(matcher.group(group));
  }
}
