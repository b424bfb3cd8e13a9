package io.millrace.log.storage;

import io.millrace.protocol.record.Records;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/** One open file. Reads at a position may run on any thread beside one writer. */
public interface LogFile extends Closeable {

  long size() throws IOException;

  /**
   * Fills the buffer from a position as far as the file reaches; returns the bytes read, 0 at the
   * end.
   */
  int read(ByteBuffer into, long position) throws IOException;

  /** Writes all remaining bytes at a position. */
  void write(ByteBuffer from, long position) throws IOException;

  void truncate(long size) throws IOException;

  /** Returns once the bytes, and the size needed to reach them, are on stable storage. */
  void force() throws IOException;

  /**
   * A part of the file, to be sent without passing through this process where the system can. It
   * stays readable after the file was deleted or closed here, until it is released.
   */
  Records slice(long position, int length) throws IOException;
}
