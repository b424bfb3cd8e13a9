package io.millrace.client;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The serializers and deserializers at hand. Stateless; thread-safe; byte for byte those of Kafka's
 * Java client.
 */
public final class Serializers {

  private Serializers() {}

  /** Bytes as they are. */
  public static Serializer<byte[]> bytes() {
    return (topic, data) -> data;
  }

  /** UTF-8. */
  public static Serializer<String> string() {
    return (topic, data) -> data.getBytes(StandardCharsets.UTF_8);
  }

  /** Eight bytes, big-endian. */
  public static Serializer<Long> int64() {
    return (topic, data) -> ByteBuffer.allocate(Long.BYTES).putLong(data).array();
  }
}
