package io.millrace.server.coordinator;

import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A record as it lies in the internal topic.
 *
 * @param value null deletes what the key says
 */
public record StoredRecord(ByteBuffer key, @Nullable ByteBuffer value) {

  /** Room for lengths, offset and timestamp of one record in a batch. */
  private static final int OVERHEAD = 32;

  int sizeInBytes() {
    return OVERHEAD + key.remaining() + (value == null ? 0 : value.remaining());
  }
}
