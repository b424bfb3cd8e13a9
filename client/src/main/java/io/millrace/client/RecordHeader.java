package io.millrace.client;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A named value that travels with a record. Keys may repeat; order is kept.
 *
 * @param value kept as handed over, not copied: do not change it afterwards
 */
@SuppressWarnings(
    "ArrayRecordComponent") // the bytes are the value; equality of headers is not part of the
// contract
public record RecordHeader(String key, byte @Nullable [] value) {

  /** A header whose value is the text in UTF-8. */
  public static RecordHeader of(String key, String value) {
    return new RecordHeader(key, value.getBytes(StandardCharsets.UTF_8));
  }

  /** The value read as UTF-8, or null. */
  public @Nullable String text() {
    return value == null ? null : new String(value, StandardCharsets.UTF_8);
  }
}
