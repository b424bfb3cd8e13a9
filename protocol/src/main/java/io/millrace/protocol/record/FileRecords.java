package io.millrace.protocol.record;

import io.millrace.protocol.codec.WireWriter;
import io.netty.channel.DefaultFileRegion;
import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/**
 * Record batches in a part of a file that does not change any more. Sent by the kernel. The channel
 * is shared and is not closed here; its owner keeps it open while readers may hold the records.
 */
public final class FileRecords implements Records {

  private final FileChannel channel;
  private final long position;
  private final int sizeInBytes;

  public FileRecords(FileChannel channel, long position, int sizeInBytes) {
    this.channel = channel;
    this.position = position;
    this.sizeInBytes = sizeInBytes;
  }

  public FileChannel channel() {
    return channel;
  }

  public long position() {
    return position;
  }

  @Override
  public int sizeInBytes() {
    return sizeInBytes;
  }

  @Override
  public void writeTo(WireWriter out) {
    out.appendPiece(new SharedRegion(channel, position, sizeInBytes), sizeInBytes);
  }

  @Override
  public MemoryRecords toHeap() {
    ByteBuffer bytes = ByteBuffer.allocate(sizeInBytes);
    try {
      while (bytes.hasRemaining()) {
        if (channel.read(bytes, position + bytes.position()) < 0) {
          throw new EOFException(
              "records end at " + (position + bytes.position()) + ", " + bytes + " to read");
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return MemoryRecords.wrap(bytes.flip());
  }

  @Override
  public FileRecords retain() {
    return this;
  }

  @Override
  public void release() {}

  /** A region that leaves the channel open, since others read from it too. */
  private static final class SharedRegion extends DefaultFileRegion {
    SharedRegion(FileChannel channel, long position, long count) {
      super(channel, position, count);
    }

    @Override
    protected void deallocate() {}
  }
}
