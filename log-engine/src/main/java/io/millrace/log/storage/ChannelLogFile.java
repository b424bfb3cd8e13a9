package io.millrace.log.storage;

import io.millrace.protocol.record.FileRecords;
import io.millrace.protocol.record.Records;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file of the machine. Every failure names its path. */
final class ChannelLogFile implements LogFile {

  private final Path path;
  private final FileChannel channel;
  private final Path root;

  /**
   * @param root asked for the room that is left when a write fails
   */
  ChannelLogFile(Path path, FileChannel channel, Path root) {
    this.path = path;
    this.root = root;
    this.channel = channel;
  }

  @Override
  public long size() throws IOException {
    return channel.size();
  }

  @Override
  public int read(ByteBuffer into, long position) throws IOException {
    int total = 0;
    while (into.hasRemaining()) {
      int bytes = channel.read(into, position + total);
      if (bytes < 0) {
        break;
      }
      total += bytes;
    }
    return total;
  }

  @Override
  public void write(ByteBuffer from, long position) throws IOException {
    long at = position;
    try {
      while (from.hasRemaining()) {
        at += channel.write(from, at);
      }
    } catch (IOException e) {
      throw DiskFullException.of(
          "write of " + path + " at " + at + " failed: " + e.getMessage(), e, usable());
    }
  }

  private long usable() {
    try {
      return Files.getFileStore(root).getUsableSpace();
    } catch (IOException e) {
      return -1;
    }
  }

  @Override
  public void truncate(long size) throws IOException {
    try {
      channel.truncate(size);
    } catch (IOException e) {
      throw new IOException(
          "truncation of " + path + " to " + size + " failed: " + e.getMessage(), e);
    }
  }

  @Override
  public void force() throws IOException {
    try {
      channel.force(false);
    } catch (IOException e) {
      throw new IOException("flush of " + path + " failed: " + e.getMessage(), e);
    }
  }

  @Override
  public Records slice(long position, int length) {
    return new FileRecords(channel, position, length);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
