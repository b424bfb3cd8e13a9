package io.millrace.metadata.quorum;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * Remembers, apart from the log, how far the log was applied. A log that ends before that has lost
 * acknowledged entries, and Ratis would not notice: it starts empty from a deleted file.
 *
 * <p>Two slots a sector apart are written in turn, so that a torn write leaves the other:
 *
 * <pre>
 *   0    index (8)  CRC-32C of it (4)
 *   512  index (8)  CRC-32C of it (4)
 * </pre>
 *
 * <p>Confined to the maintenance thread.
 */
final class AppliedIndexFile implements AutoCloseable {

  static final long NONE = -1;
  private static final int SLOT_DISTANCE = 512;
  private static final int SLOT_LENGTH = 12;

  private final FileChannel channel;
  private long stored;
  private int nextSlot;

  private AppliedIndexFile(FileChannel channel) throws IOException {
    this.channel = channel;
    long first = read(0);
    long second = read(1);
    this.stored = Math.max(first, second);
    this.nextSlot = first > second ? 1 : 0;
  }

  static AppliedIndexFile open(Path file) throws IOException {
    return new AppliedIndexFile(
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE));
  }

  /** The highest index stored, or {@link #NONE}. */
  long stored() {
    return stored;
  }

  /**
   * Stores an index and forces it to disk; does nothing unless it is higher than the one stored.
   */
  void advance(long index) throws IOException {
    if (index > stored) {
      write(index);
    }
  }

  /** Forgets: the log was put aside. */
  void reset() throws IOException {
    channel.truncate(0);
    channel.force(true);
    stored = NONE;
    nextSlot = 0;
  }

  private void write(long index) throws IOException {
    ByteBuffer slot =
        ByteBuffer.allocate(SLOT_LENGTH).putLong(index).putInt(checksum(index)).flip();
    long position = (long) nextSlot * SLOT_DISTANCE;
    while (slot.hasRemaining()) {
      position += channel.write(slot, position);
    }
    channel.force(false);
    stored = index;
    nextSlot = 1 - nextSlot;
  }

  private long read(int number) throws IOException {
    ByteBuffer slot = ByteBuffer.allocate(SLOT_LENGTH);
    long position = (long) number * SLOT_DISTANCE;
    while (slot.hasRemaining()) {
      int count = channel.read(slot, position + slot.position());
      if (count < 0) {
        return NONE;
      }
    }
    slot.flip();
    long index = slot.getLong();
    return slot.getInt() == checksum(index) ? index : NONE;
  }

  private static int checksum(long index) {
    CRC32C crc = new CRC32C();
    crc.update(ByteBuffer.allocate(Long.BYTES).putLong(index).flip());
    // Never 0, so that a slot of zeros is no slot.
    return (int) crc.getValue() | 1;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
