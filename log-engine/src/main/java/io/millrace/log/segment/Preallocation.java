package io.millrace.log.segment;

import io.millrace.log.storage.LogFile;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Room that an active segment's file has behind its last batch, filled with zeros. A flush of bytes
 * that were written into such room need not change the file's size, so it does not wait for the
 * file system's journal and for what others have in it.
 *
 * <p>The rule: a small write that uses up the room makes new room as large as the file is by then,
 * at most a mebibyte, so that a log of few records stays small. Large writes make none: they would
 * write every byte twice to save a journal commit that is small beside them. Sealing cuts the room
 * off; after a crash recovery does.
 */
final class Preallocation {

  /** The most room made at once. */
  static final int ROOM_MAX = 1 << 20;

  /** A write of more bytes than this makes no room. */
  static final int SMALL_WRITE_MAX = 16 << 10;

  private static final int ZEROS = 64 << 10;
  private static final ByteBuffer ZERO = ByteBuffer.allocateDirect(ZEROS).asReadOnlyBuffer();

  private Preallocation() {}

  /** How much room to make behind a write of some bytes that ended at a position without room. */
  static int roomFor(int written, long end) {
    return written > SMALL_WRITE_MAX ? 0 : (int) Math.min(end, ROOM_MAX);
  }

  /** Writes zeros from a position on. */
  static void make(LogFile file, long position, int room) throws IOException {
    for (int made = 0; made < room; made += ZEROS) {
      file.write(ZERO.duplicate().limit(Math.min(ZEROS, room - made)), position + made);
    }
  }

  /** Whether the bytes from a position to the end are room, and no torn batch. */
  static boolean isRoom(LogFile file, long position, long end) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate((int) Math.min(ZEROS, end - position));
    for (long from = position; from < end; from += bytes.limit()) {
      bytes.clear().limit((int) Math.min(ZEROS, end - from));
      file.read(bytes, from);
      if (!bytes.flip().equals(ZERO.duplicate().limit(bytes.limit()))) {
        return false;
      }
    }
    return true;
  }
}
