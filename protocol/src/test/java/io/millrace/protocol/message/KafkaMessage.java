package io.millrace.protocol.message;

import io.netty.buffer.ByteBufUtil;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.common.protocol.ByteBufferAccessor;
import org.apache.kafka.common.protocol.ObjectSerializationCache;
import org.apache.kafka.common.protocol.types.Schema;

/** Kafka's own class of one of our messages: what ours is measured by. */
record KafkaMessage(Class<?> type, List<Schema> schemas) {

  static KafkaMessage of(Class<? extends Message> ours) {
    try {
      Class<?> type = find("org.apache.kafka.common.message." + ours.getSimpleName());
      // By version; a version that is gone has none, hence no List.of.
      Schema[] schemas = (Schema[]) type.getField("SCHEMAS").get(null);
      return new KafkaMessage(type, Arrays.asList(schemas));
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(ours + " has no counterpart", e);
    }
  }

  private static Class<?> find(String name) throws ClassNotFoundException {
    try {
      return Class.forName(name + "Data");
    } catch (ClassNotFoundException e) {
      return Class.forName(name);
    }
  }

  short lowest() {
    return newInstance().lowestSupportedVersion();
  }

  short highest() {
    return newInstance().highestSupportedVersion();
  }

  Schema schema(short version) {
    return schemas.get(version);
  }

  /** Reads all of the bytes. */
  org.apache.kafka.common.protocol.Message read(byte[] bytes, short version) {
    org.apache.kafka.common.protocol.Message message = newInstance();
    ByteBuffer buffer = ByteBuffer.wrap(bytes);
    message.read(new ByteBufferAccessor(buffer), version);
    if (buffer.hasRemaining()) {
      throw new AssertionError(
          buffer.remaining() + " bytes too many in " + ByteBufUtil.hexDump(bytes));
    }
    return message;
  }

  static byte[] write(org.apache.kafka.common.protocol.Message message, short version) {
    ObjectSerializationCache cache = new ObjectSerializationCache();
    ByteBuffer buffer = ByteBuffer.allocate(message.size(cache, version));
    message.write(new ByteBufferAccessor(buffer), cache, version);
    return buffer.array();
  }

  private org.apache.kafka.common.protocol.Message newInstance() {
    try {
      return (org.apache.kafka.common.protocol.Message) type.getConstructor().newInstance();
    } catch (ReflectiveOperationException e) {
      throw new LinkageError(type.getName(), e);
    }
  }
}
