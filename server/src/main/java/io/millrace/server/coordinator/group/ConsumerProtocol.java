package io.millrace.server.coordinator.group;

import io.millrace.metadata.image.MetadataImage;
import io.millrace.metadata.image.TopicImage;
import io.millrace.protocol.Uuid;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import org.jspecify.annotations.Nullable;

/**
 * What members of classic groups of consumers tell each other, in the bytes that a group otherwise
 * only passes on: subscriptions (versions 0 to 3) and assignments. Later versions only add to the
 * end, so they are read as version 3. Pure.
 */
final class ConsumerProtocol {
  /** The protocol type of consumers. */
  static final String TYPE = "consumer";

  private static final short FIRST_WITH_OWNED = 1;
  private static final short FIRST_WITH_GENERATION = 2;
  private static final short FIRST_WITH_RACK = 3;

  private ConsumerProtocol() {}

  /** Partitions of a topic by its name. */
  record Owned(String topic, List<Integer> partitions) {}

  /**
   * What a member wants, and what it still has.
   *
   * @param owned empty for a member that gives up everything before it joins again
   */
  record Subscription(
      short version, List<String> topics, List<Owned> owned, @Nullable String rackId) {}

  /** The topics, or null when the bytes are not a subscription. */
  static @Nullable List<String> topics(ByteBuffer metadata) {
    try {
      RecordBytes in = new RecordBytes(metadata);
      return in.readShort() < 0 ? null : in.readList(false, from -> from.readString(false));
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      return null;
    }
  }

  /** Null when the bytes are not a subscription. */
  static @Nullable Subscription subscription(ByteBuffer metadata) {
    try {
      RecordBytes in = new RecordBytes(metadata);
      short version = in.readShort();
      if (version < 0) {
        return null;
      }
      List<String> topics = in.readList(false, from -> from.readString(false));
      skipBytes(in);
      List<Owned> owned = List.of();
      if (version >= FIRST_WITH_OWNED && in.hasMore()) {
        owned = in.readList(false, ConsumerProtocol::readOwned);
      }
      if (version >= FIRST_WITH_GENERATION && in.hasMore()) {
        in.readInt();
      }
      String rackId =
          version >= FIRST_WITH_RACK && in.hasMore() ? in.readNullableString(false) : null;
      return new Subscription(
          version, topics, owned, rackId == null || rackId.isEmpty() ? null : rackId);
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      return null;
    }
  }

  /** The partitions of an assignment whose topics there are; null when the bytes are none. */
  static @Nullable PartitionSet assignment(ByteBuffer assignment, MetadataImage image) {
    if (!assignment.hasRemaining()) {
      return PartitionSet.EMPTY;
    }
    try {
      RecordBytes in = new RecordBytes(assignment);
      if (in.readShort() < 0) {
        return null;
      }
      return partitions(in.readList(false, ConsumerProtocol::readOwned), image);
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      return null;
    }
  }

  static ByteBuffer assignment(short version, PartitionSet assigned, MetadataImage image) {
    List<Owned> topics = new ArrayList<>();
    for (Map.Entry<Uuid, SortedSet<Integer>> entry : assigned.byTopic().entrySet()) {
      TopicImage topic = image.topics().topic(entry.getKey());
      if (topic != null) {
        topics.add(new Owned(topic.name(), List.copyOf(entry.getValue())));
      }
    }
    return new RecordBytes()
        .putShort(version)
        .putList(
            topics,
            (out, topic) ->
                out.putString(topic.topic(), false)
                    .putList(topic.partitions(), RecordBytes::putInt))
        .putInt(-1)
        .done();
  }

  static PartitionSet partitions(List<Owned> named, MetadataImage image) {
    Map<Uuid, List<Integer>> byTopic = new HashMap<>();
    for (Owned owned : named) {
      TopicImage topic = image.topics().topic(owned.topic());
      if (topic != null) {
        byTopic.computeIfAbsent(topic.id(), id -> new ArrayList<>()).addAll(owned.partitions());
      }
    }
    return PartitionSet.of(byTopic);
  }

  private static Owned readOwned(RecordBytes in) {
    return new Owned(in.readString(false), in.readList(false, RecordBytes::readInt));
  }

  private static void skipBytes(RecordBytes in) {
    int length = in.readInt();
    if (length > 0) {
      in.skip(length);
    }
  }
}
