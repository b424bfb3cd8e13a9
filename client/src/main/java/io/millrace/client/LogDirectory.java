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

  public LogDirectory {
    sizes = Map.copyOf(sizes);
  }
}
