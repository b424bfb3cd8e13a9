package io.millrace.client.admin;

import io.millrace.client.TopicPartition;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Reads what members of classic groups of consumers tell one another. The broker passes these bytes
 * on unread, and any client may have written them: what is not as it should be reads as nothing.
 * Pure.
 *
 * <pre>
 *   subscription: version int16, topics [string], then fields of no interest here
 *   assignment:   version int16, [topic string, partitions [int32]], user data
 * </pre>
 */
final class ClassicMemberData {

  private ClassicMemberData() {}

  /** The topics of a subscription. */
  static List<String> topics(ByteBuffer subscription) {
    ByteBuffer in = subscription.slice();
    List<String> topics = new ArrayList<>();
    try {
      if (in.getShort() < 0) {
        return List.of();
      }
      for (int left = count(in, Short.BYTES); left > 0; left--) {
        topics.add(string(in));
      }
      return topics;
    } catch (BufferUnderflowException notASubscription) {
      return List.of();
    }
  }

  /** The partitions of an assignment. */
  static Set<TopicPartition> partitions(ByteBuffer assignment) {
    ByteBuffer in = assignment.slice();
    Set<TopicPartition> partitions = new HashSet<>();
    try {
      if (in.getShort() < 0) {
        return Set.of();
      }
      for (int topics = count(in, Short.BYTES + Integer.BYTES); topics > 0; topics--) {
        String topic = string(in);
        for (int left = count(in, Integer.BYTES); left > 0; left--) {
          int partition = in.getInt();
          if (topic.isEmpty() || partition < 0) {
            return Set.of();
          }
          partitions.add(new TopicPartition(topic, partition));
        }
      }
      return partitions;
    } catch (BufferUnderflowException notAnAssignment) {
      return Set.of();
    }
  }

  /** The length of an array, whose elements must fit into what is left. */
  private static int count(ByteBuffer in, int leastBytesEach) {
    int count = in.getInt();
    if (count < 0 || (long) count * leastBytesEach > in.remaining()) {
      throw new BufferUnderflowException();
    }
    return count;
  }

  private static String string(ByteBuffer in) {
    int length = in.getShort();
    if (length < 0 || length > in.remaining()) {
      throw new BufferUnderflowException();
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }
}
