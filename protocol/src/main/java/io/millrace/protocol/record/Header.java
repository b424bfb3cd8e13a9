package io.millrace.protocol.record;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A record's header. Keys may repeat. The value is a view: whoever reads it uses absolute gets or a
 * duplicate, and copies what must outlive the batch.
 */
public record Header(String key, @Nullable ByteBuffer value) {

  public static Header of(String key, byte @Nullable [] value) {
    return new Header(key, value == null ? null : ByteBuffer.wrap(value).asReadOnlyBuffer());
  }

  public static Header of(String key, String value) {
    return of(key, value.getBytes(StandardCharsets.UTF_8));
  }
}
