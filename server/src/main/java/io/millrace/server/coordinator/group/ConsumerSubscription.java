package io.millrace.server.coordinator.group;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads the topics out of what members of classic groups of consumers tell each other. */
final class ConsumerSubscription {
  private ConsumerSubscription() {}

  /** The topics, or null when the bytes are not a subscription. */
  static @Nullable List<String> topics(ByteBuffer metadata) {
    try {
      RecordBytes in = new RecordBytes(metadata);
      return in.readShort() < 0 ? null : in.readList(false, from -> from.readString(false));
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      return null;
    }
  }
}
