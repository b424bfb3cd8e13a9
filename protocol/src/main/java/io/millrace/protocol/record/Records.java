package io.millrace.protocol.record;

import io.millrace.protocol.codec.MalformedMessageException;
import io.millrace.protocol.codec.UnsupportedFieldException;
import io.millrace.protocol.codec.WireReader;
import io.millrace.protocol.codec.WireWriter;
import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * A run of record batches that a message carries without looking into it. Either in memory or in a
 * file. Reference counted: a message that was read holds one reference for each records field.
 */
public interface Records {

  /** How many bytes it takes on the wire, without a length in front. */
  int sizeInBytes();

  /** Appends the bytes, without copying where that is possible. Takes a reference of its own. */
  void writeTo(WireWriter out);

  /**
   * The bytes in memory of their own, which nobody has to release. May wait for the disk.
   *
   * @throws java.io.UncheckedIOException when they cannot be read, because their file is gone, say
   */
  MemoryRecords toHeap();

  Records retain();

  void release();

  /** Reads a records field: a slice of the reader's buffer. */
  static @Nullable Records read(WireReader in, boolean flexible, boolean nullable) {
    ByteBuf slice = in.readSlice(flexible);
    if (slice == null) {
      if (!nullable) {
        throw new MalformedMessageException("records are null where null is not allowed");
      }
      return null;
    }
    return MemoryRecords.wrap(slice);
  }

  /** Writes a records field. */
  static void write(WireWriter out, @Nullable Records records, boolean flexible, boolean nullable) {
    if (records == null) {
      if (!nullable) {
        throw new UnsupportedFieldException("records are null where null is not allowed");
      }
      out.writeLength(-1, flexible);
      return;
    }
    out.writeLength(records.sizeInBytes(), flexible);
    records.writeTo(out);
  }
}
