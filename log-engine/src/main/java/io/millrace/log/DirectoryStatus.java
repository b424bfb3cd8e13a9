package io.millrace.log;

import java.util.List;

/**
 * How a log directory is.
 *
 * @param path as an operator knows it
 * @param offlineReason why it is out of service; empty while it is in service
 * @param full whether it is out of service for want of room alone, so that it can be opened again
 * @param totalBytes the size of its file system, -1 when not known
 * @param usableBytes what is left of it, -1 when not known
 * @param logs the logs in it, as far as they are known
 */
public record DirectoryStatus(
    String path,
    String offlineReason,
    boolean full,
    long totalBytes,
    long usableBytes,
    List<PartitionLog> logs) {

  /** With less room a directory that was full would soon be full again. */
  private static final long ROOM_TO_GO_ON = 64L << 20;

  private static final int PART_TO_GO_ON = 20;

  public DirectoryStatus {
    logs = List.copyOf(logs);
  }

  public boolean isOnline() {
    return offlineReason.isEmpty();
  }

  /** Whether it was full and has room again: a twentieth of the disk, or 64 MiB if that is less. */
  public boolean hasRoomAgain() {
    return full && usableBytes >= Math.min(ROOM_TO_GO_ON, totalBytes / PART_TO_GO_ON);
  }
}
