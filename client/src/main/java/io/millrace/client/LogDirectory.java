package io.millrace.client;

import java.util.Map;

/**
 * A directory in which a broker keeps partitions.
 *
 * @param failed whether it is out of service; then what lies in it is not told
 * @param totalBytes the size of its file system, -1 when the broker does not tell
 * @param usableBytes what is left of it, -1 when the broker does not tell
 * @param sizes bytes of the replicas in it
 */
public record LogDirectory(
    String path,
    boolean failed,
    long totalBytes,
    long usableBytes,
    Map<TopicPartition, Long> sizes) {

  /** A node uses a directory that was full again when so much is free... */
  private static final long ROOM_TO_GO_ON = 64L << 20;

  /** ...or this part of its file system, if that is less. */
  private static final int PART_TO_GO_ON = 20;

  public LogDirectory {
    sizes = Map.copyOf(sizes);
  }

  /**
   * Whether it is out of service and so short of room that this is the likely reason. The broker
   * uses it again by itself once {@link #missingBytes} more are free; after any other failure it
   * takes a restart.
   */
  public boolean full() {
    return missingBytes() > 0;
  }

  /** The bytes to free before a full directory is used again, 0 when it is not full. */
  public long missingBytes() {
    return failed && usableBytes >= 0
        ? Math.max(0, Math.min(ROOM_TO_GO_ON, totalBytes / PART_TO_GO_ON) - usableBytes)
        : 0;
  }
}
