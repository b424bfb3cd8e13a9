package io.millrace.client;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** The counterparts of {@link Serializers}. Stateless; thread-safe. */
public final class Deserializers {

  private Deserializers() {}

  /** Bytes as they are. */
  public static Deserializer<byte[]> bytes() {
    return (topic, data) -> data;
  }

  /** UTF-8; malformed bytes become the replacement character. */
  public static Deserializer<String> string() {
    return (topic, data) -> new String(data, StandardCharsets.UTF_8);
  }

  /** Eight bytes, big-endian. */
  public static Deserializer<Long> int64() {
    return (topic, data) -> {
      if (data.length != Long.BYTES) {
        throw new IllegalArgumentException("a long needs 8 bytes, got " + data.length);
      }
      return ByteBuffer.wrap(data).getLong();
    };
  }
}
