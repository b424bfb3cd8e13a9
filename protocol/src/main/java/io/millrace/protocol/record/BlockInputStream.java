package io.millrace.protocol.record;

import java.io.IOException;
import java.io.InputStream;

/**
 * Reads a format that is decompressed block by block: one block in memory, the next when that was
 * read. One thread.
 */
abstract class BlockInputStream extends InputStream {

  /** The present block, up to {@link #limit}. */
  byte[] block = new byte[0];

  int limit;
  private int position;

  /**
   * Decompresses the next block that has bytes into {@link #block} and sets {@link #limit} to how
   * many; false at the end.
   */
  abstract boolean nextBlock() throws IOException;

  private boolean isAtEnd() throws IOException {
    if (position < limit) {
      return false;
    }
    position = 0;
    limit = 0;
    return !nextBlock();
  }

  @Override
  public int read() throws IOException {
    return isAtEnd() ? -1 : block[position++] & 0xff;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (isAtEnd()) {
      return -1;
    }
    int count = Math.min(length, limit - position);
    System.arraycopy(block, position, target, offset, count);
    position += count;
    return count;
  }
}
