package io.millrace.client.producer;

import io.millrace.client.RecordHeader;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How many bytes a record takes in a batch at most: lengths and deltas counted as if they were
 * large. Pure.
 */
final class RecordSize {

  private static final int LENGTH_BYTES = 5;

  /**
   * Length, attributes, timestamp delta, offset delta, lengths of key and value, number of headers.
   */
  private static final int FIXED_BYTES = LENGTH_BYTES + 1 + 10 + LENGTH_BYTES + 3 * LENGTH_BYTES;

  private RecordSize() {}

  static long upperBound(
      byte @Nullable [] key, byte @Nullable [] value, List<RecordHeader> headers) {
    long size = FIXED_BYTES;
    size += key == null ? 0 : key.length;
    size += value == null ? 0 : value.length;
    for (int i = 0; i < headers.size(); i++) {
      RecordHeader header = headers.get(i);
      byte[] content = header.value();
      size +=
          2L * LENGTH_BYTES + 3L * header.key().length() + (content == null ? 0 : content.length);
    }
    return size;
  }
}
